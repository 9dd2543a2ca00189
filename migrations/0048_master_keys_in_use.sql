-- For /readyz: which master keys a gateway has to have.

CREATE FUNCTION master_keys_in_use() RETURNS TABLE (master_key_id text, used bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT k.master_key_id, count(*) FROM (
    (SELECT DISTINCT ON (e.tenant_id) e.master_key_id FROM encryption_keys e WHERE e.shredded_at IS NULL
    ORDER BY e.tenant_id, e.created_at DESC, e.id DESC)
    UNION ALL
    SELECT a.master_key_id FROM provider_apps a
) k GROUP BY k.master_key_id ORDER BY k.master_key_id
$$;
ALTER FUNCTION master_keys_in_use OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION master_keys_in_use FROM PUBLIC;
GRANT EXECUTE ON FUNCTION master_keys_in_use TO postgate_hook;
