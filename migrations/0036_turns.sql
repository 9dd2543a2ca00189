-- Tenants take turns wherever a worker takes up what waits: a hundred thousand items of one keep no other one waiting.
-- Whoever claims says whom it served last ("after"), and is given what the next tenants have, in the order of their ids.
-- The functions without that word stay for gateways of the version before, which run while new ones are rolled out.

-- Of the whole server, each in the order in which tenants are asked. They hold what waits only.
CREATE INDEX mails_in_turns ON inbound_webhooks (tenant_id, received_at) WHERE state = 'pending';
CREATE INDEX files_in_turns ON attachments (tenant_id, due_at) WHERE state = 'pending';
CREATE INDEX conversations_to_wake_in_turns ON conversations (tenant_id, snoozed_until) WHERE status = 'snoozed';

-- As claim_mails(wanted, lease): one mail of each tenant that has any, and then the next one of each.
CREATE FUNCTION claim_mails(wanted integer, lease interval, after uuid)
RETURNS TABLE (tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text,
    url text, headers text, body bytea, verdict text, attempts smallint, fetches smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    served uuid := coalesce(after, nobody);
    next_one uuid;
    places integer := wanted;
    taken integer;
    any_taken boolean := true;  -- since the first tenant was asked
BEGIN
    WHILE places > 0 LOOP
        SELECT w.tenant_id INTO next_one FROM inbound_webhooks w
        WHERE w.state = 'pending' AND w.tenant_id > served AND (w.lease_until IS NULL OR w.lease_until < now())
        ORDER BY w.tenant_id LIMIT 1;
        IF NOT FOUND THEN
            EXIT WHEN NOT any_taken;
            served := nobody;
            any_taken := false;
            CONTINUE;
        END IF;
        served := next_one;
        RETURN QUERY
        WITH due AS (
            SELECT w.tenant_id, w.received_at, w.id FROM inbound_webhooks w
            WHERE w.tenant_id = served AND w.state = 'pending' AND (w.lease_until IS NULL OR w.lease_until < now())
            ORDER BY w.received_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE inbound_webhooks w SET lease_until = now() + lease, attempts = least(w.attempts + 1, 1000)
        FROM due WHERE w.tenant_id = due.tenant_id AND w.received_at = due.received_at AND w.id = due.id
        RETURNING w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text,
            w.body, w.verdict, w.attempts, w.fetches;
        GET DIAGNOSTICS taken = ROW_COUNT;
        places := places - taken;
        any_taken := any_taken OR taken > 0;
    END LOOP;
END
$$;

-- As claim_files(busy, lease), of the next tenant that has files and is not busy, nor their connection. Of each tenant the first
-- few hundred are looked at: where all of these are of busy connections, what is behind them waits.
CREATE FUNCTION claim_files(busy uuid[], lease interval, after uuid)
RETURNS TABLE (tenant_id uuid, attachment_id uuid, message_id uuid, integration_id uuid, channel_address text,
    medium text, external_id text, received_at timestamptz, "position" smallint, type text, provider_media_id text,
    provider_url text, filename text, mime_type text, tries smallint, lease_until timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    served uuid := coalesce(after, nobody);
    next_one uuid;
    begun_anew boolean := false;
    chosen record;
BEGIN
    LOOP
        SELECT a.tenant_id INTO next_one FROM attachments a
        WHERE a.state = 'pending' AND a.tenant_id > served AND a.due_at <= now() ORDER BY a.tenant_id LIMIT 1;
        IF NOT FOUND THEN
            EXIT WHEN begun_anew;
            served := nobody;
            begun_anew := true;
            CONTINUE;
        END IF;
        served := next_one;
        CONTINUE WHEN served = ANY (busy);
        SELECT m.id AS message_id, h.integration_id, h.address, m.medium, m.external_id, m.received_at
        INTO chosen
        FROM (
            SELECT a.tenant_id, a.message_id, a.due_at FROM attachments a
            WHERE a.tenant_id = served AND a.state = 'pending' AND a.due_at <= now() ORDER BY a.due_at LIMIT 300) f
        JOIN messages m ON m.tenant_id = f.tenant_id AND m.id = f.message_id
        JOIN channels h ON h.tenant_id = m.tenant_id AND h.id = m.channel_id
        WHERE h.integration_id <> ALL (busy)
        ORDER BY f.due_at LIMIT 1;
        CONTINUE WHEN NOT FOUND;
        RETURN QUERY
        WITH due AS (
            SELECT a.tenant_id, a.id FROM attachments a
            WHERE a.tenant_id = served AND a.message_id = chosen.message_id
              AND a.state = 'pending' AND a.due_at <= now()
            FOR UPDATE SKIP LOCKED
        )
        UPDATE attachments a SET tries = a.tries + 1, due_at = clock_timestamp() + lease
        FROM due WHERE a.tenant_id = due.tenant_id AND a.id = due.id
        RETURNING a.tenant_id, a.id, a.message_id, chosen.integration_id, chosen.address, chosen.medium,
            chosen.external_id, chosen.received_at, a.position, a.type, a.provider_media_id, a.provider_url,
            a.filename, a.mime_type, a.tries, a.due_at;
        EXIT WHEN FOUND;  -- otherwise another worker was quicker
    END LOOP;
END
$$;

-- As claim_customer_import(worker, duration), of the next tenant.
CREATE FUNCTION claim_customer_import(worker uuid, duration interval, after uuid)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT i.tenant_id, i.id FROM customer_imports i
    WHERE i.state IN ('checking', 'running') AND (i.lease_until IS NULL OR i.lease_until < now())
    ORDER BY i.tenant_id <= after NULLS FIRST, i.tenant_id, i.lease_until NULLS FIRST, i.id
    LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE customer_imports i SET lease = worker, lease_until = now() + duration, tries = i.tries + 1
FROM due WHERE i.tenant_id = due.tenant_id AND i.id = due.id
RETURNING i.tenant_id, i.id
$$;

-- The tenants that have conversations to wake now, and those with word of reopenings: one look at an index for each.
CREATE FUNCTION tenants_to_wake() RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH RECURSIVE t (tenant_id) AS (
    (SELECT c.tenant_id FROM conversations c WHERE c.status = 'snoozed' ORDER BY c.tenant_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id FROM t CROSS JOIN LATERAL (
        SELECT c.tenant_id FROM conversations c WHERE c.status = 'snoozed' AND c.tenant_id > t.tenant_id
        ORDER BY c.tenant_id LIMIT 1) n
)
SELECT t.tenant_id FROM t
$$;
CREATE FUNCTION tenants_with_reopenings() RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH RECURSIVE t (tenant_id) AS (
    (SELECT r.tenant_id FROM reopenings r ORDER BY r.tenant_id LIMIT 1)
    UNION ALL
    SELECT n.tenant_id FROM t CROSS JOIN LATERAL (
        SELECT r.tenant_id FROM reopenings r WHERE r.tenant_id > t.tenant_id ORDER BY r.tenant_id LIMIT 1) n
)
SELECT t.tenant_id FROM t
$$;

-- As before; and where more is due than is asked for, tenants take turns.
CREATE OR REPLACE FUNCTION errands(wanted integer)
RETURNS TABLE (kind text, tenant_id uuid, about uuid, wait double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF (SELECT count(*) FROM (
        SELECT FROM conversations c WHERE c.status = 'snoozed' AND c.deleted_at IS NULL AND c.snoozed_until <= clock_timestamp()
        LIMIT wanted) d) < wanted
    THEN
        RETURN QUERY
        SELECT 'wake', c.tenant_id, c.id, extract(epoch FROM c.snoozed_until - clock_timestamp())::double precision
        FROM conversations c WHERE c.status = 'snoozed' AND c.deleted_at IS NULL
        ORDER BY c.snoozed_until LIMIT wanted;
    ELSE
        RETURN QUERY
        SELECT 'wake', o.tenant_id, o.id, extract(epoch FROM o.snoozed_until - clock_timestamp())::double precision
        FROM tenants_to_wake() t CROSS JOIN LATERAL (
            SELECT c.tenant_id, c.id, c.snoozed_until, row_number() OVER (ORDER BY c.snoozed_until) AS turn
            FROM conversations c
            WHERE c.tenant_id = t.tenant_id AND c.status = 'snoozed' AND c.deleted_at IS NULL
              AND c.snoozed_until <= clock_timestamp()
            ORDER BY c.snoozed_until LIMIT wanted) o
        ORDER BY o.turn, o.snoozed_until LIMIT wanted;
    END IF;
    RETURN QUERY
    SELECT 'reopened', o.tenant_id, o.conversation_id, 0::double precision
    FROM tenants_with_reopenings() t CROSS JOIN LATERAL (
        SELECT d.tenant_id, d.conversation_id, row_number() OVER (ORDER BY d.conversation_id) AS turn
        FROM (
            SELECT DISTINCT r.tenant_id, r.conversation_id FROM reopenings r WHERE r.tenant_id = t.tenant_id
            ORDER BY r.conversation_id LIMIT wanted) d) o
    ORDER BY o.turn LIMIT wanted;
    RETURN QUERY
    SELECT DISTINCT 'assign', t.tenant_id, NULL::uuid, 0::double precision
    FROM teams t
    WHERE t.auto_assign AND t.deleted_at IS NULL AND EXISTS (
        SELECT FROM conversations c WHERE c.tenant_id = t.tenant_id AND c.team_id = t.id AND c.assignee_id IS NULL
            AND c.status = 'open' AND c.deleted_at IS NULL);
    RETURN QUERY
    SELECT 'team', t.tenant_id, t.id, 0::double precision
    FROM teams t
    WHERE t.deleted_at IS NOT NULL
        AND EXISTS (SELECT FROM conversations c
            WHERE c.tenant_id = t.tenant_id AND c.team_id = t.id AND c.deleted_at IS NULL);
    RETURN QUERY
    SELECT 'label', l.tenant_id, l.id, 0::double precision
    FROM labels l
    WHERE l.deleted_at IS NOT NULL AND (
        EXISTS (SELECT FROM conversation_labels x
            JOIN conversations c ON c.tenant_id = x.tenant_id AND c.id = x.conversation_id AND c.deleted_at IS NULL
            WHERE x.tenant_id = l.tenant_id AND x.label_id = l.id)
        OR EXISTS (SELECT FROM customer_labels c WHERE c.tenant_id = l.tenant_id AND c.label_id = l.id));
END
$$;

-- As before; the log that was not read for longest comes first.
CREATE OR REPLACE FUNCTION search_catch_up(wanted integer, enough integer, patience interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    behind record;
    done integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate search', 0)) THEN
        RETURN 0;  -- somebody else is at it
    END IF;
    FOR behind IN
        SELECT h.tenant_id, coalesce(s.indexed_seq, 0) AS indexed, h.last_seq FROM tenant_heads h
        LEFT JOIN search_heads s ON s.tenant_id = h.tenant_id
        WHERE h.last_seq > coalesce(s.indexed_seq, 0)
          AND (s.tenant_id IS NULL OR h.last_seq - s.indexed_seq >= enough OR s.updated_at <= now() - patience)
        ORDER BY s.updated_at NULLS FIRST
    LOOP
        EXIT WHEN done >= wanted;
        DECLARE
            upto bigint := least(behind.last_seq, behind.indexed + wanted - done);
        BEGIN
            WITH told AS MATERIALIZED (
                SELECT DISTINCT ON (t.kind, t.id) t.*
                FROM events e CROSS JOIN LATERAL search_told(e.type, e.data) t
                WHERE e.tenant_id = behind.tenant_id AND e.seq > behind.indexed AND e.seq <= upto
                ORDER BY t.kind, t.id, e.seq DESC
            ), gone AS (
                DELETE FROM search_documents d USING told t
                WHERE t.gone AND d.tenant_id = behind.tenant_id AND d.kind = t.kind AND d.at = t.at AND d.id = t.id
            )
            INSERT INTO search_documents AS d (tenant_id, kind, at, id, words, names)
            SELECT behind.tenant_id, t.kind, t.at, t.id,
                search_words(t.kind, behind.tenant_id, t.at, t.title, t.body), t.names
            FROM told t WHERE NOT t.gone
            ON CONFLICT (tenant_id, kind, at, id) DO UPDATE SET words = excluded.words, names = excluded.names
                WHERE d.words <> excluded.words OR d.names IS DISTINCT FROM excluded.names;
            INSERT INTO search_heads AS s (tenant_id, indexed_seq) VALUES (behind.tenant_id, upto)
            ON CONFLICT (tenant_id) DO UPDATE SET indexed_seq = excluded.indexed_seq;
            done := done + (upto - behind.indexed)::integer;
        END;
    END LOOP;
    RETURN done;
END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['claim_mails(integer, interval, uuid)', 'claim_files(uuid[], interval, uuid)',
        'claim_customer_import(uuid, interval, uuid)', 'tenants_to_wake()', 'tenants_with_reopenings()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        CONTINUE WHEN signature LIKE 'tenants%';  -- errands alone asks them
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
