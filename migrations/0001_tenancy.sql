-- Tenants, people and what lets them in; and the two procedures by which every later table is protected.

CREATE FUNCTION current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;

CREATE FUNCTION touch() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

-- Row-level security for a tenant's table: the runtime role sees the one tenant of its transaction, the writer's
-- functions name the tenant of each row themselves, and nobody else sees anything (FORCE includes the owner).
CREATE PROCEDURE protect(target regclass, app_rights text, writer_rights text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY one_tenant ON %s TO postgate_app'
        ' USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', target);
    IF app_rights <> '' THEN
        EXECUTE format('GRANT %s ON %s TO postgate_app', app_rights, target);
    END IF;
    IF writer_rights IS NOT NULL THEN
        EXECUTE format('CREATE POLICY writer ON %s TO postgate_writer USING (true) WITH CHECK (true)', target);
        EXECUTE format('GRANT %s ON %s TO postgate_writer', writer_rights, target);
    END IF;
    EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION touch()', target);
    -- Every index begins with the tenant. Where most tenants are small, the planner would think that the tenant alone
    -- finds a row or two, take whichever index comes first, and read all rows of a large one.
    EXECUTE format('ALTER TABLE %s ALTER tenant_id SET (n_distinct = 10, n_distinct_inherited = 10)', target);
END
$$;

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CONSTRAINT slug_is_a_short_lower_case_word CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    plan text NOT NULL DEFAULT 'standard',
    status text NOT NULL DEFAULT 'active' CONSTRAINT tenant_status_is_known CHECK (status IN ('active', 'suspended')),
    timezone text NOT NULL DEFAULT 'UTC',
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY itself ON tenants TO postgate_app USING (id = (SELECT current_tenant()));
CREATE POLICY writer ON tenants TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO postgate_app;
GRANT SELECT, INSERT ON tenants TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CONSTRAINT email_is_lower_case CHECK (email = lower(email)),
    name text NOT NULL,
    password_hash text,
    status text NOT NULL DEFAULT 'active' CONSTRAINT user_status_is_known CHECK (status IN ('active', 'disabled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memberships (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL
        CONSTRAINT role_is_known CHECK (role IN ('owner', 'admin', 'manager', 'operator', 'viewer')),
    extra_permissions text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id)
);
CALL protect('memberships', 'SELECT', 'SELECT, INSERT');

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY members ON users TO postgate_app USING (EXISTS (
    SELECT FROM memberships m WHERE m.tenant_id = (SELECT current_tenant()) AND m.user_id = users.id));
CREATE POLICY writer ON users TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT (id, email, name, status, created_at, updated_at) ON users TO postgate_app;
GRANT SELECT, INSERT ON users TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();

-- A session's token and an API key both carry their tenant, so that they are looked up inside it.
CREATE TABLE sessions (
    tenant_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CALL protect('sessions', 'SELECT, INSERT, DELETE');

CREATE TABLE api_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    key_hash bytea NOT NULL,
    id uuid NOT NULL,
    prefix text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, key_hash)
);
CALL protect('api_keys', 'SELECT', 'SELECT, INSERT');
