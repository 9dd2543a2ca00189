-- What a mail's provider keeps for us is fetched in several tries; what may be used once is remembered.

ALTER TABLE inbound_webhooks ADD COLUMN fetches smallint NOT NULL DEFAULT 0;  -- tries to fetch what it points at

-- As before, and says how often its content was fetched for. (attempts stops counting: a small integer must not
-- overflow for a mail that nobody can parse.)
DROP FUNCTION claim_mails(integer, interval);
CREATE FUNCTION claim_mails(wanted integer, lease interval)
RETURNS TABLE (tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text,
    url text, headers text, body bytea, verdict text, attempts smallint, fetches smallint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT w.tenant_id, w.received_at, w.id FROM inbound_webhooks w
    WHERE w.state = 'pending' AND (w.lease_until IS NULL OR w.lease_until < now())
    ORDER BY w.received_at LIMIT wanted FOR UPDATE SKIP LOCKED
)
UPDATE inbound_webhooks w SET lease_until = now() + lease, attempts = least(w.attempts + 1, 1000)
FROM due WHERE w.tenant_id = due.tenant_id AND w.received_at = due.received_at AND w.id = due.id
RETURNING w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text, w.body,
    w.verdict, w.attempts, w.fetches
$$;

-- Gives a leased mail back for a while; says whether that was an attempt to parse it, and one to fetch its content.
CREATE FUNCTION postpone_mail(
    tenant uuid, moment timestamptz, webhook uuid, wait interval, parsed boolean, fetched boolean)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
UPDATE inbound_webhooks w
SET lease_until = now() + wait, attempts = greatest(w.attempts - CASE WHEN parsed THEN 0 ELSE 1 END, 0),
    fetches = least(w.fetches + CASE WHEN fetched THEN 1 ELSE 0 END, 1000)
WHERE w.tenant_id = tenant AND w.received_at = moment AND w.id = webhook AND w.state = 'pending'
$$;

-- Some proofs don't cover the body: what they hold counts once, for one body. Both are kept as digests.
CREATE TABLE webhook_nonces (
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    nonce bytea NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, integration_id, nonce),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CALL protect('webhook_nonces', '', 'SELECT, INSERT, DELETE');

-- True when a nonce came with another body before.
CREATE FUNCTION is_nonce_used(tenant uuid, integration uuid, once bytea, digest bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT EXISTS (
    SELECT FROM webhook_nonces n
    WHERE n.tenant_id = tenant AND n.integration_id = integration AND n.nonce = once AND n.body <> digest)
$$;

-- Called once the webhook is stored: a provider that got no answer may repeat it with other bytes.
CREATE FUNCTION take_nonce(tenant uuid, integration uuid, once bytea, digest bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO webhook_nonces (tenant_id, integration_id, nonce, body) VALUES (tenant, integration, once, digest)
ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION forget_nonces(age interval) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DELETE FROM webhook_nonces WHERE created_at < now() - age
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['claim_mails(integer, interval)',
        'postpone_mail(uuid, timestamptz, uuid, interval, boolean, boolean)', 'is_nonce_used(uuid, uuid, bytea, bytea)',
        'take_nonce(uuid, uuid, bytea, bytea)', 'forget_nonces(interval)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
