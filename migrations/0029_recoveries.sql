-- Recovering: lists of what is owed, what failed or was missed sent again in jobs, and old deliveries forgotten.

-- A list of deliveries goes from the newest to the oldest along one of these, or along the key. Whatever else narrows
-- it is looked at row by row, so many rows of a page at most; see gateway/store/delivery_lists.py. What never fails
-- is in the first three only.
CREATE INDEX deliveries_of_an_endpoint ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX deliveries_of_an_event ON webhook_deliveries (tenant_id, event_id);
CREATE INDEX deliveries_of_a_conversation ON webhook_deliveries (tenant_id, conversation_id, id)
    WHERE conversation_id IS NOT NULL;
CREATE INDEX deliveries_that_failed ON webhook_deliveries (tenant_id, id) WHERE status = 'FAILED';
CREATE INDEX deliveries_with_errors ON webhook_deliveries (tenant_id, id) WHERE error_kind IS NOT NULL;

-- A job that makes deliveries due again, or makes those that are missing, a batch at a time.
CREATE TABLE webhook_recoveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT recovery_kind_is_known CHECK (kind IN ('recover', 'replay')),
    since timestamptz,           -- recover: of the last attempts; replay: of the events
    until timestamptz,
    from_seq bigint,             -- replay: the stretch of the log that is read
    to_seq bigint,
    event_types text[],          -- replay: with wildcards; null: all
    type_patterns text[],        -- the same, for LIKE
    channel_ids uuid[],          -- replay: only what belongs to a conversation on one of them; null: everything
    missing_only boolean NOT NULL DEFAULT false,
    per_second real CONSTRAINT recovery_rate_is_in_range CHECK (per_second BETWEEN 0.1 AND 1000),
    status text NOT NULL DEFAULT 'running' CONSTRAINT recovery_status_is_known
        CHECK (status IN ('running', 'done', 'canceled')),
    after_id uuid,               -- recover: failed deliveries up to this one were looked at
    after_seq bigint,            -- replay: entries of the log up to this one were looked at
    seen bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL,       -- of what is to be looked at, as it was when the job began
    queued bigint NOT NULL DEFAULT 0,
    paced_at timestamptz NOT NULL DEFAULT '-infinity',  -- up to then "per_second" was used up
    next_step_at timestamptz NOT NULL DEFAULT now(),
    pause interval NOT NULL DEFAULT '100 ms',      -- to the next look, while the endpoint has enough to do; learnt
    created_by uuid,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id),
    CONSTRAINT each_kind_has_its_place CHECK (CASE kind
        WHEN 'recover' THEN since IS NOT NULL AND until IS NOT NULL AND after_id IS NOT NULL
        ELSE from_seq IS NOT NULL AND to_seq IS NOT NULL AND after_seq IS NOT NULL END),
    CONSTRAINT the_running_are_not_finished CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX one_recovery_of_an_endpoint_runs ON webhook_recoveries (tenant_id, endpoint_id)
    WHERE status = 'running';
CREATE INDEX recoveries_of_an_endpoint ON webhook_recoveries (tenant_id, endpoint_id, id);
-- Of the whole server, not of a tenant: the jobs that go on.
CREATE INDEX recoveries_by_time ON webhook_recoveries (next_step_at) WHERE status = 'running';
CALL protect('webhook_recoveries', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

CREATE FUNCTION recovery_json(r webhook_recoveries, OUT data json)
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', public_id('rcv_', r.id),
    'endpoint_id', public_id('ep_', r.endpoint_id),
    'kind', r.kind,
    'since', iso(r.since),
    'until', iso(r.until),
    'from_seq', r.from_seq,
    'to_seq', r.to_seq,
    'event_types', r.event_types,
    'channel_ids', (SELECT json_agg(public_id('ch_', c.id) ORDER BY c.place)
        FROM unnest(r.channel_ids) WITH ORDINALITY AS c (id, place)),
    'missing_only', r.missing_only,
    'per_second', r.per_second,
    'status', r.status,
    'progress', json_build_object('seen', r.seen, 'total', r.total, 'queued', r.queued),
    'created_by', public_id('usr_', r.created_by),
    'created_at', iso(r.created_at),
    'updated_at', iso(r.updated_at),
    'finished_at', iso(r.finished_at)
);

-- The first entry of a tenant's log that was written at a moment or later; behind the last one when there is none.
-- An entry's time is that of its transaction's beginning: some seconds before, times may go back from one to the next.
CREATE FUNCTION log_seq_at(tenant uuid, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    first bigint;
    behind bigint;
    middle bigint;
BEGIN
    SELECT h.floor_seq + 1, h.last_seq + 1 INTO first, behind FROM tenant_heads h WHERE h.tenant_id = tenant;
    WHILE first < behind LOOP
        middle := (first + behind) / 2;
        IF (SELECT v.created_at FROM events v WHERE v.tenant_id = tenant AND v.seq = middle) >= moment THEN
            behind := middle;
        ELSE
            first := middle + 1;
        END IF;
    END LOOP;
    RETURN first;
END
$$;

-- Goes a step on with the job whose turn it is; nothing is returned when none can go on now. At most "most" deliveries
-- are queued, and no more than leave "waiting" of them due at the endpoint. Whoever calls says what time it is.
-- The place and what was queued are committed together: whoever goes on after a crash queues nothing twice.
--
-- While there is no room at the endpoint the job looks the more seldom the slower that is: at most every 5 s, or 30 s
-- while it is disabled or left alone. A job whose step fails ("fault") tries again in a minute; others go on meanwhile.
CREATE FUNCTION recover_deliveries(moment timestamptz, most integer, waiting integer)
RETURNS TABLE (tenant_id uuid, id uuid, endpoint_id uuid, queued integer, status text, fault text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    looked constant integer := 5000;     -- rows of a step, whether they are wanted or not
    r webhook_recoveries;
    e webhook_endpoints;
    left_alone timestamptz;              -- until then
    paced timestamptz;
    free integer;                        -- of what may wait at the endpoint
    full_up boolean;                     -- it has enough to do
    room integer;
    chosen uuid[] := '{}';
    missing bigint[] := '{}';
    earlier bigint[];
    amount integer;
    upto bigint;
    seen_now bigint := 0;
    ended boolean := false;
BEGIN
    SELECT * INTO r FROM webhook_recoveries x WHERE x.status = 'running' AND x.next_step_at <= moment
    ORDER BY x.next_step_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    BEGIN
        -- As everywhere: an endpoint's lane before its deliveries.
        SELECT l.backoff_until INTO left_alone FROM webhook_lanes l
        WHERE l.tenant_id = r.tenant_id AND l.endpoint_id = r.endpoint_id FOR NO KEY UPDATE;
        SELECT * INTO e FROM webhook_endpoints x WHERE x.tenant_id = r.tenant_id AND x.id = r.endpoint_id;
        IF e.deleted_at IS NOT NULL THEN
            UPDATE webhook_recoveries x SET status = 'canceled', finished_at = moment
            WHERE x.tenant_id = r.tenant_id AND x.id = r.id;
            RETURN QUERY SELECT r.tenant_id, r.id, r.endpoint_id, 0, 'canceled', NULL;
            RETURN;
        END IF;

        free := waiting - (SELECT count(*) FROM (
            SELECT FROM webhook_deliveries d
            WHERE d.tenant_id = r.tenant_id AND d.endpoint_id = r.endpoint_id AND d.next_attempt_at <= moment
            LIMIT waiting) w);
        room := least(most, free);
        full_up := free * 10 < most;
        IF r.per_second IS NOT NULL THEN  -- what was not used is kept for a second, or for one delivery
            paced := greatest(r.paced_at, moment - interval '1 s' * greatest(1, 1 / r.per_second));
            room := least(room, floor(extract(epoch FROM moment - paced) * r.per_second + 0.001)::integer);
        END IF;

        IF room > 0 AND r.kind = 'recover' THEN
            WITH failed AS MATERIALIZED (
                SELECT d.id, d.kind = 'event' AND coalesce(d.last_attempt_at, d.created_at) >= r.since
                    AND coalesce(d.last_attempt_at, d.created_at) < r.until AS wanted
                FROM webhook_deliveries d
                WHERE d.tenant_id = r.tenant_id AND d.endpoint_id = r.endpoint_id AND d.status = 'FAILED'
                  AND d.id > r.after_id
                ORDER BY d.id LIMIT looked
            ), picked AS MATERIALIZED (
                SELECT f.id FROM failed f WHERE f.wanted ORDER BY f.id LIMIT room
            ), edge AS (
                SELECT CASE WHEN (SELECT count(*) FROM picked) = room
                    THEN (SELECT p.id FROM picked p ORDER BY p.id DESC LIMIT 1)
                    ELSE (SELECT f.id FROM failed f ORDER BY f.id DESC LIMIT 1) END AS id
            )
            SELECT (SELECT coalesce(array_agg(p.id), '{}') FROM picked p),
                (SELECT count(*) FROM failed f WHERE f.id <= edge.id), coalesce(edge.id, r.after_id),
                (SELECT count(*) FROM failed) < looked AND (SELECT count(*) FROM picked) < room
            INTO chosen, seen_now, r.after_id, ended FROM edge;
        ELSIF room > 0 THEN
            upto := least(r.to_seq, r.after_seq + looked);
            WITH matched AS (
                SELECT v.seq, v.id, v.type, v.conversation_id, d.id AS delivery_id
                FROM events v
                LEFT JOIN LATERAL (
                    SELECT d.id FROM webhook_deliveries d
                    WHERE d.tenant_id = r.tenant_id AND d.endpoint_id = r.endpoint_id AND d.seq = v.seq LIMIT 1) d
                    ON true
                WHERE v.tenant_id = r.tenant_id AND v.seq > r.after_seq AND v.seq <= upto
                  AND (r.type_patterns IS NULL OR v.type LIKE ANY (r.type_patterns))
                  AND (r.since IS NULL OR v.created_at >= r.since) AND (r.until IS NULL OR v.created_at < r.until)
                  AND NOT (r.missing_only AND d.id IS NOT NULL)
                  AND (r.channel_ids IS NULL OR EXISTS (
                    SELECT FROM conversations c WHERE c.tenant_id = v.tenant_id AND c.id = v.conversation_id
                      AND c.channel_id = ANY (r.channel_ids)))
                  AND endpoint_matches(e, v.type, v.conversation_id)
                  AND NOT (v.type = 'delivery.exhausted' AND v.data ->> 'endpoint_id' = public_id('ep_', e.id))
                ORDER BY v.seq LIMIT room
            )
            SELECT coalesce(array_agg(m.delivery_id) FILTER (WHERE m.delivery_id IS NOT NULL), '{}'),
                coalesce(array_agg(m.seq ORDER BY m.seq) FILTER (WHERE m.delivery_id IS NULL), '{}'),
                coalesce(array_agg((
                    SELECT p.seq FROM webhook_deliveries p
                    WHERE p.tenant_id = r.tenant_id AND p.endpoint_id = r.endpoint_id AND p.seq < m.seq
                    ORDER BY p.seq DESC LIMIT 1) ORDER BY m.seq) FILTER (WHERE m.delivery_id IS NULL), '{}'),
                CASE WHEN count(*) = room THEN max(m.seq) ELSE upto END
            INTO chosen, missing, earlier, upto FROM matched m;
            -- The numbers of a conversation's deliveries were given out when they were made. What comes late gets none,
            -- so that it neither waits for others nor keeps them waiting.
            INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, previous_seq,
                conversation_id, next_attempt_at, created_at)
            SELECT r.tenant_id, uuid_of(moment), r.endpoint_id, v.id, v.type, v.seq,
                greatest(lag(m.seq) OVER (ORDER BY m.seq), m.earlier), v.conversation_id, moment, moment
            FROM unnest(missing, earlier) AS m (seq, earlier)
            JOIN events v ON v.tenant_id = r.tenant_id AND v.seq = m.seq
            ORDER BY m.seq
            ON CONFLICT ON CONSTRAINT an_endpoint_is_owed_an_event_once DO NOTHING;
            seen_now := upto - r.after_seq;
            r.after_seq := upto;
            ended := upto >= r.to_seq;
        END IF;

        UPDATE webhook_deliveries d
        SET status = 'PENDING', tries = 0, next_attempt_at = least(coalesce(d.next_attempt_at, moment), moment),
            response_status_code = NULL, error_kind = NULL, error = NULL, finished_at = NULL
        WHERE d.tenant_id = r.tenant_id AND d.id = ANY (chosen);
        amount := cardinality(chosen) + cardinality(missing);
        IF amount > 0 THEN
            UPDATE webhook_lanes l SET due_at = least(coalesce(l.due_at, moment), moment)
            WHERE l.tenant_id = r.tenant_id AND l.endpoint_id = r.endpoint_id;
        END IF;
        UPDATE webhook_recoveries x
        SET after_id = r.after_id, after_seq = r.after_seq, seen = x.seen + seen_now, queued = x.queued + amount,
            total = CASE WHEN ended THEN x.seen + seen_now ELSE greatest(x.total, x.seen + seen_now) END,
            paced_at = CASE WHEN r.per_second IS NULL THEN x.paced_at
                ELSE paced + interval '1 s' * (amount / r.per_second) END,
            next_step_at = greatest(paced + interval '1 s' * ((amount + 1) / r.per_second), CASE
                WHEN full_up AND e.status = 'disabled' THEN moment + interval '30 s'
                WHEN full_up AND left_alone > moment THEN least(left_alone, moment + interval '30 s')
                WHEN room < most THEN moment + x.pause
                ELSE moment END),
            pause = CASE WHEN free * 2 > most THEN interval '100 ms'
                WHEN full_up AND e.status = 'enabled' AND left_alone <= moment THEN least(x.pause * 2, interval '5 s')
                ELSE x.pause END,
            status = CASE WHEN ended THEN 'done' ELSE 'running' END, finished_at = CASE WHEN ended THEN moment END
        WHERE x.tenant_id = r.tenant_id AND x.id = r.id;
        RETURN QUERY SELECT r.tenant_id, r.id, r.endpoint_id, amount,
            CASE WHEN ended THEN 'done' ELSE 'running' END, NULL;
    EXCEPTION WHEN OTHERS THEN
        UPDATE webhook_recoveries x SET next_step_at = moment + interval '1 minute'
        WHERE x.tenant_id = r.tenant_id AND x.id = r.id;
        RETURN QUERY SELECT r.tenant_id, r.id, r.endpoint_id, 0, 'running', SQLSTATE || ': ' || SQLERRM;
    END;
END
$$;

-- Of the whole server, not of a tenant: what is done, and since when.
CREATE INDEX deliveries_by_age ON webhook_deliveries (finished_at, id) WHERE finished_at IS NOT NULL;
CREATE INDEX webhook_minutes_by_age ON webhook_minutes (minute);

-- Removes deliveries that are done since long, and their attempts. Of a conversation whose order is kept the last one
-- stays, as long as its endpoint is there: the next one is numbered after it. Looks at so many of the old ones at most,
-- behind a place, so that whoever goes on from place to place passes over those that stay once. Returns how many it
-- looked at, and the place of the last one; nothing when there are no more.
CREATE FUNCTION forget_deliveries(age interval, most integer, after_moment timestamptz, after_id uuid)
RETURNS TABLE (looked bigint, moment timestamptz, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH aged AS MATERIALIZED (
    SELECT d.tenant_id, d.id, d.finished_at FROM webhook_deliveries d
    WHERE d.finished_at < now() - age AND (d.finished_at, d.id) > (after_moment, after_id)
    ORDER BY d.finished_at, d.id LIMIT most
), old AS MATERIALIZED (
    SELECT d.tenant_id, d.id FROM aged
    JOIN webhook_deliveries d ON d.tenant_id = aged.tenant_id AND d.id = aged.id
    JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
    WHERE d.finished_at < now() - age AND d.next_attempt_at IS NULL
      AND (d.conversation_sequence IS NULL OR e.deleted_at IS NOT NULL OR EXISTS (
        SELECT FROM webhook_deliveries n
        WHERE n.tenant_id = d.tenant_id AND n.endpoint_id = d.endpoint_id AND n.conversation_id = d.conversation_id
          AND n.seq > d.seq AND n.conversation_sequence IS NOT NULL))
    FOR UPDATE OF d SKIP LOCKED
), attempts AS (
    DELETE FROM webhook_attempts a USING old WHERE a.tenant_id = old.tenant_id AND a.delivery_id = old.id
), gone AS (
    DELETE FROM webhook_deliveries d USING old WHERE d.tenant_id = old.tenant_id AND d.id = old.id
)
SELECT count(*) OVER (), aged.finished_at, aged.id FROM aged ORDER BY aged.finished_at DESC, aged.id DESC LIMIT 1
$$;

CREATE FUNCTION forget_webhook_minutes(age interval, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS (
    SELECT m.tenant_id, m.endpoint_id, m.minute FROM webhook_minutes m
    WHERE m.minute < now() - age ORDER BY m.minute LIMIT most FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM webhook_minutes m USING old
    WHERE m.tenant_id = old.tenant_id AND m.endpoint_id = old.endpoint_id AND m.minute = old.minute RETURNING 1
)
SELECT count(*) FROM gone
$$;

-- Whole months of attempts that are too old: also of deliveries that are not done, or were sent again. Whoever writes
-- or reads attempts meanwhile is not kept waiting for long: then it is left to the next look.
CREATE PROCEDURE drop_attempts_partitions(age interval)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms'
AS $$
DECLARE
    partition text;
BEGIN
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'webhook_attempts'::regclass AND c.relname ~ '_\d{4}_\d{2}$'
          AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' < now() - age
    LOOP
        EXECUTE format('DROP TABLE %I', partition);
    END LOOP;
EXCEPTION WHEN lock_not_available OR undefined_table THEN
    RETURN;
END
$$;
REVOKE EXECUTE ON PROCEDURE drop_attempts_partitions FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE drop_attempts_partitions TO postgate_hook;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['recover_deliveries(timestamptz, integer, integer)',
        'forget_deliveries(interval, integer, timestamptz, uuid)', 'forget_webhook_minutes(interval, integer)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
