-- Personal data in texts: what a tenant looks for, what was found, how far its log was read for it; and endpoints that
-- get it masked.

-- What a tenant says. A kind without a row is looked for as it is from the beginning: numbers of cards, accounts and
-- ids are, what everybody writes in a conversation (addresses, phone numbers) is not.
CREATE TABLE pii_detection_rules (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT pii_kind_is_known CHECK (kind IN
        ('email', 'phone', 'postal_address', 'national_id', 'payment_card', 'iban', 'custom')),
    name text NOT NULL DEFAULT '',     -- of a custom pattern, for people
    pattern text,                      -- a custom pattern's template, such as AB-999999
    enabled boolean NOT NULL,
    countries text[],                  -- of national ids and phone numbers; null: what is usual
    changed_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT custom_patterns_have_one CHECK ((kind = 'custom') = (pattern IS NOT NULL))
);
CREATE UNIQUE INDEX one_rule_of_a_kind ON pii_detection_rules (tenant_id, kind) WHERE kind <> 'custom';
CREATE UNIQUE INDEX one_pattern_of_a_name ON pii_detection_rules (tenant_id, lower(name))
    WHERE kind = 'custom' AND deleted_at IS NULL;
CALL protect('pii_detection_rules', 'SELECT, INSERT, UPDATE', 'SELECT');

-- What was found, and what somebody says of it. The text that was found is not here: its place is, and a masked sample.
CREATE TABLE pii_detection_results (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    detector text NOT NULL,            -- more exactly: a country's id, a card's issuer; of a custom pattern its id
    message_id uuid,                   -- either the message or note that it stands in, or the customer
    customer_id uuid,
    conversation_id uuid,              -- of the message
    field text NOT NULL,               -- text, subject, name, …; a custom field's key; a customer's note by its id
    start_at integer NOT NULL,         -- in code points of that field
    end_at integer NOT NULL,           -- behind the last one
    confidence real NOT NULL CONSTRAINT pii_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    sample text NOT NULL,              -- masked
    state text NOT NULL DEFAULT 'open' CONSTRAINT pii_state_is_known CHECK (state IN ('open', 'confirmed', 'dismissed')),
    reviewed_by uuid,
    reviewed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT pii_is_somewhere CHECK (num_nonnulls(message_id, customer_id) = 1 AND start_at >= 0 AND end_at > start_at),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX one_result_of_a_place ON pii_detection_results
    (tenant_id, message_id, customer_id, field, start_at, end_at, kind) NULLS NOT DISTINCT;
CREATE INDEX pii_by_customer ON pii_detection_results (tenant_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX pii_newest ON pii_detection_results (tenant_id, created_at DESC, id DESC);
CREATE INDEX pii_to_review ON pii_detection_results (tenant_id, created_at DESC, id DESC) WHERE state = 'open';
CALL protect('pii_detection_results', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE');

-- How far each tenant's log was read for personal data.
CREATE TABLE pii_heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    read_seq bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CALL protect('pii_heads', 'SELECT, INSERT, UPDATE', 'SELECT');

-- Whose log has grown since it was read for personal data, those first that have waited longest.
CREATE FUNCTION logs_to_detect(most integer) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT t.tenant_id
FROM tenant_heads t LEFT JOIN pii_heads p ON p.tenant_id = t.tenant_id
WHERE t.last_seq > coalesce(p.read_seq, 0)
ORDER BY p.updated_at NULLS FIRST, t.tenant_id LIMIT most
$$;

ALTER TABLE webhook_endpoints ADD COLUMN mask_pii text NOT NULL DEFAULT 'none'
    CONSTRAINT mask_is_known CHECK (mask_pii IN ('none', 'detected'));

-- As before, with what is masked.
CREATE OR REPLACE FUNCTION endpoint_json(e webhook_endpoints, OUT data json)
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
    'mask_pii', e.mask_pii,
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

-- What is masked in what goes to endpoints: a row for each rule of their tenants, of those that get data masked; one
-- without a kind where the tenant said nothing of its own.
CREATE FUNCTION endpoints_to_mask(tenants uuid[], endpoints uuid[])
RETURNS TABLE (endpoint_id uuid, id uuid, kind text, pattern text, enabled boolean, countries text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT e.id, r.id, r.kind, r.pattern, r.enabled, r.countries
FROM unnest(tenants, endpoints) AS o (tenant_id, endpoint_id)
JOIN webhook_endpoints e ON e.tenant_id = o.tenant_id AND e.id = o.endpoint_id
LEFT JOIN pii_detection_rules r ON r.tenant_id = e.tenant_id AND r.deleted_at IS NULL
WHERE e.mask_pii = 'detected'
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['logs_to_detect(integer)', 'endpoints_to_mask(uuid[], uuid[])']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;

-- As before, with who looks for personal data.
CREATE OR REPLACE FUNCTION log_readers()
RETURNS TABLE (reader text, tenants bigint, entries bigint, seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH place AS (
    SELECT 'delivery' AS reader, d.tenant_id, d.dispatched_seq AS seq FROM delivery_heads d
    UNION ALL
    SELECT 'search', t.tenant_id, coalesce(s.indexed_seq, 0)
    FROM tenant_heads t LEFT JOIN search_heads s ON s.tenant_id = t.tenant_id
    UNION ALL
    SELECT 'detection', t.tenant_id, coalesce(p.read_seq, 0)
    FROM tenant_heads t LEFT JOIN pii_heads p ON p.tenant_id = t.tenant_id
), behind AS (
    SELECT p.reader, t.last_seq - p.seq AS entries, extract(epoch FROM now() - oldest.created_at) AS seconds
    FROM place p
    JOIN tenant_heads t ON t.tenant_id = p.tenant_id AND t.last_seq > p.seq
    LEFT JOIN LATERAL (
        SELECT e.created_at FROM events e
        WHERE e.tenant_id = p.tenant_id AND e.seq > p.seq ORDER BY e.seq LIMIT 1) oldest ON true
)
SELECT r.reader, count(b.entries), coalesce(sum(b.entries), 0)::bigint, coalesce(max(b.seconds), 0)::double precision
FROM (VALUES ('delivery'), ('detection'), ('search')) AS r (reader) LEFT JOIN behind b ON b.reader = r.reader
GROUP BY r.reader ORDER BY r.reader
$$;
