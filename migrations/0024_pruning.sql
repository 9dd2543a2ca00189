-- Pruning: working rows that nobody needs any more go, a batch at a time, so that no lock is held for long.

-- Of the whole server, not of a tenant. When a row came does not change: looking for the old costs its updates nothing.
CREATE INDEX sends_by_age ON sends (created_at);
GRANT DELETE ON sends TO postgate_writer;
-- To lock what is removed: then several may remove at once.
GRANT UPDATE ON idempotency_keys, sessions TO postgate_writer;

-- Each says how many it removed; as many as were asked for means that there may be more. What somebody else is just
-- removing, or sending again, is left to the next look.
CREATE FUNCTION forget_sends(age interval, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS (
    SELECT s.tenant_id, s.message_id FROM sends s
    WHERE s.created_at < now() - age AND s.queued_at < now() - age
      AND s.state IN ('sent', 'unknown', 'failed', 'canceled')
    ORDER BY s.created_at LIMIT most FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM sends s USING old WHERE s.tenant_id = old.tenant_id AND s.message_id = old.message_id RETURNING 1
)
SELECT count(*) FROM gone
$$;

CREATE FUNCTION forget_idempotency_keys(age interval, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS (
    SELECT k.tenant_id, k.caller, k.key FROM idempotency_keys k
    WHERE k.created_at < now() - age ORDER BY k.created_at LIMIT most FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency_keys k USING old
    WHERE k.tenant_id = old.tenant_id AND k.caller = old.caller AND k.key = old.key RETURNING 1
)
SELECT count(*) FROM gone
$$;

-- Logins that nobody can use any more: expired, or unused for so long that they count as ended.
CREATE FUNCTION forget_sessions(idle interval, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS (
    SELECT s.tenant_id, s.token_hash FROM sessions s
    WHERE s.expires_at < now() OR s.last_seen_at < now() - idle LIMIT most FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM sessions s USING old WHERE s.tenant_id = old.tenant_id AND s.token_hash = old.token_hash RETURNING 1
)
SELECT count(*) FROM gone
$$;

CREATE FUNCTION forget_password_resets(most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS (
    SELECT r.user_id FROM password_resets r WHERE r.expires_at < now() LIMIT most FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM password_resets r USING old WHERE r.user_id = old.user_id RETURNING 1
)
SELECT count(*) FROM gone
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['forget_sends(interval, integer)', 'forget_idempotency_keys(interval, integer)',
        'forget_sessions(interval, integer)', 'forget_password_resets(integer)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
