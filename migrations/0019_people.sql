-- People: logins that can be listed and ended, a second factor, invitations, password resets, and API keys that are
-- managed in the page.

-- When somebody proved that they read the mail of this address. Until then whoever made the account may have made up
-- whose it is, so its password must not outlive the arrival of the address's real owner.
ALTER TABLE users ADD COLUMN verified_at timestamptz;
UPDATE users SET verified_at = created_at;  -- until now only the operator made accounts
GRANT UPDATE (name) ON users TO postgate_app;
GRANT UPDATE ON users TO postgate_writer;
GRANT INSERT, UPDATE ON memberships TO postgate_app;

ALTER TABLE sessions ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();  -- to a quarter of an hour
GRANT UPDATE ON sessions TO postgate_app;
CREATE POLICY writer ON sessions TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON sessions TO postgate_writer;
CREATE INDEX sessions_of_a_member ON sessions (tenant_id, user_id);

ALTER TABLE api_keys
    ADD COLUMN created_by uuid,
    ADD COLUMN last_used_at timestamptz,        -- to a quarter of an hour
    ADD CONSTRAINT api_keys_maker FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, user_id);
GRANT INSERT, UPDATE ON api_keys TO postgate_app;

CREATE TABLE invitations (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    email text NOT NULL CONSTRAINT invited_email_is_lower_case CHECK (email = lower(email)),
    role text NOT NULL CONSTRAINT invited_role_is_known
        CHECK (role IN ('owner', 'admin', 'manager', 'operator', 'viewer')),
    token_hash bytea NOT NULL,
    mailed boolean NOT NULL,                    -- only the mail held the link: whoever has it reads that mailbox
    invited_by uuid,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    accepted_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, invited_by) REFERENCES memberships (tenant_id, user_id)
);
CREATE UNIQUE INDEX one_invitation_of_an_address ON invitations (tenant_id, email)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE UNIQUE INDEX invitation_of_a_token ON invitations (tenant_id, token_hash);
CALL protect('invitations', 'SELECT, INSERT, UPDATE', 'SELECT');

-- A person has one second factor for all their tenants, so its secret is sealed with a key of the person's own.
CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    wrapped_key bytea NOT NULL,
    master_key_id text NOT NULL,
    secret_sealed bytea NOT NULL,
    confirmed_at timestamptz,                   -- it counts from then on
    last_step bigint NOT NULL DEFAULT 0,        -- codes of this step of 30 seconds, and of earlier ones, are spent
    recovery_hashes bytea[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE second_factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factors FORCE ROW LEVEL SECURITY;
CREATE POLICY members ON second_factors TO postgate_app USING (EXISTS (
    SELECT FROM memberships m WHERE m.tenant_id = (SELECT current_tenant()) AND m.user_id = second_factors.user_id));
CREATE POLICY writer ON second_factors TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors TO postgate_app;
GRANT SELECT, DELETE ON second_factors TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON second_factors FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE password_resets (
    user_id uuid PRIMARY KEY REFERENCES users (id),  -- only the newest link counts
    token_hash bytea NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY;
ALTER TABLE password_resets FORCE ROW LEVEL SECURITY;
CREATE POLICY writer ON password_resets TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON password_resets TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON password_resets FOR EACH ROW EXECUTE FUNCTION touch();

-- As in the log and in the list of members. Somebody who was disabled stays, as the author of what they wrote.
CREATE FUNCTION member_json(m memberships) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('usr_', m.user_id),
        'name', u.name,
        'email', u.email,
        'role', m.role,
        'extra_permissions', m.extra_permissions,
        'status', m.status,
        'created_at', iso(m.created_at),
        'updated_at', iso(greatest(m.updated_at, u.updated_at)))
    FROM users u WHERE u.id = m.user_id;
END;

-- What follows is asked before it is known which tenant is meant, or reaches across a person's tenants. Each function
-- returns the bare minimum.

-- Who has an e-mail address, to log in, to join or to be invited.
DROP FUNCTION login_of(text);
CREATE FUNCTION login_of(address text)
RETURNS TABLE (user_id uuid, name text, password_hash text, verified boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT u.id, u.name, u.password_hash, u.verified_at IS NOT NULL
FROM users u WHERE u.email = lower(address) AND u.status = 'active'
$$;

-- The tenants in which a person is active, those they belong to longest first.
CREATE FUNCTION tenants_of(person uuid)
RETURNS TABLE (tenant_id uuid, slug text, name text, role text, extra_permissions text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT t.id, t.slug, t.name, m.role, m.extra_permissions
FROM memberships m JOIN tenants t ON t.id = m.tenant_id AND t.status = 'active'
WHERE m.user_id = person AND m.status = 'active'
ORDER BY m.created_at, t.id
$$;

-- The invitations that wait for an address, for whoever proves elsewhere that it is theirs.
CREATE FUNCTION invitations_of(address text, moment timestamptz) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT i.tenant_id, i.id FROM invitations i JOIN tenants t ON t.id = i.tenant_id AND t.status = 'active'
WHERE i.email = lower(address) AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > moment
ORDER BY i.created_at
$$;

-- Makes an account; false when the address has one.
CREATE FUNCTION add_person(id uuid, email text, name text, password_hash text, verified_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO users (id, email, name, password_hash, verified_at) VALUES ($1, lower($2), $3, $4, $5)
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Somebody proved that an address is theirs. If nobody had before, what was set for the account is void: a stranger
-- may have made it in advance. Returns the logins that ended.
CREATE FUNCTION verify_person(person uuid, moment timestamptz) RETURNS SETOF bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE users u SET verified_at = moment, password_hash = NULL WHERE u.id = person AND u.verified_at IS NULL;
    IF FOUND THEN
        DELETE FROM second_factors f WHERE f.user_id = person;
        RETURN QUERY DELETE FROM sessions s WHERE s.user_id = person RETURNING s.token_hash;
    END IF;
END
$$;

-- The password of a member of the tenant; null when they have none.
CREATE FUNCTION password_of(person uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT u.password_hash FROM users u
WHERE u.id = person AND EXISTS (
    SELECT FROM memberships m WHERE m.tenant_id = current_tenant() AND m.user_id = person AND m.status = 'active')
$$;

-- The logins of a member of the tenant, in all their tenants.
CREATE FUNCTION sessions_of(person uuid, moment timestamptz, seen_after timestamptz)
RETURNS TABLE (id uuid, tenant text, user_agent text, created_at timestamptz, last_seen_at timestamptz,
    token_hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT s.id, t.name, s.user_agent, s.created_at, s.last_seen_at, s.token_hash
FROM sessions s JOIN tenants t ON t.id = s.tenant_id
WHERE s.user_id = person AND s.expires_at > moment AND s.last_seen_at > seen_after AND EXISTS (
    SELECT FROM memberships m WHERE m.tenant_id = current_tenant() AND m.user_id = person AND m.status = 'active')
ORDER BY s.last_seen_at DESC, s.id DESC
$$;

-- Ends one login of a member of the tenant, or all but one. Returns those that ended.
CREATE FUNCTION end_sessions_of(person uuid, one uuid, all_but bytea) RETURNS SETOF bytea
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DELETE FROM sessions s
WHERE s.user_id = person AND (s.id = one OR (one IS NULL AND s.token_hash <> all_but)) AND EXISTS (
    SELECT FROM memberships m WHERE m.tenant_id = current_tenant() AND m.user_id = person AND m.status = 'active')
RETURNING s.token_hash
$$;

-- Gives a member of the tenant another password; links to set one no longer count.
CREATE FUNCTION set_password_of(person uuid, hash text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH member AS (
    SELECT m.user_id FROM memberships m
    WHERE m.tenant_id = current_tenant() AND m.user_id = person AND m.status = 'active'),
stale AS (DELETE FROM password_resets r USING member m WHERE r.user_id = m.user_id)
UPDATE users u SET password_hash = hash FROM member m WHERE u.id = m.user_id
$$;

-- Notes a link to set a password; nothing is returned when there is nobody to send it to.
CREATE FUNCTION add_password_reset(address text, hash bytea, expires timestamptz) RETURNS TABLE (name text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH person AS (
    SELECT u.id, u.name FROM users u
    WHERE u.email = lower(address) AND u.status = 'active' AND EXISTS (
        SELECT FROM memberships m JOIN tenants t ON t.id = m.tenant_id AND t.status = 'active'
        WHERE m.user_id = u.id AND m.status = 'active')),
noted AS (
    INSERT INTO password_resets (user_id, token_hash, expires_at) SELECT p.id, hash, expires FROM person p
    ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at)
SELECT p.name FROM person p
$$;

-- Whose link to set a password this is, while it counts.
CREATE FUNCTION password_reset_of(hash bytea, moment timestamptz) RETURNS TABLE (email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT u.email FROM password_resets r JOIN users u ON u.id = r.user_id AND u.status = 'active'
WHERE r.token_hash = hash AND r.expires_at > moment
$$;

-- Uses a link to set a password, which proves the address too. All logins end; they are returned, or null for a link
-- that does not count.
CREATE FUNCTION use_password_reset(hash bytea, password text, moment timestamptz) RETURNS bytea[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    person uuid;
    ended bytea[];
BEGIN
    DELETE FROM password_resets r WHERE r.token_hash = hash AND r.expires_at > moment RETURNING r.user_id INTO person;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH gone AS (DELETE FROM sessions s WHERE s.user_id = person RETURNING s.token_hash)
    SELECT coalesce(array_agg(g.token_hash), '{}') INTO ended FROM gone g;
    PERFORM verify_person(person, moment);
    UPDATE users u SET password_hash = password WHERE u.id = person;
    RETURN ended;
END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['login_of(text)', 'tenants_of(uuid)', 'invitations_of(text, timestamptz)',
        'add_person(uuid, text, text, text, timestamptz)', 'verify_person(uuid, timestamptz)', 'password_of(uuid)',
        'sessions_of(uuid, timestamptz, timestamptz)', 'end_sessions_of(uuid, uuid, bytea)',
        'set_password_of(uuid, text)', 'add_password_reset(text, bytea, timestamptz)',
        'password_reset_of(bytea, timestamptz)', 'use_password_reset(bytea, text, timestamptz)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_app', signature);
    END LOOP;
END
$$;
