-- Connections are managed by their tenants: the rights for it, how a channel looks to the outside, and templates.

GRANT INSERT ON external_integrations TO postgate_app;

-- As in the log and in the list of a connection; a deleted one is told of once more, with the time.
CREATE FUNCTION channel_json(c channels) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('ch_', c.id),
        'connection_id', public_id('int_', c.integration_id),
        'provider', c.provider,
        'kind', c.kind,
        'address', c.address,
        'name', c.name,
        'status', CASE WHEN i.status = 'disabled' OR i.deleted_at IS NOT NULL THEN 'disabled' ELSE 'active' END,
        'created_at', iso(c.created_at),
        'updated_at', iso(c.updated_at),
        'deleted_at', iso(c.deleted_at))
    FROM external_integrations i WHERE i.tenant_id = c.tenant_id AND i.id = c.integration_id;
END;

-- Message templates as the provider listed them when they were last asked for.
CREATE TABLE message_templates (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    name text NOT NULL CONSTRAINT template_has_a_name CHECK (name <> ''),
    language text NOT NULL,
    status text NOT NULL,
    category text,
    body text,
    components jsonb NOT NULL DEFAULT '[]',
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, integration_id, name, language),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CALL protect('message_templates', 'SELECT, INSERT, UPDATE, DELETE');
