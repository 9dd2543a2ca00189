-- Growing: old events by month, months made and dropped without anybody waiting long, and how long who keeps what.
--
-- "events" holds what happened lately, and is all that whoever writes the log or reads its end ever sees. What is
-- older, and was read by everybody who has to, is moved to "old_events", a month of which goes by dropping a table. An
-- entry is in one of the two, and moved in one transaction: a statement that looks at both misses none, and sees none
-- twice.

ALTER TABLE tenant_heads ADD COLUMN old_seq bigint NOT NULL DEFAULT 0;  -- entries up to this one are not in "events"
GRANT DELETE ON events TO postgate_writer;
GRANT DELETE ON inbound_webhooks TO postgate_writer;

CREATE TABLE old_events (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    conversation_id uuid,
    data json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, seq, created_at)
) PARTITION BY RANGE (created_at);
ALTER TABLE old_events ALTER data SET STORAGE EXTERNAL;
CALL protect('old_events', 'SELECT', 'SELECT, INSERT, DELETE');
CREATE POLICY relay ON old_events FOR SELECT TO postgate_relay USING (true);
GRANT SELECT ON old_events TO postgate_relay;
CREATE TABLE old_events_otherwise PARTITION OF old_events DEFAULT;
ALTER TABLE old_events_otherwise ENABLE ROW LEVEL SECURITY;
ALTER TABLE old_events_otherwise FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON old_events_otherwise TO postgate_app USING (tenant_id = (SELECT current_tenant()));

-- The whole log, for whoever reads far back: to look at all months costs more than to read a few entries.
CREATE VIEW all_events WITH (security_invoker = true) AS
SELECT v.tenant_id, v.seq, v.id, v.type, v.conversation_id, v.data, v.created_at FROM events v
UNION ALL
SELECT o.tenant_id, o.seq, o.id, o.type, o.conversation_id, o.data, o.created_at FROM old_events o;
GRANT SELECT ON all_events TO postgate_app, postgate_relay, postgate_writer;

-- An old entry. A function, so that a query which seldom needs one does not open all months each time.
CREATE FUNCTION old_event(tenant uuid, entry bigint, OUT data text, OUT created_at timestamptz)
LANGUAGE plpgsql STABLE STRICT
AS $$
BEGIN
    SELECT o.data::text, o.created_at INTO old_event.data, old_event.created_at
    FROM old_events o WHERE o.tenant_id = tenant AND o.seq = entry;
END
$$;

-- How long a tenant keeps what, in days; null: as long as the operator says.
CREATE TABLE retention (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    webhooks_days integer CONSTRAINT webhooks_are_kept_for_a_week_to_ten_years
        CHECK (webhooks_days BETWEEN 7 AND 3650),
    deliveries_days integer CONSTRAINT deliveries_are_kept_for_a_week_to_ten_years
        CHECK (deliveries_days BETWEEN 7 AND 3650),
    events_days integer CONSTRAINT events_are_kept_for_a_week_to_ten_years CHECK (events_days BETWEEN 7 AND 3650),
    changed_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CALL protect('retention', 'SELECT, INSERT, UPDATE', 'SELECT');

-- What holds for each tenant. Events are kept as long as deliveries, which can be sent again as long as they are there.
CREATE FUNCTION retention_of_all(webhooks integer, deliveries integer, events integer)
RETURNS TABLE (tenant_id uuid, slug text, webhooks_days integer, deliveries_days integer, events_days integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT t.id, t.slug, coalesce(r.webhooks_days, webhooks), coalesce(r.deliveries_days, deliveries),
    greatest(coalesce(r.events_days, events), coalesce(r.deliveries_days, deliveries))
FROM tenants t LEFT JOIN retention r ON r.tenant_id = t.id
ORDER BY t.id
$$;

-- Makes a month of a table that is kept by month. It is a table of its own first, so that nobody who uses the other
-- months waits. What was written before it was made lies with the rest, and is moved here: a month is never blocked by
-- its own rows. It could be read past its parent's policies: it gets its own row-level security, and nobody is granted
-- anything on it. When somebody keeps the table busy it is left to the next look.
CREATE PROCEDURE make_month(parent text, range_column text, month date)
LANGUAGE plpgsql SET search_path = public, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    first date := date_trunc('month', month);
    behind date := date_trunc('month', month) + interval '1 month';
    partition text := parent || '_' || to_char(date_trunc('month', month), 'YYYY_MM');
    rest text := parent || '_otherwise';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate months of ' || parent, 0));
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE'
        ' INCLUDING INDEXES) WITH (toast_tuple_target = 8160)', partition, parent);
    EXECUTE format('ALTER TABLE %I ALTER tenant_id SET (n_distinct = 10)', partition);
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', rest);  -- until the end: the owner has to see its rows
    EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *) INSERT INTO %5$I'
        ' SELECT * FROM moved', rest, range_column, first, behind, partition);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', rest);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, first, behind);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
    EXECUTE format('CREATE POLICY one_tenant ON %I TO postgate_app USING (tenant_id = (SELECT current_tenant()))',
        partition);
EXCEPTION WHEN lock_not_available THEN
    RETURN;
END
$$;
REVOKE EXECUTE ON PROCEDURE make_month FROM PUBLIC;

CREATE OR REPLACE PROCEDURE make_ledger_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    CALL make_month('inbound_webhooks', 'received_at', month);
END
$$;

CREATE OR REPLACE PROCEDURE make_attempts_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    CALL make_month('webhook_attempts', 'started_at', month);
END
$$;

CREATE PROCEDURE make_old_events_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    CALL make_month('old_events', 'created_at', month);
END
$$;
REVOKE EXECUTE ON PROCEDURE make_old_events_partition FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE make_old_events_partition TO postgate_hook;

-- Whether a month holds entries that are not forgotten.
CREATE FUNCTION month_is_needed(first timestamptz, behind timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT EXISTS (
    SELECT FROM tenant_heads h CROSS JOIN LATERAL (
        SELECT FROM old_events o
        WHERE o.tenant_id = h.tenant_id AND o.seq > h.floor_seq AND o.created_at >= first AND o.created_at < behind
        ORDER BY o.seq LIMIT 1) o)
$$;

-- Drops one month that ended before a moment, the first after a name. It is not dropped ("kept") while somebody needs
-- it: an entry that is not forgotten; or more than "most" webhooks that wait for a look, which otherwise go to the
-- rest. Nobody is kept waiting for long: when the table is busy it is left to the next look ("busy").
CREATE FUNCTION drop_month(parent text, before timestamptz, after text, most integer)
RETURNS TABLE (partition text, state text, rows_gone bigint, bytes_gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms'
AS $$
#variable_conflict use_column
DECLARE
    month text;
    first date;
    behind date;
    waiting text := ' FROM %I w WHERE w.state IN (''pending'', ''partial'', ''quarantined'')';
    several bigint;
    gone bigint;
    size bigint;
BEGIN
    IF parent <> ALL ('{inbound_webhooks,webhook_attempts,old_events}') THEN
        RAISE invalid_parameter_value USING MESSAGE = parent || ' is not kept by month';
    END IF;
    SELECT c.relname, to_date(right(c.relname, 7), 'YYYY_MM'), greatest(c.reltuples, 0)::bigint,
        pg_total_relation_size(c.oid)
    INTO month, first, gone, size
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent::regclass AND c.relname ~ '_\d{4}_\d{2}$' AND c.relname > after
      AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= before
    ORDER BY c.relname LIMIT 1;
    IF month IS NULL THEN
        RETURN;
    END IF;
    behind := first + interval '1 month';
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate months of ' || parent, 0)) THEN
        RETURN QUERY SELECT month, 'busy', 0::bigint, 0::bigint;
        RETURN;
    END IF;
    IF parent = 'old_events' AND month_is_needed(first, behind) THEN  -- seen before anybody has to wait
        RETURN QUERY SELECT month, 'kept', 0::bigint, 0::bigint;
        RETURN;
    END IF;
    EXECUTE format('LOCK TABLE ONLY %I IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', month);
    IF parent = 'old_events' AND month_is_needed(first, behind) THEN
        RAISE lock_not_available;  -- somebody moved an entry there just now
    ELSIF parent = 'inbound_webhooks' THEN
        EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', month);
        EXECUTE format('SELECT count(*) FROM (SELECT' || waiting || ' LIMIT %s) w', month, most + 1) INTO several;
        IF several > most THEN
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', month);
            RETURN QUERY SELECT month, 'kept', 0::bigint, 0::bigint;
            RETURN;
        END IF;
    END IF;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, month);
    IF several > 0 THEN
        ALTER TABLE inbound_webhooks_otherwise NO FORCE ROW LEVEL SECURITY;
        EXECUTE format('INSERT INTO inbound_webhooks_otherwise SELECT *' || waiting, month);
        ALTER TABLE inbound_webhooks_otherwise FORCE ROW LEVEL SECURITY;
    END IF;
    EXECUTE format('DROP TABLE %I', month);
    RETURN QUERY SELECT month, 'dropped', gone, size;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN QUERY SELECT month, 'busy', 0::bigint, 0::bigint;
END
$$;
REVOKE EXECUTE ON FUNCTION drop_month FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_month TO postgate_hook;

-- The tenants whose oldest entry in "events" is old, and when it was written.
CREATE FUNCTION logs_to_move(before timestamptz) RETURNS TABLE (tenant_id uuid, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
SELECT h.tenant_id, v.created_at FROM tenant_heads h
CROSS JOIN LATERAL (
    SELECT v.created_at FROM events v WHERE v.tenant_id = h.tenant_id AND v.seq > h.old_seq ORDER BY v.seq LIMIT 1) v
WHERE v.created_at < before
ORDER BY h.tenant_id
$$;

-- Up to where a tenant's log was read by all that read it once: endpoints' deliveries, and the words of search.
CREATE FUNCTION log_read_up_to(tenant uuid) RETURNS bigint
LANGUAGE sql STABLE
RETURN least(
    (SELECT d.dispatched_seq FROM delivery_heads d WHERE d.tenant_id = tenant),
    coalesce((SELECT s.indexed_seq FROM search_heads s WHERE s.tenant_id = tenant), 0));

-- Moves up to so many old entries of a tenant; returns how many. The head is locked last, as by everybody who writes.
CREATE FUNCTION move_events(tenant uuid, before timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    place bigint;
    upto bigint;
    moved bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate old log ' || tenant, 0)) THEN
        RETURN 0;
    END IF;
    SELECT h.old_seq, least(h.old_seq + most, h.last_seq, log_read_up_to(tenant)) INTO place, upto
    FROM tenant_heads h WHERE h.tenant_id = tenant;
    SELECT least(upto, min(v.seq) - 1) INTO upto FROM events v
    WHERE v.tenant_id = tenant AND v.seq > place AND v.seq <= upto AND v.created_at >= before;
    IF upto <= place THEN
        RETURN 0;
    END IF;
    WITH moved AS (
        DELETE FROM events v WHERE v.tenant_id = tenant AND v.seq > place AND v.seq <= upto RETURNING v.*
    )
    INSERT INTO old_events SELECT * FROM moved;
    GET DIAGNOSTICS moved = ROW_COUNT;
    UPDATE tenant_heads h SET old_seq = upto WHERE h.tenant_id = tenant;
    RETURN moved;
END
$$;

-- As before, in the whole log.
CREATE OR REPLACE FUNCTION log_seq_at(tenant uuid, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    first bigint;
    behind bigint;
    middle bigint;
BEGIN
    SELECT h.floor_seq + 1, h.last_seq + 1 INTO first, behind FROM tenant_heads h
    WHERE h.tenant_id = tenant;
    WHILE first < behind LOOP
        middle := (first + behind) / 2;
        IF coalesce((SELECT v.created_at FROM events v WHERE v.tenant_id = tenant AND v.seq = middle),
            (old_event(tenant, middle)).created_at) >= moment THEN
            behind := middle;
        ELSE
            first := middle + 1;
        END IF;
    END LOOP;
    RETURN first;
END
$$;

-- The last entry of a tenant's log that may be forgotten: it was written before a moment, and nobody needs it or an
-- earlier one: what is owed to an endpoint, is being sent again, or was not read by those who have to.
CREATE FUNCTION log_forgettable(tenant uuid, before timestamptz) RETURNS bigint
LANGUAGE sql STABLE
RETURN least(
    log_seq_at(tenant, before) - 1,
    log_read_up_to(tenant),
    (SELECT min(d.seq) - 1 FROM webhook_deliveries d WHERE d.tenant_id = tenant AND d.next_attempt_at IS NOT NULL),
    (SELECT min(r.after_seq) FROM webhook_recoveries r
        WHERE r.tenant_id = tenant AND r.status = 'running' AND r.kind = 'replay'));

-- Forgets old entries of a tenant, from the first one on, and moves the log's floor: nobody sees one without the other.
-- With "most", so many at once; their rows go. Without, all: their rows are in months that are to be dropped, and only
-- those are forgotten that were moved there. Returns how many were forgotten, and their size.
--
-- What is owed is looked for once more under the head's lock, which whoever sends again takes too.
CREATE FUNCTION forget_events(tenant uuid, before timestamptz, most integer, OUT forgotten bigint, OUT size bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    head tenant_heads;
    upto bigint;
BEGIN
    forgotten := 0;
    size := 0;
    SELECT * INTO head FROM tenant_heads h WHERE h.tenant_id = tenant;
    IF log_forgettable(tenant, before) <= head.floor_seq
        OR NOT pg_try_advisory_xact_lock(hashtextextended('postgate old log ' || tenant, 0)) THEN
        RETURN;
    END IF;
    SELECT * INTO head FROM tenant_heads h WHERE h.tenant_id = tenant FOR NO KEY UPDATE;
    upto := least(log_forgettable(tenant, before), head.last_seq,
        CASE WHEN most IS NULL THEN head.old_seq ELSE head.floor_seq + most END);
    IF upto <= head.floor_seq THEN
        RETURN;
    END IF;
    IF most IS NOT NULL THEN
        WITH old AS (
            DELETE FROM old_events o WHERE o.tenant_id = tenant AND o.seq > head.floor_seq AND o.seq <= upto
            RETURNING octet_length(o.data::text) AS bytes
        ), late AS (
            DELETE FROM events v WHERE v.tenant_id = tenant AND v.seq > head.floor_seq AND v.seq <= upto
            RETURNING octet_length(v.data::text) AS bytes
        )
        SELECT coalesce(sum(g.bytes), 0) INTO size FROM (SELECT * FROM old UNION ALL SELECT * FROM late) g;
    END IF;
    UPDATE tenant_heads h SET floor_seq = upto, old_seq = greatest(h.old_seq, upto) WHERE h.tenant_id = tenant;
    forgotten := upto - head.floor_seq;
END
$$;

-- Removes the rows of forgotten entries from a month that has to stay; returns how many, up to a number.
CREATE FUNCTION clear_month(first timestamptz, behind timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH gone AS MATERIALIZED (
    SELECT o.tenant_id, o.seq, o.created_at FROM tenant_heads h CROSS JOIN LATERAL (
        SELECT * FROM old_events o
        WHERE o.tenant_id = h.tenant_id AND o.seq <= h.floor_seq AND o.created_at >= first AND o.created_at < behind
        ORDER BY o.seq LIMIT most) o
    LIMIT most
), removed AS (
    DELETE FROM old_events o USING gone g
    WHERE o.tenant_id = g.tenant_id AND o.seq = g.seq AND o.created_at = g.created_at RETURNING 1
)
SELECT count(*) FROM removed
$$;

-- Removes webhooks of a tenant that came before a moment, but for those that wait for a look or to be read. Looks at
-- so many behind a place; returns how many it looked at, what went, and the place of the last one.
CREATE FUNCTION forget_webhooks(tenant uuid, before timestamptz, most integer, after_moment timestamptz, after_id uuid)
RETURNS TABLE (looked bigint, removed bigint, bytes bigint, moment timestamptz, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH aged AS MATERIALIZED (
    SELECT w.received_at, w.id FROM inbound_webhooks w
    WHERE w.tenant_id = tenant AND w.received_at < before AND (w.received_at, w.id) > (after_moment, after_id)
    ORDER BY w.received_at, w.id LIMIT most
), gone AS (
    DELETE FROM inbound_webhooks w USING aged a
    WHERE w.tenant_id = tenant AND w.received_at = a.received_at AND w.id = a.id
      AND w.state NOT IN ('pending', 'partial', 'quarantined')
    RETURNING octet_length(w.body) AS bytes
)
SELECT (SELECT count(*) FROM aged), (SELECT count(*) FROM gone), (SELECT coalesce(sum(g.bytes), 0)::bigint FROM gone g),
    a.received_at, a.id
FROM aged a ORDER BY a.received_at DESC, a.id DESC LIMIT 1
$$;

-- As before, and tells how many went.
DROP FUNCTION forget_deliveries(interval, integer, timestamptz, uuid);
CREATE FUNCTION forget_deliveries(age interval, most integer, after_moment timestamptz, after_id uuid)
RETURNS TABLE (looked bigint, removed bigint, moment timestamptz, id uuid)
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
    DELETE FROM webhook_deliveries d USING old WHERE d.tenant_id = old.tenant_id AND d.id = old.id RETURNING 1
)
SELECT count(*) OVER (), (SELECT count(*) FROM gone), aged.finished_at, aged.id FROM aged ORDER BY aged.finished_at DESC, aged.id DESC LIMIT 1
$$;

-- The same for deliveries that were done before a moment, with their attempts, in the order of their ids; the last of a
-- conversation whose order is kept stays, as in forget_deliveries.
CREATE FUNCTION forget_deliveries_of(tenant uuid, before timestamptz, most integer, after_id uuid)
RETURNS TABLE (looked bigint, removed bigint, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH aged AS MATERIALIZED (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.tenant_id = tenant AND d.id > after_id  -- ids tell when they were made
      AND d.id < (lpad(to_hex((extract(epoch FROM before) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
    ORDER BY d.id LIMIT most
), old AS MATERIALIZED (
    SELECT d.id FROM aged a
    JOIN webhook_deliveries d ON d.tenant_id = tenant AND d.id = a.id
    JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
    WHERE d.finished_at < before AND d.next_attempt_at IS NULL
      AND (d.conversation_sequence IS NULL OR e.deleted_at IS NOT NULL OR EXISTS (
        SELECT FROM webhook_deliveries n
        WHERE n.tenant_id = d.tenant_id AND n.endpoint_id = d.endpoint_id AND n.conversation_id = d.conversation_id
          AND n.seq > d.seq AND n.conversation_sequence IS NOT NULL))
    FOR UPDATE OF d SKIP LOCKED
), attempts AS (
    DELETE FROM webhook_attempts a USING old WHERE a.tenant_id = tenant AND a.delivery_id = old.id
), gone AS (
    DELETE FROM webhook_deliveries d USING old WHERE d.tenant_id = tenant AND d.id = old.id RETURNING 1
)
SELECT (SELECT count(*) FROM aged), (SELECT count(*) FROM gone), a.id FROM aged a ORDER BY a.id DESC LIMIT 1
$$;

-- What would go of the current tenant, if it kept things for so many days: how much, counted up to a number; the oldest
-- of it; and how much is as old, but stays since it is needed.
CREATE FUNCTION retention_preview(webhooks_days integer, deliveries_days integer, events_days integer, most integer)
RETURNS TABLE (kind text, amount bigint, oldest timestamptz, held bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
SELECT 'webhooks', count(*) FILTER (WHERE NOT w.waits), min(w.received_at) FILTER (WHERE NOT w.waits),
    count(*) FILTER (WHERE w.waits)
FROM (
    SELECT w.received_at, w.state IN ('pending', 'partial', 'quarantined') AS waits FROM inbound_webhooks w
    WHERE w.tenant_id = current_tenant() AND w.received_at < now() - webhooks_days * interval '1 day'
    ORDER BY w.received_at LIMIT most) w
UNION ALL
SELECT 'deliveries', count(*) FILTER (WHERE d.done), min(d.created_at) FILTER (WHERE d.done),
    count(*) FILTER (WHERE NOT d.done)
FROM (
    SELECT d.created_at, coalesce(d.finished_at < now() - deliveries_days * interval '1 day', false) AS done
    FROM webhook_deliveries d
    WHERE d.tenant_id = current_tenant()
      AND d.id < (lpad(to_hex((extract(epoch FROM now() - deliveries_days * interval '1 day') * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
    ORDER BY d.id LIMIT most) d
UNION ALL
SELECT 'events', n.upto - n.floor_seq, (
        SELECT v.created_at FROM all_events v
        WHERE n.upto > n.floor_seq AND v.tenant_id = current_tenant() AND v.seq = n.floor_seq + 1), n.old - n.upto
FROM (
    SELECT h.floor_seq, greatest(h.floor_seq, log_forgettable(h.tenant_id, x.before)) AS upto,
        log_seq_at(h.tenant_id, x.before) - 1 AS old
    FROM tenant_heads h, (SELECT now() - events_days * interval '1 day') AS x (before)
    WHERE h.tenant_id = current_tenant()) n
$$;
ALTER FUNCTION retention_preview(integer, integer, integer, integer) OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION retention_preview(integer, integer, integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention_preview(integer, integer, integer, integer) TO postgate_app;

-- The oldest that is there of each kind, of all tenants, for the metrics.
CREATE FUNCTION oldest_kept() RETURNS TABLE (kind text, moment timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT 'events', min(e.created_at) FROM tenant_heads h CROSS JOIN LATERAL (
    SELECT v.created_at FROM all_events v WHERE v.tenant_id = h.tenant_id AND v.seq = h.floor_seq + 1) e
UNION ALL
SELECT 'webhooks', min(w.received_at) FROM tenants t CROSS JOIN LATERAL (
    SELECT w.received_at FROM inbound_webhooks w WHERE w.tenant_id = t.id ORDER BY w.received_at LIMIT 1) w
UNION ALL
SELECT 'deliveries', min(d.finished_at) FROM webhook_deliveries d WHERE d.finished_at IS NOT NULL
$$;

-- As before, with old events.
CREATE OR REPLACE FUNCTION due_deliveries(
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
        d.conversation_id, coalesce(d.body, v.data::text, (old_event(d.tenant_id, d.seq)).data), d.tries, d.attempts,
        d.secret_id,
        coalesce(v.created_at, (old_event(d.tenant_id, d.seq)).created_at, d.created_at)
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
            d.conversation_sequence, d.conversation_id,
            coalesce(d.body, v.data::text, (old_event(d.tenant_id, d.seq)).data), d.tries, d.attempts,
            d.secret_id, coalesce(v.created_at, (old_event(d.tenant_id, d.seq)).created_at, d.created_at)
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

-- As before, with old events; what failed is not sent again when its event is gone.
CREATE OR REPLACE FUNCTION recover_deliveries(moment timestamptz, most integer, waiting integer)
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
    floor bigint;                        -- entries up to this one are gone
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
        -- Whoever forgets entries waits, and then sees what is owed.
        SELECT h.floor_seq INTO floor FROM tenant_heads h WHERE h.tenant_id = r.tenant_id FOR SHARE;
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
                    AND coalesce(d.last_attempt_at, d.created_at) < r.until AND d.seq > floor AS wanted
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
                FROM all_events v
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
            JOIN all_events v ON v.tenant_id = r.tenant_id AND v.seq = m.seq
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

-- Gateways of the version before look for entries in "events" only. So nothing is moved, or removed for the first time,
-- for a day: until then these have gone, and whoever runs this has said how long what is to be kept.
SET LOCAL ROLE postgate_writer;
INSERT INTO chores (name, next_at) VALUES ('retention', now() + interval '1 day') ON CONFLICT DO NOTHING;
SET LOCAL ROLE postgate_owner;

DO $$
DECLARE
    signature text;
BEGIN
    ALTER FUNCTION month_is_needed(timestamptz, timestamptz) OWNER TO postgate_writer;
    REVOKE EXECUTE ON FUNCTION month_is_needed(timestamptz, timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION month_is_needed(timestamptz, timestamptz) TO postgate_owner;
    FOREACH signature IN ARRAY ARRAY['retention_of_all(integer, integer, integer)', 'logs_to_move(timestamptz)',
        'move_events(uuid, timestamptz, integer)', 'forget_events(uuid, timestamptz, integer)',
        'clear_month(timestamptz, timestamptz, integer)',
        'forget_webhooks(uuid, timestamptz, integer, timestamptz, uuid)',
        'forget_deliveries(interval, integer, timestamptz, uuid)',
        'forget_deliveries_of(uuid, timestamptz, integer, uuid)', 'oldest_kept()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
