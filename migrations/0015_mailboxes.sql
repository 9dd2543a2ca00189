-- Whose mail the SMTP listener takes: asked for every recipient, before it is known which tenant a mail belongs to.

-- Not led by the tenant either (see 0002): a recipient names a mailbox only.
CREATE INDEX mailbox_of_a_recipient ON channels (lower(address))
    WHERE provider = 'smtp' AND kind = 'email' AND deleted_at IS NULL;
CREATE INDEX reply_domain_of_a_recipient
    ON external_integrations (lower(split_part(config ->> 'reply_address_pattern', '@', 2)))
    WHERE provider = 'smtp' AND deleted_at IS NULL;

-- The connections that may mean a recipient: by the mailbox itself, by the mailbox without what stands behind a plus,
-- or by the domain of their reply addresses. The oldest first: a mailbox belongs to who had it first.
CREATE FUNCTION mailboxes_of(recipient text, bare text, domain text)
RETURNS TABLE (integration_id uuid, mailbox text, reply_pattern text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT f.integration_id, f.mailbox, f.reply_pattern
FROM (
    SELECT c.tenant_id, c.integration_id, lower(c.address) AS mailbox, NULL::text AS reply_pattern, c.created_at
    FROM channels c
    WHERE c.provider = 'smtp' AND c.kind = 'email' AND c.deleted_at IS NULL AND lower(c.address) IN (recipient, bare)
    UNION ALL
    SELECT i.tenant_id, i.id, NULL, i.config ->> 'reply_address_pattern', i.created_at
    FROM external_integrations i
    WHERE i.provider = 'smtp' AND i.deleted_at IS NULL
      AND lower(split_part(i.config ->> 'reply_address_pattern', '@', 2)) = domain) f
JOIN external_integrations i ON i.tenant_id = f.tenant_id AND i.id = f.integration_id AND i.provider = 'smtp'
    AND i.deleted_at IS NULL AND i.status <> 'disabled'
JOIN tenants t ON t.id = f.tenant_id AND t.status = 'active'
ORDER BY f.created_at, f.integration_id
$$;

-- All connections of one provider, each as route_of_hook shows it: who logs in to the listener names none of them.
CREATE FUNCTION routes_of_provider(wanted text)
RETURNS TABLE (id uuid, tenant_id uuid, provider text, report_only boolean, config text, credentials_sealed bytea,
    wrapped_key bytea, master_key_id text, channels json)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT i.id, r.*
FROM external_integrations i
CROSS JOIN LATERAL route_of_hook(i.id) r
WHERE i.provider = wanted AND i.deleted_at IS NULL
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['mailboxes_of(text, text, text)', 'routes_of_provider(text)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
