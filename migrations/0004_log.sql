-- The tenant's log and its counter, the raw ledger of webhooks, and what a shared app could not route.

CREATE TABLE tenant_heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    last_seq bigint NOT NULL DEFAULT 0,
    floor_seq bigint NOT NULL DEFAULT 0,   -- entries up to this one are gone
    epoch uuid NOT NULL,                   -- another epoch is another log: cursors of the old one mean nothing
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);                  -- updated by every transaction that writes; room for HOT updates
CALL protect('tenant_heads', 'SELECT, UPDATE', 'SELECT, INSERT, UPDATE');
CREATE POLICY relay ON tenant_heads FOR SELECT TO postgate_relay USING (true);
GRANT SELECT ON tenant_heads TO postgate_relay;

CREATE TABLE events (
    tenant_id uuid NOT NULL,                   -- a seq is only ever given out from the tenant's head
    seq bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    conversation_id uuid,
    data json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, seq)
) WITH (toast_tuple_target = 8160);        -- compressing a two-kilobyte entry costs more than storing it
ALTER TABLE events ALTER data SET STORAGE EXTERNAL;
CALL protect('events', 'SELECT, INSERT', 'SELECT, INSERT');
CREATE POLICY relay ON events FOR SELECT TO postgate_relay USING (true);
GRANT SELECT ON events TO postgate_relay;

CREATE TABLE inbound_webhooks (
    tenant_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    provider text NOT NULL,
    method text NOT NULL,
    url text NOT NULL,
    headers jsonb NOT NULL,      -- chosen ones; never credentials
    body bytea NOT NULL,
    verdict text NOT NULL CONSTRAINT verdict_is_known CHECK (verdict IN ('verified', 'report_only')),
    state text NOT NULL CONSTRAINT webhook_state_is_known
        CHECK (state IN ('pending', 'stored', 'partial', 'duplicate', 'ignored', 'quarantined')),
    received integer NOT NULL,   -- items; received = stored + duplicate + ignored + quarantined
    stored integer NOT NULL,
    duplicate integer NOT NULL,
    ignored integer NOT NULL,
    quarantined integer NOT NULL,
    items jsonb,                 -- why items were ignored or quarantined
    error_code text,
    error_detail text,
    attempts smallint NOT NULL DEFAULT 0,
    lease_until timestamptz,     -- a worker is parsing it until then
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, received_at, id),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id),
    CONSTRAINT every_item_is_accounted_for
        CHECK (state = 'pending' OR received = stored + duplicate + ignored + quarantined)
) PARTITION BY RANGE (received_at);
ALTER TABLE inbound_webhooks ALTER body SET STORAGE EXTERNAL;
CREATE INDEX webhooks_that_need_a_look ON inbound_webhooks (tenant_id, state, received_at DESC, id DESC)
    WHERE state IN ('pending', 'partial', 'quarantined');
-- Of the whole server, not of a tenant: the queue of mails to be parsed. It holds pending rows only.
CREATE INDEX mails_to_parse ON inbound_webhooks (received_at) WHERE state = 'pending';
CALL protect('inbound_webhooks', 'SELECT, UPDATE', 'SELECT, INSERT, UPDATE');

-- A month of the ledger. A partition is a table of its own and could be read past its parent's policies:
-- it gets its own row-level security, and nobody is granted anything on it.
CREATE PROCEDURE make_ledger_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    first date := date_trunc('month', month);
    partition text := 'inbound_webhooks_' || to_char(first, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate ledger partition', 0));
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF inbound_webhooks FOR VALUES FROM (%L) TO (%L)'
            ' WITH (toast_tuple_target = 8160)', partition, first, first + interval '1 month');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format('CREATE POLICY one_tenant ON %I TO postgate_app'
            ' USING (tenant_id = (SELECT current_tenant()))', partition);
    END IF;
END
$$;
REVOKE EXECUTE ON PROCEDURE make_ledger_partition FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE make_ledger_partition TO postgate_hook;

-- Where a row goes whose month was not made in time: late housekeeping must not lose a webhook.
CREATE TABLE inbound_webhooks_otherwise PARTITION OF inbound_webhooks DEFAULT;
ALTER TABLE inbound_webhooks_otherwise ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbound_webhooks_otherwise FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON inbound_webhooks_otherwise TO postgate_app USING (tenant_id = (SELECT current_tenant()));

-- Posts to a shared app that no tenant owns, or that nobody could read. Only the operator sees them.
CREATE TABLE unrouted_webhooks (
    app_id uuid NOT NULL REFERENCES provider_apps (id),
    id uuid NOT NULL,
    reason text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (app_id, id)
);
ALTER TABLE unrouted_webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE unrouted_webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY writer ON unrouted_webhooks TO postgate_writer USING (true) WITH CHECK (true);
GRANT INSERT, SELECT ON unrouted_webhooks TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON unrouted_webhooks FOR EACH ROW EXECUTE FUNCTION touch();
