-- Mail that was acknowledged is read even if its connection was disabled since.

CREATE FUNCTION route_of(integration uuid, also_disabled boolean)
RETURNS TABLE (tenant_id uuid, provider text, report_only boolean, config text, credentials_sealed bytea,
    wrapped_key bytea, master_key_id text, channels json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT i.tenant_id, i.provider, i.report_only, i.config::text, i.credentials_sealed, k.wrapped_key, k.master_key_id, (
        SELECT coalesce(json_agg(json_build_object('id', c.id, 'kind', c.kind, 'address', c.address)), '[]')
        FROM channels c
        WHERE c.tenant_id = i.tenant_id AND c.integration_id = i.id AND c.deleted_at IS NULL)
FROM external_integrations i
JOIN encryption_keys k ON k.tenant_id = i.tenant_id AND k.id = i.key_id
JOIN tenants t ON t.id = i.tenant_id AND t.status = 'active'
WHERE i.id = integration AND i.deleted_at IS NULL AND (also_disabled OR i.status <> 'disabled')
$$;
ALTER FUNCTION route_of(uuid, boolean) OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION route_of(uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_of(uuid, boolean) TO postgate_hook;

-- The connection that a webhook's URL names: one that is disabled takes nothing new.
CREATE OR REPLACE FUNCTION route_of_hook(integration uuid)
RETURNS TABLE (tenant_id uuid, provider text, report_only boolean, config text, credentials_sealed bytea,
    wrapped_key bytea, master_key_id text, channels json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT * FROM route_of(integration, false)
$$;
