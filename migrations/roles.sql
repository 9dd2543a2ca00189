-- The six roles of the product. Roles belong to the cluster, not to one database, so this file is run at every
-- migration and may be run any number of times. Passwords are set by the migrator from the configured URLs.
DO $$
DECLARE
    wanted text;
BEGIN
    PERFORM pg_advisory_xact_lock(7305801);  -- two databases of one cluster may be migrated at once
    -- owner: owns every table, so that no role that can log in does.
    -- writer: owns the few functions that write for many tenants in one call.
    -- search: owns the functions that find words, and reads nothing but words and the log.
    FOREACH wanted IN ARRAY ARRAY['postgate_owner', 'postgate_writer', 'postgate_search'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
        END IF;
    END LOOP;
    -- app: one tenant at a time. hook: may call the ingest functions and see no table.
    -- relay: reads the log of all tenants for the live hub, and nothing else.
    FOREACH wanted IN ARRAY ARRAY['postgate_app', 'postgate_hook', 'postgate_relay'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS', wanted);
        END IF;
    END LOOP;
    EXECUTE format('GRANT postgate_owner, postgate_writer, postgate_search TO %I', current_user);
    FOREACH wanted IN ARRAY ARRAY['postgate_writer', 'postgate_search'] LOOP
        IF current_setting('server_version_num')::int < 160000 OR NOT EXISTS (
            SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
            WHERE r.rolname = wanted AND u.rolname = 'postgate_owner') THEN
            EXECUTE format('GRANT %I TO postgate_owner', wanted);  -- so that the owner can hand functions to it
        END IF;
    END LOOP;
END
$$;
