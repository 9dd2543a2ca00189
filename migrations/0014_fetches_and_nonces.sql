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

-- Some proofs don't cover the whole request: what they hold counts once, for one request. Both are kept as digests.
CREATE TABLE webhook_nonces (
    tenant_id uuid NOT NULL,
    integration_id uuid NOT NULL,
    nonce bytea NOT NULL,
    request bytea NOT NULL,
    holders integer NOT NULL,  -- how many are storing that request just now
    lease_until timestamptz,  -- until when they have it for themselves; NULL once it is stored
    kept_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, integration_id, nonce),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id)
);
CREATE INDEX webhook_nonces_by_end ON webhook_nonces (kept_until);
CALL protect('webhook_nonces', '', 'SELECT, INSERT, UPDATE, DELETE');

-- Takes a nonce for a request that is about to be stored. 'taken': store it; 'used': another was stored with it;
-- 'held': another is being stored, and may fail. Whoever holds one and dies loses it when the lease ends.
CREATE FUNCTION take_nonce(tenant uuid, integration uuid, once bytea, digest bytea, lease interval, kept interval)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    found_one webhook_nonces;
BEGIN
    INSERT INTO webhook_nonces AS n (tenant_id, integration_id, nonce, request, holders, lease_until, kept_until)
    VALUES (tenant, integration, once, digest, 1, now() + lease, now() + kept)
    ON CONFLICT (tenant_id, integration_id, nonce) DO UPDATE
    SET request = excluded.request, lease_until = excluded.lease_until, kept_until = excluded.kept_until,
        holders = CASE WHEN n.lease_until < now() THEN 1 ELSE n.holders + 1 END
    WHERE n.lease_until < now() OR (n.lease_until IS NOT NULL AND n.request = excluded.request);
    IF FOUND THEN
        RETURN 'taken';
    END IF;
    SELECT * INTO found_one FROM webhook_nonces n
    WHERE n.tenant_id = tenant AND n.integration_id = integration AND n.nonce = once;
    RETURN CASE
        WHEN NOT FOUND OR found_one.lease_until IS NOT NULL THEN 'held'  -- not found: just given back
        WHEN found_one.request = digest THEN 'taken'
        ELSE 'used'
    END;
END
$$;

-- The request is stored: from now on the nonce is used up.
CREATE FUNCTION use_nonce(tenant uuid, integration uuid, once bytea, digest bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
UPDATE webhook_nonces n SET lease_until = NULL
WHERE n.tenant_id = tenant AND n.integration_id = integration AND n.nonce = once AND n.request = digest
    AND n.lease_until IS NOT NULL
$$;

-- The request could not be stored: its provider may repeat it with other bytes, once nobody else is storing it.
CREATE FUNCTION give_nonce_back(tenant uuid, integration uuid, once bytea, digest bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
UPDATE webhook_nonces n
SET holders = n.holders - 1, lease_until = CASE WHEN n.holders > 1 THEN n.lease_until ELSE '-infinity' END
WHERE n.tenant_id = tenant AND n.integration_id = integration AND n.nonce = once AND n.request = digest
    AND n.lease_until IS NOT NULL
$$;

CREATE FUNCTION forget_nonces() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DELETE FROM webhook_nonces WHERE kept_until < now()
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['claim_mails(integer, interval)',
        'postpone_mail(uuid, timestamptz, uuid, interval, boolean, boolean)',
        'take_nonce(uuid, uuid, bytea, bytea, interval, interval)', 'use_nonce(uuid, uuid, bytea, bytea)',
        'give_nonce_back(uuid, uuid, bytea, bytea)', 'forget_nonces()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
