-- Whose an address is that hosts may deliver to without a login: who had the mailbox first has all that stands behind a
-- plus, too, and who has a domain's first mailbox has its reply addresses.

-- Since when a mailbox, or a pattern of reply addresses, is held without a break; null: as long as it exists.
ALTER TABLE channels ADD COLUMN held_since timestamptz;
ALTER TABLE external_integrations ADD COLUMN reply_pattern_since timestamptz;

CREATE FUNCTION hold_mailbox_anew() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    NEW.held_since := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER hold_mailbox_anew BEFORE UPDATE OF deleted_at ON channels FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION hold_mailbox_anew();

CREATE FUNCTION hold_pattern_anew() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    NEW.reply_pattern_since := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER hold_pattern_anew BEFORE UPDATE OF config ON external_integrations FOR EACH ROW
    WHEN (OLD.config ->> 'reply_address_pattern' IS DISTINCT FROM NEW.config ->> 'reply_address_pattern')
    EXECUTE FUNCTION hold_pattern_anew();

-- Not led by the tenant, as in 0015: a recipient names a mailbox only.
CREATE INDEX first_mailbox_of_a_domain
    ON channels (lower(split_part(address, '@', 2)), (coalesce(held_since, created_at)))
    WHERE provider = 'smtp' AND kind = 'email' AND deleted_at IS NULL;

-- What may tell whose a recipient is, held longest first: mailboxes of the name, with and without what stands behind a
-- plus; the first mailbox of the domain; and patterns of reply addresses there. What does not serve now (disabled) is
-- among them: a mailbox that pauses is nobody else's meanwhile.
CREATE FUNCTION mail_claims(recipient text, bare text, domain text)
RETURNS TABLE (tenant_id uuid, integration_id uuid, mailbox text, reply_pattern text, serves boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT f.tenant_id, f.integration_id, f.mailbox, f.reply_pattern,
    i.status <> 'disabled' AND t.status = 'active'
FROM (
    SELECT c.tenant_id, c.integration_id, lower(c.address) AS mailbox, NULL::text AS reply_pattern,
        coalesce(c.held_since, c.created_at) AS since
    FROM channels c
    WHERE c.provider = 'smtp' AND c.kind = 'email' AND c.deleted_at IS NULL AND lower(c.address) IN (recipient, bare)
    UNION ALL
    (SELECT c.tenant_id, c.integration_id, lower(c.address), NULL, coalesce(c.held_since, c.created_at)
    FROM channels c
    WHERE c.provider = 'smtp' AND c.kind = 'email' AND c.deleted_at IS NULL
      AND lower(split_part(c.address, '@', 2)) = domain
    ORDER BY coalesce(c.held_since, c.created_at), c.id LIMIT 1)
    UNION ALL
    SELECT i.tenant_id, i.id, NULL, i.config ->> 'reply_address_pattern',
        coalesce(i.reply_pattern_since, i.created_at)
    FROM external_integrations i
    WHERE i.provider = 'smtp' AND i.deleted_at IS NULL
      AND lower(split_part(i.config ->> 'reply_address_pattern', '@', 2)) = domain) f
JOIN external_integrations i ON i.tenant_id = f.tenant_id AND i.id = f.integration_id AND i.provider = 'smtp'
    AND i.deleted_at IS NULL
JOIN tenants t ON t.id = f.tenant_id
ORDER BY f.since, f.integration_id
$$;
ALTER FUNCTION mail_claims OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION mail_claims FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mail_claims TO postgate_hook;
