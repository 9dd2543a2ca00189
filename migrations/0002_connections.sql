-- A tenant's connections to its providers, the addresses there, and the keys that seal their credentials.

CREATE TABLE encryption_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    wrapped_key bytea NOT NULL,          -- the data key, wrapped (RFC 3394) by the master key
    master_key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL protect('encryption_keys', 'SELECT', 'SELECT, INSERT');

-- An app at a provider (a Meta app) that the operator shares between tenants. No tenant ever sees it.
CREATE TABLE provider_apps (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    name text NOT NULL,
    wrapped_key bytea NOT NULL,
    master_key_id text NOT NULL,
    credentials_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE provider_apps ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_apps FORCE ROW LEVEL SECURITY;
CREATE POLICY writer ON provider_apps TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON provider_apps TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON provider_apps FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE external_integrations (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    type text NOT NULL DEFAULT 'MESSAGING'
        CONSTRAINT type_is_known CHECK (type IN ('MESSAGING', 'ECOMMERCE', 'CRM', 'ANALYTICS')),
    provider text NOT NULL,
    name text NOT NULL,
    key_id uuid NOT NULL,
    credentials_sealed bytea NOT NULL,
    config jsonb NOT NULL DEFAULT '{}',
    report_only boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'pending' CONSTRAINT integration_status_is_known
        CHECK (status IN ('pending', 'active', 'error', 'rate_limited', 'disabled')),
    error_message text,
    last_synced_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, key_id) REFERENCES encryption_keys (tenant_id, id)
);
CALL protect('external_integrations', 'SELECT, UPDATE', 'SELECT, INSERT');
-- The one index that is not led by the tenant: a webhook's URL names the connection only.
CREATE INDEX integration_of_a_hook ON external_integrations (id);

CREATE TABLE channels (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    provider text NOT NULL,
    kind text NOT NULL CONSTRAINT channel_kind_is_known CHECK (kind IN ('whatsapp', 'sms', 'email')),
    address text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, integration_id, kind, address),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CALL protect('channels', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT');

-- Which tenant owns an address at a shared app: global, because an address may belong to one tenant only.
CREATE TABLE app_routes (
    app_id uuid NOT NULL REFERENCES provider_apps (id),
    address text NOT NULL,
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (app_id, address),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CALL protect('app_routes', '', 'SELECT, INSERT');
