-- Integrators: the endpoints that a tenant's events are posted to, what is owed to each, and every attempt.

CREATE TABLE webhook_endpoints (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    url text NOT NULL,
    description text NOT NULL DEFAULT '',
    event_types text[] NOT NULL DEFAULT '{*}',     -- with wildcards, as its owner wrote them
    type_patterns text[] NOT NULL DEFAULT '{%}',   -- the same, for LIKE
    channel_ids uuid[],          -- only what belongs to a conversation on one of them; null: everything
    label_ids uuid[],            -- only what belongs to a conversation that has one of them; null: everything
    auth jsonb NOT NULL DEFAULT '{"type": "none"}',  -- without its secrets
    headers jsonb NOT NULL DEFAULT '{}',           -- further ones; no secrets either
    schemes text[] NOT NULL DEFAULT '{}' CONSTRAINT schemes_are_known
        CHECK (schemes <@ ARRAY['v1a', 'github', 'stripe']),   -- signatures beside v1
    public_key text,             -- of v1a, whpk_…
    secrets jsonb NOT NULL DEFAULT '[]',           -- what may be shown of the signing secrets, the newest first
    key_id uuid NOT NULL,
    sealed bytea NOT NULL,       -- signing secrets and those of "auth"; see gateway/model/endpoint_secrets.py
    timeout_ms integer NOT NULL DEFAULT 15000 CONSTRAINT timeout_is_in_range CHECK (timeout_ms BETWEEN 1000 AND 30000),
    retry_seconds integer[] NOT NULL DEFAULT '{0,5,300,1800,7200,18000,36000,50400,72000,86400}'
        CONSTRAINT schedule_is_in_range CHECK (cardinality(retry_seconds) BETWEEN 1 AND 20),
    max_in_flight smallint NOT NULL DEFAULT 16 CONSTRAINT cap_is_in_range CHECK (max_in_flight BETWEEN 1 AND 256),
    per_second real CONSTRAINT rate_is_in_range CHECK (per_second BETWEEN 0.1 AND 10000),   -- null: as fast as it takes
    ordering text NOT NULL DEFAULT 'none' CONSTRAINT ordering_is_known CHECK (ordering IN ('none', 'conversation')),
    status text NOT NULL DEFAULT 'enabled' CONSTRAINT endpoint_status_is_known
        CHECK (status IN ('enabled', 'disabled')),
    disabled_reason text CONSTRAINT disabled_reason_is_known CHECK (disabled_reason IN ('member', 'gone', 'failing')),
    disabled_at timestamptz,
    failing_since timestamptz,   -- the first failure after the last success, once people were warned of it
    warnings smallint NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,            -- grows with every change that whoever delivers must know of
    since_seq bigint NOT NULL,   -- it is owed what comes after this
    created_by uuid,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, key_id) REFERENCES encryption_keys (tenant_id, id),
    CONSTRAINT the_disabled_say_why CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)
        AND (status = 'disabled') = (disabled_at IS NOT NULL))
);
CALL protect('webhook_endpoints', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

-- How far each tenant's log was shared out among its endpoints. A tenant that never had one is not here.
CREATE TABLE delivery_heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    dispatched_seq bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CALL protect('delivery_heads', 'SELECT, INSERT', 'SELECT, UPDATE');

-- What is owed to an endpoint: one row for each event that it is to get, ever; redelivering sends the same row again.
-- The body is the event as the log holds it; only a ping has one of its own.
CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    kind text NOT NULL DEFAULT 'event' CONSTRAINT delivery_kind_is_known CHECK (kind IN ('event', 'ping')),
    event_id uuid NOT NULL,      -- told as webhook-id, the same at every attempt
    event_type text NOT NULL,
    seq bigint,                  -- of the event; null: a ping
    previous_seq bigint,         -- of what the endpoint was owed before this; null: nothing
    conversation_id uuid,
    conversation_sequence bigint,                  -- the how-manieth of its conversation, where order is kept
    body text,
    secret_id text,              -- the one secret that signs it; null: all that are alive
    status text NOT NULL DEFAULT 'PENDING' CONSTRAINT delivery_status_is_known
        CHECK (status IN ('PENDING', 'RETRYING', 'SUCCESS', 'FAILED')),
    attempts integer NOT NULL DEFAULT 0,           -- all that were made
    tries integer NOT NULL DEFAULT 0,              -- of this round: the place in the endpoint's schedule
    next_attempt_at timestamptz, -- null: it is done
    response_status_code integer,
    error_kind text,
    error text,
    last_attempt_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT an_endpoint_is_owed_an_event_once UNIQUE (tenant_id, endpoint_id, seq),
    CONSTRAINT the_undone_are_due CHECK ((status IN ('PENDING', 'RETRYING')) = (next_attempt_at IS NOT NULL)),
    CONSTRAINT pings_have_bodies CHECK ((kind = 'ping') = (body IS NOT NULL) AND (kind = 'ping') = (seq IS NULL)),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, next_attempt_at, seq)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_failed ON webhook_deliveries (tenant_id, endpoint_id, id) WHERE status = 'FAILED';
CREATE INDEX deliveries_in_order ON webhook_deliveries (tenant_id, endpoint_id, conversation_id, seq)
    WHERE conversation_sequence IS NOT NULL;
CREATE INDEX pings_of_an_endpoint ON webhook_deliveries (tenant_id, endpoint_id, id) WHERE kind = 'ping';
CALL protect('webhook_deliveries', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE');

-- Whose turn it is. One worker at a time serves an endpoint: it holds the lane's lease, and every word on a delivery is
-- written under its token. What was learnt of the endpoint's health outlives the worker here.
CREATE TABLE webhook_lanes (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    due_at timestamptz,          -- not later than the first of what is owed; null: nothing
    served_at timestamptz NOT NULL DEFAULT '-infinity',  -- the longest unserved come first
    lease_token uuid,
    lease_until timestamptz,
    last_seq bigint,             -- of what was owed last
    cap real NOT NULL DEFAULT 4, -- how many may be in flight; learnt
    failures integer NOT NULL DEFAULT 0,           -- without a success in between
    backoff_until timestamptz NOT NULL DEFAULT '-infinity',
    failing_since timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint_id),
    CONSTRAINT lane_lease_and_token_come_together CHECK ((lease_token IS NULL) = (lease_until IS NULL)),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id)
) WITH (fillfactor = 50);
-- Of the whole server, not of a tenant: the endpoints that something is owed to.
CREATE INDEX webhook_lanes_by_time ON webhook_lanes (due_at) WHERE due_at IS NOT NULL;
CALL protect('webhook_lanes', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

-- Every attempt, by month.
CREATE TABLE webhook_attempts (
    tenant_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    delivery_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    number integer NOT NULL,     -- from 1, of the delivery
    outcome text NOT NULL CONSTRAINT attempt_outcome_is_known CHECK (outcome IN ('success', 'failure')),
    status_code integer,         -- null: no answer
    error_kind text,
    error text,
    address text,                -- that was dialled
    dns_ms real,
    connect_ms real,
    tls_ms real,
    first_byte_ms real,          -- since the request was begun
    total_ms real NOT NULL,
    tls_version text,
    tls_expires_at timestamptz,  -- the receiver's certificate
    request_url text NOT NULL,
    request_headers json NOT NULL,                 -- credentials left out
    response_headers json,
    response_body text,          -- its beginning
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, delivery_id, started_at)
) PARTITION BY RANGE (started_at);
CALL protect('webhook_attempts', 'SELECT', 'SELECT, INSERT, DELETE');

CREATE PROCEDURE make_attempts_partition(month date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    first date := date_trunc('month', month);
    partition text := 'webhook_attempts_' || to_char(first, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate attempts partition', 0));
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF webhook_attempts FOR VALUES FROM (%L) TO (%L)',
            partition, first, first + interval '1 month');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format('CREATE POLICY one_tenant ON %I TO postgate_app'
            ' USING (tenant_id = (SELECT current_tenant()))', partition);
    END IF;
END
$$;
REVOKE EXECUTE ON PROCEDURE make_attempts_partition FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE make_attempts_partition TO postgate_hook;

CREATE TABLE webhook_attempts_otherwise PARTITION OF webhook_attempts DEFAULT;
ALTER TABLE webhook_attempts_otherwise ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempts_otherwise FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON webhook_attempts_otherwise TO postgate_app USING (tenant_id = (SELECT current_tenant()));

-- How an endpoint did, minute by minute: what its plots are made of.
CREATE TABLE webhook_minutes (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    succeeded integer NOT NULL,
    failed integer NOT NULL,
    -- Of the attempts that were answered, how many took at most 10, 20, 50, 100, 200, 500 ms, 1, 2, 5, 10, 20 s, longer.
    latencies integer[] NOT NULL CONSTRAINT latencies_are_twelve CHECK (cardinality(latencies) = 12),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint_id, minute),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id)
) WITH (fillfactor = 50);
CALL protect('webhook_minutes', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');

-- An endpoint as the API shows it; what the log tells of it is less.
CREATE FUNCTION endpoint_json(e webhook_endpoints, OUT data json)
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', public_id('ep_', e.id),
    'url', e.url,
    'description', e.description,
    'event_types', e.event_types,
    'channel_ids', (SELECT json_agg(public_id('ch_', c.id) ORDER BY c.place)
        FROM unnest(e.channel_ids) WITH ORDINALITY AS c (id, place)),
    'label_ids', (SELECT json_agg(public_id('lbl_', l.id) ORDER BY l.place)
        FROM unnest(e.label_ids) WITH ORDINALITY AS l (id, place)),
    'auth', e.auth,
    'headers', e.headers,
    'schemes', e.schemes,
    'public_key', e.public_key,
    'secrets', e.secrets,
    'timeout_ms', e.timeout_ms,
    'retry_seconds', e.retry_seconds,
    'max_in_flight', e.max_in_flight,
    'per_second', e.per_second,
    'ordering', e.ordering,
    'status', e.status,
    'disabled_reason', e.disabled_reason,
    'disabled_at', iso(e.disabled_at),
    'failing_since', iso(e.failing_since),
    'warnings', e.warnings,
    'since_seq', e.since_seq,
    'created_by', public_id('usr_', e.created_by),
    'created_at', iso(e.created_at),
    'updated_at', iso(e.updated_at),
    'deleted_at', iso(e.deleted_at)
);

-- A delivery as the outside sees it. Why it waits is not kept but seen from its endpoint as it is now.
CREATE FUNCTION delivery_json(d webhook_deliveries, OUT data json)
LANGUAGE sql STABLE
RETURN (
    SELECT json_build_object(
        'id', public_id('dlv_', d.id),
        'endpoint_id', public_id('ep_', d.endpoint_id),
        'kind', d.kind,
        'event_id', public_id('evt_', d.event_id),
        'event_type', d.event_type,
        'seq', d.seq,
        'previous_seq', d.previous_seq,
        'conversation_id', public_id('cnv_', d.conversation_id),
        'conversation_sequence', d.conversation_sequence,
        'status', d.status,
        'attempts', d.attempts,
        'next_attempt_at', iso(d.next_attempt_at),
        'held_reason', CASE
            WHEN d.next_attempt_at IS NULL THEN NULL
            WHEN e.deleted_at IS NOT NULL THEN 'endpoint_deleted'
            WHEN d.kind = 'ping' THEN NULL
            WHEN e.status = 'disabled' THEN 'endpoint_disabled'
            WHEN l.backoff_until > now() THEN 'endpoint_backing_off'
            WHEN d.next_attempt_at > now() THEN 'waiting_to_retry'
            WHEN d.conversation_sequence IS NOT NULL AND EXISTS (
                SELECT FROM webhook_deliveries o
                WHERE o.tenant_id = d.tenant_id AND o.endpoint_id = d.endpoint_id
                  AND o.conversation_id = d.conversation_id AND o.seq < d.seq
                  AND o.conversation_sequence IS NOT NULL AND o.next_attempt_at IS NOT NULL
                ) THEN 'earlier_of_its_conversation'
            END,
        'response_status_code', d.response_status_code,
        'error_kind', d.error_kind,
        'error', d.error,
        'last_attempt_at', iso(d.last_attempt_at),
        'finished_at', iso(d.finished_at),
        'created_at', iso(d.created_at),
        'updated_at', iso(d.updated_at))
    FROM webhook_endpoints e
    LEFT JOIN webhook_lanes l ON l.tenant_id = e.tenant_id AND l.endpoint_id = e.id
    WHERE e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
);

CREATE FUNCTION attempt_json(a webhook_attempts, OUT data json)
LANGUAGE sql STABLE
RETURN json_build_object(
    'delivery_id', public_id('dlv_', a.delivery_id),
    'endpoint_id', public_id('ep_', a.endpoint_id),
    'number', a.number,
    'started_at', iso(a.started_at),
    'outcome', a.outcome,
    'status_code', a.status_code,
    'error_kind', a.error_kind,
    'error', a.error,
    'address', a.address,
    'dns_ms', a.dns_ms,
    'connect_ms', a.connect_ms,
    'tls_ms', a.tls_ms,
    'first_byte_ms', a.first_byte_ms,
    'total_ms', a.total_ms,
    'tls_version', a.tls_version,
    'tls_expires_at', iso(a.tls_expires_at),
    'request', json_build_object('url', a.request_url, 'headers', a.request_headers),
    'response', CASE WHEN a.status_code IS NOT NULL THEN
        json_build_object('status', a.status_code, 'headers', a.response_headers, 'body', a.response_body) END
);
