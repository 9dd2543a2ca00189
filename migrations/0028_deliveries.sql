-- Delivering: sharing the log out among endpoints, leasing endpoints to workers, and writing down what became of it.
--
-- Whoever delivers says what time it is: the rules can then be tried out over days in a moment.

-- Those of a conversation that are not done: the first of them is whose turn it is, where order is kept.
CREATE INDEX deliveries_waiting_in_order ON webhook_deliveries (tenant_id, endpoint_id, conversation_id, seq)
    WHERE conversation_sequence IS NOT NULL AND next_attempt_at IS NOT NULL;

-- A UUIDv7 (RFC 9562 section 5.7) of a moment.
CREATE FUNCTION uuid_of(moment timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid;

-- Whether an endpoint wants an event of a type, in a conversation or in none.
CREATE FUNCTION endpoint_matches(e webhook_endpoints, type text, conversation uuid) RETURNS boolean
LANGUAGE sql STABLE
RETURN type LIKE ANY (e.type_patterns)
    AND (e.channel_ids IS NULL OR EXISTS (
        SELECT FROM conversations c
        WHERE c.tenant_id = e.tenant_id AND c.id = conversation AND c.channel_id = ANY (e.channel_ids)))
    AND (e.label_ids IS NULL OR EXISTS (
        SELECT FROM conversation_labels l
        WHERE l.tenant_id = e.tenant_id AND l.conversation_id = conversation AND l.label_id = ANY (e.label_ids)));

-- Makes deliveries of what the logs have grown by since the last time; returns the endpoints that are owed something,
-- and for each tenant whose log was read a row without an endpoint, saying how many entries are left.
CREATE FUNCTION dispatch_deliveries(moment timestamptz, tenants uuid[], most integer)
RETURNS TABLE (tenant_id uuid, endpoint_id uuid, left_over bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    head record;
    upto bigint;
BEGIN
    FOR head IN
        SELECT g.* FROM (
            SELECT h.tenant_id, h.dispatched_seq, t.last_seq
            FROM delivery_heads h JOIN tenant_heads t ON t.tenant_id = h.tenant_id
            WHERE t.last_seq > h.dispatched_seq AND (tenants IS NULL OR h.tenant_id = ANY (tenants))
            ORDER BY h.updated_at LIMIT 20
            FOR NO KEY UPDATE OF h SKIP LOCKED) g
        ORDER BY g.tenant_id  -- lanes are locked in this order by everybody
    LOOP
        upto := least(head.last_seq, head.dispatched_seq + most);
        RETURN QUERY
        WITH lane AS MATERIALIZED (
            SELECT l.tenant_id, l.endpoint_id, l.last_seq FROM webhook_lanes l WHERE l.tenant_id = head.tenant_id
            ORDER BY l.endpoint_id FOR NO KEY UPDATE
        ), owed AS MATERIALIZED (
            SELECT v.seq, v.id, v.type, v.conversation_id, e.id AS endpoint_id, lane.last_seq,
                e.ordering = 'conversation' AND v.conversation_id IS NOT NULL AS ordered
            FROM webhook_endpoints e
            JOIN lane ON lane.endpoint_id = e.id
            CROSS JOIN LATERAL (
                SELECT * FROM events v
                WHERE v.tenant_id = head.tenant_id AND v.seq > head.dispatched_seq AND v.seq <= upto) v
            WHERE e.tenant_id = head.tenant_id AND e.deleted_at IS NULL AND v.seq > e.since_seq
              AND endpoint_matches(e, v.type, v.conversation_id)
              AND NOT (v.type = 'delivery.exhausted' AND v.data ->> 'endpoint_id' = public_id('ep_', e.id))
        ), added AS (
            INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, previous_seq,
                conversation_id, conversation_sequence, next_attempt_at, created_at)
            SELECT head.tenant_id, uuid_of(moment), o.endpoint_id, o.id, o.type, o.seq,
                coalesce(lag(o.seq) OVER (PARTITION BY o.endpoint_id ORDER BY o.seq), o.last_seq), o.conversation_id,
                CASE WHEN o.ordered THEN
                    coalesce((
                        SELECT d.conversation_sequence FROM webhook_deliveries d
                        WHERE d.tenant_id = head.tenant_id AND d.endpoint_id = o.endpoint_id
                          AND d.conversation_id = o.conversation_id AND d.conversation_sequence IS NOT NULL
                        ORDER BY d.seq DESC LIMIT 1), 0)
                    + row_number() OVER (PARTITION BY o.endpoint_id, o.conversation_id ORDER BY o.seq)
                END, moment, moment
            FROM owed o ORDER BY o.seq
            ON CONFLICT ON CONSTRAINT an_endpoint_is_owed_an_event_once DO NOTHING
        )
        UPDATE webhook_lanes l SET last_seq = t.last_seq, due_at = least(coalesce(l.due_at, moment), moment)
        FROM (SELECT o.endpoint_id, max(o.seq) AS last_seq FROM owed o GROUP BY o.endpoint_id) t
        WHERE l.tenant_id = head.tenant_id AND l.endpoint_id = t.endpoint_id
        RETURNING l.tenant_id, l.endpoint_id, NULL::bigint;
        UPDATE delivery_heads h SET dispatched_seq = upto WHERE h.tenant_id = head.tenant_id;
        RETURN QUERY SELECT head.tenant_id, NULL::uuid, head.last_seq - upto;
    END LOOP;
END
$$;

-- Leases endpoints that are owed something now. Tenants take turns, and the endpoints of each; the longest unserved
-- come first.
CREATE FUNCTION claim_lanes(moment timestamptz, lease interval, wanted integer)
RETURNS TABLE (tenant_id uuid, endpoint_id uuid, token uuid, cap real, failures integer, backoff_until timestamptz,
    failing_since timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH chosen AS (
        SELECT l.tenant_id, l.endpoint_id FROM (
            SELECT d.tenant_id, d.endpoint_id, d.served_at,
                row_number() OVER (PARTITION BY d.tenant_id ORDER BY d.served_at) AS turn
            FROM webhook_lanes d
            WHERE d.due_at <= moment AND (d.lease_until IS NULL OR d.lease_until <= moment)) t
        JOIN webhook_lanes l ON l.tenant_id = t.tenant_id AND l.endpoint_id = t.endpoint_id
        JOIN tenants n ON n.id = l.tenant_id AND n.status = 'active'
        WHERE l.due_at <= moment AND (l.lease_until IS NULL OR l.lease_until <= moment)
        ORDER BY t.turn, t.served_at LIMIT wanted
        FOR NO KEY UPDATE OF l SKIP LOCKED
    )
    UPDATE webhook_lanes l
    SET lease_token = gen_random_uuid(), lease_until = moment + lease, served_at = moment
    FROM chosen c
    WHERE l.tenant_id = c.tenant_id AND l.endpoint_id = c.endpoint_id
    RETURNING l.tenant_id, l.endpoint_id, l.lease_token, l.cap, l.failures, l.backoff_until, l.failing_since;
END
$$;

-- Keeps leases; those that are not returned are somebody else's now. Tells the version of each endpoint.
CREATE FUNCTION renew_lanes(moment timestamptz, lease interval, tenants uuid[], endpoints uuid[], tokens uuid[])
RETURNS TABLE (endpoint_id uuid, version integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM unnest(tenants, endpoints, tokens) AS o (tenant_id, endpoint_id, token)
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id
    ORDER BY l.tenant_id, l.endpoint_id FOR NO KEY UPDATE OF l;
    RETURN QUERY
    UPDATE webhook_lanes l SET lease_until = moment + lease
    FROM unnest(tenants, endpoints, tokens) AS o (tenant_id, endpoint_id, token), webhook_endpoints e
    WHERE l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token
      AND e.tenant_id = l.tenant_id AND e.id = l.endpoint_id
    RETURNING l.endpoint_id, e.version;
END
$$;

-- Gives endpoints back, to be claimed again when something is due.
CREATE FUNCTION release_lanes(moment timestamptz, tenants uuid[], endpoints uuid[], tokens uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    -- What is locked now was written before: the next statement sees it.
    PERFORM FROM unnest(tenants, endpoints, tokens) AS o (tenant_id, endpoint_id, token)
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id
    ORDER BY l.tenant_id, l.endpoint_id FOR NO KEY UPDATE OF l;
    UPDATE webhook_lanes l
    SET lease_token = NULL, lease_until = NULL, due_at = least(
        (SELECT min(d.next_attempt_at) FROM webhook_deliveries d
        WHERE d.tenant_id = l.tenant_id AND d.endpoint_id = l.endpoint_id AND d.next_attempt_at IS NOT NULL
          AND d.kind = 'ping' AND e.deleted_at IS NULL),
        (SELECT greatest(min(d.next_attempt_at), l.backoff_until) FROM webhook_deliveries d
        WHERE d.tenant_id = l.tenant_id AND d.endpoint_id = l.endpoint_id AND d.next_attempt_at IS NOT NULL
          AND d.kind = 'event' AND e.deleted_at IS NULL AND e.status = 'enabled'
        HAVING count(*) > 0))
    FROM unnest(tenants, endpoints, tokens) AS o (tenant_id, endpoint_id, token), webhook_endpoints e
    WHERE l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token
      AND e.tenant_id = l.tenant_id AND e.id = l.endpoint_id;
END
$$;

-- What has to be known of an endpoint to deliver to it.
CREATE FUNCTION endpoints_to_serve(tenants uuid[], endpoints uuid[])
RETURNS TABLE (tenant_id uuid, endpoint_id uuid, version integer, serves boolean, gone boolean, url text, headers text,
    auth_type text, schemes text[], sealed bytea, wrapped_key bytea, master_key_id text, timeout_ms integer,
    retry_seconds integer[], max_in_flight smallint, per_second real, ordered boolean, warnings smallint,
    backoff_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT e.tenant_id, e.id, e.version, e.status = 'enabled', e.deleted_at IS NOT NULL, e.url, e.headers::text,
    e.auth ->> 'type', e.schemes, e.sealed, k.wrapped_key, k.master_key_id, e.timeout_ms, e.retry_seconds,
    e.max_in_flight, e.per_second, e.ordering = 'conversation', e.warnings, l.backoff_until
FROM unnest(tenants, endpoints) AS o (tenant_id, endpoint_id)
JOIN webhook_endpoints e ON e.tenant_id = o.tenant_id AND e.id = o.endpoint_id
JOIN encryption_keys k ON k.tenant_id = e.tenant_id AND k.id = e.key_id
LEFT JOIN webhook_lanes l ON l.tenant_id = e.tenant_id AND l.endpoint_id = e.id
$$;

-- What is due at leased endpoints, up to a number for each; without what the worker has already ("known"). For each
-- endpoint a row without a delivery tells when the next one will be due.
--
-- Of an endpoint that keeps order only the first of each conversation may go. Looking through all that waits would cost
-- more the longer a conversation's tail is. So a stretch of what waits longest is looked at, and a stretch of the
-- conversations, from the one after which the last look ended ("after", told in the row without a delivery).
CREATE FUNCTION due_deliveries(
    moment timestamptz, tenants uuid[], endpoints uuid[], tokens uuid[], wanted integer[], only_pings boolean[],
    ordered boolean[], after uuid[], known uuid[])
RETURNS TABLE (endpoint_id uuid, id uuid, kind text, event_id uuid, event_type text, seq bigint,
    previous_seq bigint, conversation_sequence bigint, conversation_id uuid, body text, tries integer,
    attempts integer, secret_id text, at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    stretch constant integer := 128;
    lane record;
    heads bigint[];
    last uuid;
    amount integer;
BEGIN
    RETURN QUERY
    SELECT o.endpoint_id, d.id, d.kind, d.event_id, d.event_type, d.seq, d.previous_seq, d.conversation_sequence,
        d.conversation_id, coalesce(d.body, v.data::text), d.tries, d.attempts, d.secret_id,
        coalesce(v.created_at, d.created_at)
    FROM unnest(tenants, endpoints, tokens, wanted, only_pings, ordered)
        AS o (tenant_id, endpoint_id, token, wanted, only_pings, ordered)
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token
    CROSS JOIN LATERAL (
        SELECT * FROM webhook_deliveries d
        WHERE d.tenant_id = o.tenant_id AND d.endpoint_id = o.endpoint_id AND d.next_attempt_at <= moment
          AND (d.kind = 'ping' OR NOT o.only_pings) AND d.id <> ALL (known)
        ORDER BY d.next_attempt_at, d.seq LIMIT o.wanted) d
    LEFT JOIN events v ON v.tenant_id = d.tenant_id AND v.seq = d.seq
    WHERE NOT o.ordered OR o.only_pings;

    FOR lane IN
        SELECT o.* FROM unnest(tenants, endpoints, tokens, wanted, after, ordered, only_pings)
            AS o (tenant_id, endpoint_id, token, wanted, after, ordered, only_pings)
        JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id
            AND l.lease_token = o.token
        WHERE o.ordered AND NOT o.only_pings
    LOOP
        WITH RECURSIVE head AS (
            (SELECT w.conversation_id, w.seq, 1 AS n FROM webhook_deliveries w
            WHERE w.tenant_id = lane.tenant_id AND w.endpoint_id = lane.endpoint_id
              AND w.conversation_sequence IS NOT NULL AND w.next_attempt_at IS NOT NULL
              AND w.conversation_id > coalesce(lane.after, '00000000-0000-0000-0000-000000000000')
            ORDER BY w.conversation_id, w.seq LIMIT 1)
            UNION ALL
            SELECT f.conversation_id, f.seq, h.n + 1 FROM head h CROSS JOIN LATERAL (
                SELECT w.conversation_id, w.seq FROM webhook_deliveries w
                WHERE w.tenant_id = lane.tenant_id AND w.endpoint_id = lane.endpoint_id
                  AND w.conversation_sequence IS NOT NULL AND w.next_attempt_at IS NOT NULL
                  AND w.conversation_id > h.conversation_id
                ORDER BY w.conversation_id, w.seq LIMIT 1) f
            WHERE h.n < stretch
        )
        SELECT array_agg(h.seq), (array_agg(h.conversation_id ORDER BY h.n DESC))[1], count(*)
        INTO heads, last, amount FROM head h;
        RETURN QUERY
        SELECT lane.endpoint_id, d.id, d.kind, d.event_id, d.event_type, d.seq, d.previous_seq,
            d.conversation_sequence, d.conversation_id, coalesce(d.body, v.data::text), d.tries, d.attempts,
            d.secret_id, coalesce(v.created_at, d.created_at)
        FROM (
            SELECT o.id FROM (
                SELECT * FROM webhook_deliveries x
                WHERE x.tenant_id = lane.tenant_id AND x.endpoint_id = lane.endpoint_id
                  AND x.next_attempt_at <= moment AND x.id <> ALL (known)
                ORDER BY x.next_attempt_at, x.seq LIMIT lane.wanted * 2) o
            WHERE o.conversation_sequence IS NULL OR o.seq = (
                SELECT w.seq FROM webhook_deliveries w
                WHERE w.tenant_id = o.tenant_id AND w.endpoint_id = o.endpoint_id
                  AND w.conversation_id = o.conversation_id AND w.conversation_sequence IS NOT NULL
                  AND w.next_attempt_at IS NOT NULL ORDER BY w.seq LIMIT 1)
            UNION
            SELECT x.id FROM unnest(heads) AS h (seq)
            JOIN webhook_deliveries x ON x.tenant_id = lane.tenant_id AND x.endpoint_id = lane.endpoint_id
                AND x.seq = h.seq
            WHERE x.next_attempt_at <= moment AND x.id <> ALL (known)) c
        JOIN webhook_deliveries d ON d.tenant_id = lane.tenant_id AND d.id = c.id
        LEFT JOIN events v ON v.tenant_id = d.tenant_id AND v.seq = d.seq
        ORDER BY d.next_attempt_at, d.seq LIMIT lane.wanted;
        RETURN QUERY SELECT lane.endpoint_id, NULL::uuid, 'after', NULL::uuid, NULL, NULL::bigint, NULL::bigint,
            NULL::bigint, CASE WHEN amount = stretch THEN last END, NULL, NULL::integer, NULL::integer, NULL,
            NULL::timestamptz;
    END LOOP;

    RETURN QUERY
    SELECT o.endpoint_id, NULL::uuid, 'later', NULL::uuid, NULL, NULL::bigint, NULL::bigint, NULL::bigint, NULL::uuid,
        NULL, NULL::integer, NULL::integer, NULL, (
            SELECT d.next_attempt_at FROM webhook_deliveries d
            WHERE d.tenant_id = o.tenant_id AND d.endpoint_id = o.endpoint_id AND d.next_attempt_at > moment
            ORDER BY d.next_attempt_at LIMIT 1)
    FROM unnest(tenants, endpoints) AS o (tenant_id, endpoint_id);
END
$$;

-- Writes down attempts, the health of their endpoints, and that deliveries are exhausted. What was not leased to the
-- worker any more is not written: somebody else makes that attempt again. Returns what was written ("recorded"), and
-- the entries of the logs ("seq").
CREATE FUNCTION record_attempts(moment timestamptz, attempts json, lanes json, some_failed boolean)
RETURNS TABLE (tenant_id uuid, recorded uuid, seq bigint, event_id uuid, data text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    written uuid[];
    exhausted record;
BEGIN
    PERFORM FROM json_to_recordset(lanes) AS o (tenant_id uuid, endpoint_id uuid)
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id
    ORDER BY l.tenant_id, l.endpoint_id FOR NO KEY UPDATE OF l;

    WITH told AS MATERIALIZED (
        SELECT t.* FROM json_to_recordset(attempts) AS t (tenant_id uuid, endpoint_id uuid, token uuid,
            delivery_id uuid, status text, next_at timestamptz, counts boolean, code integer, error_kind text,
            error text, started_at timestamptz, address text, dns_ms real, connect_ms real, tls_ms real,
            first_byte_ms real, total_ms real, tls_version text, tls_expires_at timestamptz, url text,
            request_headers text, response_headers text, response_body text)
        JOIN webhook_lanes l ON l.tenant_id = t.tenant_id AND l.endpoint_id = t.endpoint_id
            AND l.lease_token = t.token
    ), done AS (
        UPDATE webhook_deliveries d
        SET status = t.status, next_attempt_at = t.next_at, attempts = d.attempts + 1,
            tries = d.tries + CASE WHEN t.counts THEN 1 ELSE 0 END, response_status_code = t.code,
            error_kind = t.error_kind, error = t.error, last_attempt_at = t.started_at,
            finished_at = CASE WHEN t.next_at IS NULL THEN moment END
        FROM told t
        WHERE d.tenant_id = t.tenant_id AND d.id = t.delivery_id AND d.next_attempt_at IS NOT NULL
        RETURNING d.attempts AS number, t.*
    ), kept AS (
        INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, status_code,
            error_kind, error, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, tls_version,
            tls_expires_at, request_url, request_headers, response_headers, response_body)
        SELECT n.tenant_id, n.started_at, n.delivery_id, n.endpoint_id, n.number,
            CASE WHEN n.status = 'SUCCESS' THEN 'success' ELSE 'failure' END, n.code, n.error_kind, n.error, n.address,
            n.dns_ms, n.connect_ms, n.tls_ms, n.first_byte_ms, n.total_ms, n.tls_version, n.tls_expires_at, n.url,
            n.request_headers::json, n.response_headers::json, n.response_body
        FROM done n
        ON CONFLICT DO NOTHING
    )
    SELECT array_agg(n.delivery_id) INTO written FROM done n;

    UPDATE webhook_lanes l
    SET cap = o.cap, failures = o.failures, failing_since = o.failing_since,
        -- Less than this worker wrote there: somebody wants the endpoint tried, and is heard in a moment.
        backoff_until = CASE WHEN l.backoff_until < o.known_backoff - interval '1 ms' THEN l.backoff_until
            ELSE o.backoff_until END,
        last_success_at = CASE WHEN o.succeeded > 0 THEN moment ELSE l.last_success_at END,
        last_failure_at = CASE WHEN o.failed > 0 THEN moment ELSE l.last_failure_at END
    FROM json_to_recordset(lanes) AS o (tenant_id uuid, endpoint_id uuid, token uuid, cap real, failures integer,
        backoff_until timestamptz, known_backoff timestamptz, failing_since timestamptz, succeeded integer,
        failed integer)
    WHERE l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token;

    INSERT INTO webhook_minutes AS m (tenant_id, endpoint_id, minute, succeeded, failed, latencies)
    SELECT o.tenant_id, o.endpoint_id, date_trunc('minute', moment), o.succeeded, o.failed, o.latencies
    FROM json_to_recordset(lanes) AS o (tenant_id uuid, endpoint_id uuid, token uuid, succeeded integer,
        failed integer, latencies integer[])
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token
    WHERE o.succeeded + o.failed > 0
    ORDER BY o.tenant_id, o.endpoint_id
    ON CONFLICT (tenant_id, endpoint_id, minute) DO UPDATE
    SET succeeded = m.succeeded + excluded.succeeded, failed = m.failed + excluded.failed,
        latencies = (SELECT array_agg(a.old + a.new ORDER BY a.place)
            FROM unnest(m.latencies, excluded.latencies) WITH ORDINALITY AS a (old, new, place));

    RETURN QUERY SELECT NULL::uuid, w.id, NULL::bigint, NULL::uuid, NULL::text FROM unnest(written) AS w (id);

    IF NOT some_failed THEN
        RETURN;
    END IF;
    -- That a delivery is given up is told in the log; not of what tells of such itself: that would have no end.
    FOR exhausted IN
        SELECT d.tenant_id, array_agg(d.id ORDER BY d.id) AS ids, count(*) AS several
        FROM json_to_recordset(attempts) AS t (tenant_id uuid, delivery_id uuid, status text)
        JOIN webhook_deliveries d ON d.tenant_id = t.tenant_id AND d.id = t.delivery_id
        WHERE t.status = 'FAILED' AND t.delivery_id = ANY (written) AND d.kind = 'event'
          AND d.event_type <> ALL ('{delivery.exhausted,webhook_endpoint.updated}')
        GROUP BY d.tenant_id ORDER BY d.tenant_id
    LOOP
        RETURN QUERY
        WITH head AS (
            UPDATE tenant_heads h SET last_seq = last_seq + exhausted.several WHERE h.tenant_id = exhausted.tenant_id
            RETURNING h.last_seq - exhausted.several AS base
        )
        INSERT INTO events AS v (tenant_id, seq, id, type, data, created_at)
        SELECT exhausted.tenant_id, head.base + x.place, uuid_of(moment), 'delivery.exhausted', j.data, moment
        FROM head, unnest(exhausted.ids) WITH ORDINALITY AS x (id, place)
        JOIN webhook_deliveries d ON d.tenant_id = exhausted.tenant_id AND d.id = x.id
        CROSS JOIN LATERAL delivery_json(d) j (data)
        ORDER BY x.place
        RETURNING v.tenant_id, NULL::uuid, v.seq, v.id, v.data::text;
    END LOOP;
END
$$;

-- How much is owed, for the metrics: what waits of enabled endpoints, and how long the oldest of it is overdue; without
-- what is held, because somebody disabled its endpoint or it backs off.
CREATE FUNCTION deliveries_waiting(moment timestamptz)
RETURNS TABLE (endpoints bigint, served bigint, overdue double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT count(*) FILTER (WHERE l.due_at <= moment), count(*) FILTER (WHERE l.lease_until > moment),
    coalesce(max(extract(epoch FROM moment - o.oldest)), 0)
FROM webhook_lanes l
JOIN webhook_endpoints e ON e.tenant_id = l.tenant_id AND e.id = l.endpoint_id
CROSS JOIN LATERAL (
    SELECT min(d.next_attempt_at) AS oldest FROM webhook_deliveries d
    WHERE d.tenant_id = l.tenant_id AND d.endpoint_id = l.endpoint_id AND d.next_attempt_at <= moment) o
WHERE l.due_at <= moment AND l.backoff_until <= moment AND e.status = 'enabled' AND e.deleted_at IS NULL
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['dispatch_deliveries(timestamptz, uuid[], integer)',
        'claim_lanes(timestamptz, interval, integer)',
        'renew_lanes(timestamptz, interval, uuid[], uuid[], uuid[])',
        'release_lanes(timestamptz, uuid[], uuid[], uuid[])', 'endpoints_to_serve(uuid[], uuid[])',
        'due_deliveries(timestamptz, uuid[], uuid[], uuid[], integer[], boolean[], boolean[], uuid[], uuid[])',
        'record_attempts(timestamptz, json, json, boolean)',
        'deliveries_waiting(timestamptz)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
