-- Who read and changed personal data: one row for each table that a request reached, with the ids of what was seen.
--
-- No text, name or address of a customer is in it, only ids; so it stays true, and may stay, when what it tells of is
-- erased. Nobody who serves can change a row or take one away: months go as a whole, when they are old enough.

CREATE TABLE data_access_audit (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,    -- when it was read or written
    actor text NOT NULL CONSTRAINT actor_is_known CHECK (actor IN ('member', 'api_key', 'link', 'operator')),
    actor_id uuid,                      -- the member, or the API key
    operation text NOT NULL CONSTRAINT operation_is_known CHECK (operation IN
        ('read', 'search', 'follow', 'export', 'create', 'change', 'remove', 'import', 'send', 'replay')),
    action text NOT NULL,               -- the operation of the API, or the command
    table_name text NOT NULL,
    record_ids uuid[] NOT NULL,
    first_seq bigint,                   -- of the log: entries from this one on
    last_seq bigint,                    -- up to this one; null: a reader has begun to follow it
    contains_pii boolean NOT NULL,
    ip inet,
    user_agent text,
    request_id text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX audit_by_actor ON data_access_audit (tenant_id, actor_id, created_at, id);
CREATE INDEX audit_of_what_is_rare ON data_access_audit (tenant_id, operation, created_at, id)
    WHERE operation <> 'read';
-- Ids are one tenant's. What is new waits in a list that is short enough for nobody to notice its end.
CREATE INDEX audit_by_record ON data_access_audit USING gin (record_ids) WITH (gin_pending_list_limit = 512);
CALL protect('data_access_audit', 'SELECT, INSERT', 'SELECT, INSERT');
CREATE TABLE data_access_audit_otherwise PARTITION OF data_access_audit DEFAULT;
ALTER TABLE data_access_audit_otherwise ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_access_audit_otherwise FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON data_access_audit_otherwise TO postgate_app
    USING (tenant_id = (SELECT current_tenant()));

CREATE PROCEDURE make_audit_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    CALL make_month('data_access_audit', 'created_at', month);
END
$$;
REVOKE EXECUTE ON PROCEDURE make_audit_partition FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE make_audit_partition TO postgate_hook;

-- Writes down what was read, for many tenants at once: a row for each place of the arrays. The records of one are the
-- text of an array.
CREATE FUNCTION note_accesses(
    tenants uuid[], ids uuid[], moments timestamptz[], actors text[], actor_ids uuid[], operations text[],
    actions text[], table_names text[], records text[], firsts bigint[], lasts bigint[], personal boolean[],
    ips text[], user_agents text[], request_ids text[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO data_access_audit (tenant_id, id, created_at, actor, actor_id, operation, action, table_name, record_ids,
    first_seq, last_seq, contains_pii, ip, user_agent, request_id)
SELECT a.tenant_id, a.id, a.moment, a.actor, a.actor_id, a.operation, a.action, a.table_name, a.records::uuid[],
    a.first_seq, a.last_seq, a.personal, a.ip::inet, a.user_agent, a.request_id
FROM unnest(tenants, ids, moments, actors, actor_ids, operations, actions, table_names, records, firsts, lasts,
    personal, ips, user_agents, request_ids) AS a (tenant_id, id, moment, actor, actor_id, operation, action,
    table_name, records, first_seq, last_seq, personal, ip, user_agent, request_id)
ON CONFLICT DO NOTHING  -- its answer was lost, and it was sent again
$$;

-- A page of the rows that name any of some records, the newest first. A function, since "&&" may not look into an index
-- before the policy has let a row through.
CREATE FUNCTION accesses_to(
    records uuid[], wanted_actor uuid, wanted_operations text[], wanted_tables text[], since timestamptz,
    until timestamptz, behind timestamptz, behind_id uuid, most integer
) RETURNS SETOF data_access_audit
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET jit = off
AS $$
WITH named AS MATERIALIZED (
    SELECT * FROM data_access_audit a
    WHERE a.record_ids && records AND a.tenant_id = (SELECT current_tenant())
      AND a.created_at >= coalesce(since, '-infinity') AND a.created_at < coalesce(until, 'infinity')
      AND (a.created_at, a.id) < (behind, behind_id)
)
SELECT * FROM named a
WHERE (wanted_actor IS NULL OR a.actor_id = wanted_actor)
  AND (wanted_operations IS NULL OR a.operation = ANY (wanted_operations))
  AND (wanted_tables IS NULL OR a.table_name = ANY (wanted_tables))
ORDER BY a.created_at DESC, a.id DESC LIMIT most
$$;

-- Drops the first month after a name that ended before a moment. What is younger than 90 days can't be dropped, whoever
-- asks. When somebody keeps the table busy it is left to the next look ("busy").
CREATE FUNCTION drop_audit_month(before timestamptz, after text) RETURNS TABLE (partition text, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms'
AS $$
#variable_conflict use_column
DECLARE
    month text;
BEGIN
    SELECT c.relname INTO month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'data_access_audit'::regclass AND c.relname ~ '_\d{4}_\d{2}$' AND c.relname > after
      AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= least(before, now() - interval '90 days')
    ORDER BY c.relname LIMIT 1;
    IF month IS NULL THEN
        RETURN;
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate months of data_access_audit', 0)) THEN
        RETURN QUERY SELECT month, 'busy';
        RETURN;
    END IF;
    LOCK TABLE ONLY data_access_audit IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('DROP TABLE %I', month);
    RETURN QUERY SELECT month, 'dropped';
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN QUERY SELECT month, 'busy';
END
$$;
REVOKE EXECUTE ON FUNCTION drop_audit_month FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_audit_month TO postgate_hook;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['note_accesses', 'accesses_to'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
    GRANT EXECUTE ON FUNCTION note_accesses TO postgate_hook;
    GRANT EXECUTE ON FUNCTION accesses_to TO postgate_app;
END
$$;
