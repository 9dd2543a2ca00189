-- What has to be answered before it is known which tenant a request belongs to. Each function returns the bare
-- minimum; this file is the whole list.

-- The connection that a webhook's URL names, with its addresses.
CREATE FUNCTION route_of_hook(integration uuid)
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
WHERE i.id = integration AND i.deleted_at IS NULL AND i.status <> 'disabled'
$$;

-- An app that tenants share, and which connection an address of it belongs to.
CREATE FUNCTION route_of_app(app uuid)
RETURNS TABLE (provider text, credentials_sealed bytea, wrapped_key bytea, master_key_id text, routes json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT a.provider, a.credentials_sealed, a.wrapped_key, a.master_key_id, (
        SELECT coalesce(json_object_agg(r.address, r.integration_id), '{}') FROM app_routes r WHERE r.app_id = a.id)
FROM provider_apps a WHERE a.id = app
$$;

CREATE FUNCTION keep_unrouted(app uuid, id uuid, reason text, headers text, body bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO unrouted_webhooks (app_id, id, reason, headers, body) VALUES ($1, $2, $3, $4::jsonb, $5)
ON CONFLICT DO NOTHING
$$;

-- Leases stored mails to one of the workers that parse them. A worker that dies loses its lease and nothing else.
CREATE FUNCTION claim_mails(wanted integer, lease interval)
RETURNS TABLE (tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text,
    url text, headers text, body bytea, verdict text, attempts smallint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT w.tenant_id, w.received_at, w.id FROM inbound_webhooks w
    WHERE w.state = 'pending' AND (w.lease_until IS NULL OR w.lease_until < now())
    ORDER BY w.received_at LIMIT wanted FOR UPDATE SKIP LOCKED
)
UPDATE inbound_webhooks w SET lease_until = now() + lease, attempts = w.attempts + 1
FROM due WHERE w.tenant_id = due.tenant_id AND w.received_at = due.received_at AND w.id = due.id
RETURNING w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text, w.body,
    w.verdict, w.attempts
$$;

-- Who may log in with an e-mail address, and into which tenants.
CREATE FUNCTION login_of(address text)
RETURNS TABLE (user_id uuid, password_hash text, tenant_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT u.id, u.password_hash, m.tenant_id, m.role
FROM users u
JOIN memberships m ON m.user_id = u.id
JOIN tenants t ON t.id = m.tenant_id AND t.status = 'active'
WHERE u.email = lower(address) AND u.status = 'active' AND u.password_hash IS NOT NULL
ORDER BY m.created_at, m.tenant_id
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['route_of_hook(uuid)', 'route_of_app(uuid)',
        'keep_unrouted(uuid, uuid, text, text, bytea)', 'claim_mails(integer, interval)', 'login_of(text)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', signature,
            CASE WHEN signature LIKE 'login_of%' THEN 'postgate_app' ELSE 'postgate_hook' END);
    END LOOP;
END
$$;
