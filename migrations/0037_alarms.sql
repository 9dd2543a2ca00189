-- Alarms that stand until what they are about is over: a connection that is silent, a login that ends.

ALTER TABLE external_integrations ADD silence text NOT NULL DEFAULT 'normal'
    CONSTRAINT silence_is_known CHECK (silence IN ('off', 'low', 'normal', 'high'));

CREATE TABLE standing_alarms (
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT alarm_kind_is_known CHECK (kind IN ('silence', 'login')),
    level text NOT NULL CONSTRAINT alarm_level_is_known CHECK (level IN ('warning', 'critical')),
    sentence text NOT NULL,
    since timestamptz NOT NULL,   -- of a silence: when the last webhook came
    expires_at timestamptz,       -- of a login; null: the provider refuses it now
    days_left integer,            -- of a login, when it was told of last
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, integration_id, kind),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CALL protect('standing_alarms', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT');

-- In which hours of the last four weeks a connection got webhooks: its rhythm.
CREATE TABLE webhook_hours (
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, integration_id, hour),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CALL protect('webhook_hours', '', 'SELECT, INSERT, DELETE');

-- Notes which connections got webhooks lately, and forgets what is too long ago to count. It looks three hours back:
-- should nobody have looked for longer than that, there was nobody to take a webhook either.
CREATE FUNCTION note_webhook_hours(as_of timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    this_hour timestamptz := date_trunc('hour', as_of, 'UTC');
BEGIN
    INSERT INTO webhook_hours (tenant_id, integration_id, hour)
    SELECT i.tenant_id, i.id, h.hour
    FROM external_integrations i
    CROSS JOIN generate_series(this_hour - interval '2 hours', this_hour, interval '1 hour') AS h (hour)
    WHERE i.deleted_at IS NULL AND i.status <> 'disabled'
      AND NOT EXISTS (
          SELECT FROM webhook_hours w WHERE w.tenant_id = i.tenant_id AND w.integration_id = i.id AND w.hour = h.hour)
      AND EXISTS (
          SELECT FROM inbound_webhooks w
          WHERE w.tenant_id = i.tenant_id AND w.integration_id = i.id AND w.received_at >= h.hour
            AND w.received_at < h.hour + interval '1 hour')
    ON CONFLICT DO NOTHING;
    DELETE FROM webhook_hours w USING external_integrations i
    WHERE w.tenant_id = i.tenant_id AND w.integration_id = i.id AND w.hour < as_of - interval '36 days';
END
$$;

-- Which connections are silent all of a sudden, and which are so no longer. How long that is is up to their own rhythm:
-- of the hours since the last webhook (whole ones, a week's at most), so many usually had one, as the same hours of the
-- weeks before tell. Two weeks have to be known.
CREATE FUNCTION changed_silences(as_of timestamptz)
RETURNS TABLE (tenant_id uuid, integration_id uuid, silent boolean, last_at timestamptz, usual integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH known AS (
    SELECT i.tenant_id, i.id, i.silence, a.since,
        i.deleted_at IS NULL AND i.status <> 'disabled' AND i.silence <> 'off' AS minded, l.first, l.last
    FROM external_integrations i
    CROSS JOIN LATERAL (
        SELECT min(w.hour) AS first, max(w.hour) AS last FROM webhook_hours w
        WHERE w.tenant_id = i.tenant_id AND w.integration_id = i.id) l
    LEFT JOIN standing_alarms a ON a.tenant_id = i.tenant_id AND a.integration_id = i.id AND a.kind = 'silence'
), expected AS (
    SELECT k.*, e.usual
    FROM known k
    CROSS JOIN LATERAL (
        SELECT least(4, floor(extract(epoch FROM as_of - k.first) / 604800))::integer AS weeks) w
    CROSS JOIN LATERAL (
        SELECT count(*)::numeric / greatest(w.weeks, 1) AS usual
        FROM generate_series(
            greatest(k.last + interval '1 hour', date_trunc('hour', as_of, 'UTC') - interval '168 hours'),
            date_trunc('hour', as_of, 'UTC') - interval '1 hour', interval '1 hour') AS s (hour)
        CROSS JOIN generate_series(1, w.weeks) AS ago (weeks)
        JOIN webhook_hours h ON h.tenant_id = k.tenant_id AND h.integration_id = k.id
            AND h.hour = s.hour - ago.weeks * interval '168 hours') e
    WHERE k.minded AND k.since IS NULL AND w.weeks >= 2
)
SELECT e.tenant_id, e.id, true, coalesce((
        SELECT max(w.received_at) FROM inbound_webhooks w
        WHERE w.tenant_id = e.tenant_id AND w.integration_id = e.id AND w.received_at >= e.last
          AND w.received_at < e.last + interval '1 hour'), e.last), floor(e.usual)::integer
FROM expected e
WHERE e.usual >= CASE e.silence WHEN 'high' THEN 2 WHEN 'low' THEN 8 ELSE 4 END
UNION ALL
SELECT k.tenant_id, k.id, false, k.last, 0
FROM known k
WHERE k.since IS NOT NULL AND (NOT k.minded OR k.last > k.since)
$$;

-- Whose logins are to be looked after.
CREATE FUNCTION connections_with_logins(providers text[]) RETURNS TABLE (tenant_id uuid, integration_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT i.tenant_id, i.id FROM external_integrations i
WHERE i.provider = ANY (providers) AND i.deleted_at IS NULL AND i.status <> 'disabled'
$$;

CREATE FUNCTION count_alarms() RETURNS TABLE (kind text, standing bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT k.kind, count(a.kind)
FROM unnest(ARRAY['silence', 'login']) AS k (kind) LEFT JOIN standing_alarms a ON a.kind = k.kind
GROUP BY k.kind
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['note_webhook_hours(timestamptz)', 'changed_silences(timestamptz)',
        'connections_with_logins(text[])', 'count_alarms()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
