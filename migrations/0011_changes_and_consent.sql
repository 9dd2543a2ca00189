-- What happens to messages and customers after they came: edits, revokes, opt-outs; and alarms of a connection.

ALTER TABLE messages ADD COLUMN edited_at timestamptz;  -- the latest edit; "deleted_at" is when it was revoked

-- Every edit and revoke ever told, once, and the text that was there before them. A message's own text is folded from
-- these, whatever order they came in; those that come before their message wait here for it.
CREATE TABLE message_changes (
    tenant_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    external_id text NOT NULL,   -- of the message
    kind text NOT NULL CONSTRAINT change_kind_is_known CHECK (kind IN ('original', 'edit', 'revoke')),
    key text NOT NULL,           -- tells this change from the message's other ones
    text text,
    preview text NOT NULL DEFAULT '',
    occurred_at timestamptz NOT NULL,  -- as the provider told it, even if that is still to come
    direction text,              -- edit, revoke: of the messages that whoever made it may change
    authors text[],              -- an inbound one's: under these addresses the customer made it
    applies boolean NOT NULL DEFAULT true,  -- false once it is known that somebody else wrote the message
    webhook_id uuid,             -- that told of it, and counts it
    webhook_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel_id, external_id, kind, key),
    FOREIGN KEY (tenant_id, channel_id, external_id)
        REFERENCES external_message_mappings (tenant_id, channel_id, external_id)
);
-- Few: to judge them anew when a customer gets another address.
CREATE INDEX changes_by_somebody_else ON message_changes (tenant_id) WHERE NOT applies;
CALL protect('message_changes', 'SELECT', 'SELECT, INSERT, UPDATE');

-- Every word of a customer on being written to, once. The latest one counts. An address may have opted out before
-- anybody knows whose it is.
CREATE TABLE consents (
    tenant_id uuid NOT NULL,
    address text NOT NULL CONSTRAINT address_is_not_empty CHECK (address <> ''),
    channel_id uuid NOT NULL,
    category text NOT NULL,      -- "all", or the kind of messages that it is about
    key text NOT NULL,           -- tells this word from the others of that address
    word text NOT NULL CONSTRAINT consent_is_known CHECK (word IN ('start', 'stop')),
    told_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, address, channel_id, category, key),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id)
);
CALL protect('consents', 'SELECT', 'SELECT, INSERT, UPDATE');

-- What a provider warns of: a number that was banned, an account that can't pay. The key is made of what was said, so
-- that a repeated webhook raises no alarm twice.
CREATE TABLE channel_alarms (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    channel_id uuid,             -- null: it is about the whole connection
    key text NOT NULL,
    level text NOT NULL,
    sentence text NOT NULL,
    subtype text NOT NULL,
    occurred_at timestamptz NOT NULL,
    extra jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, integration_id, key),
    FOREIGN KEY (tenant_id, integration_id) REFERENCES external_integrations (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id)
);
CREATE INDEX alarms_by_time ON channel_alarms (tenant_id, occurred_at DESC, id DESC);
CALL protect('channel_alarms', 'SELECT', 'SELECT, INSERT');

-- From which channels a customer does not want to hear, under any of its addresses.
CREATE FUNCTION opt_outs_of(customer customers)
RETURNS TABLE (channel_id uuid, address text, category text, opted_out_at timestamptz)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT latest.channel_id, latest.address, latest.category, latest.told_at
    FROM (
        SELECT DISTINCT ON (o.channel_id, o.address, o.category)
            o.channel_id, o.address, o.category, o.told_at, o.word
        FROM (
            SELECT DISTINCT i.value FROM customer_identities i
            WHERE i.tenant_id = customer.tenant_id AND i.customer_id = customer.id) known
        JOIN consents o ON o.tenant_id = customer.tenant_id AND o.address = known.value
        -- Two words at the same moment: rather not write than write unasked.
        ORDER BY o.channel_id, o.address, o.category, o.told_at DESC, o.word DESC) latest
    WHERE latest.word = 'stop';
END;

CREATE OR REPLACE FUNCTION customer_json(k customers) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
    'id', public_id('cus_', k.id), 'name', k.name,
    'identities', (
        SELECT coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value) ORDER BY i.position), '[]')
        FROM customer_identities i WHERE i.tenant_id = k.tenant_id AND i.customer_id = k.id),
    'opt_outs', (
        SELECT coalesce(json_agg(json_build_object('channel_id', public_id('ch_', o.channel_id), 'address', o.address,
            'category', o.category, 'opted_out_at', iso(o.opted_out_at)) ORDER BY o.opted_out_at, o.address), '[]')
        FROM opt_outs_of(k) o),
    'created_at', iso(k.created_at));
END;

-- As before, with what edits and revokes did. Of a message that was revoked nobody sees more than that it was there.
CREATE OR REPLACE FUNCTION message_json(m messages) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('msg_', m.id),
        'conversation_id', public_id('cnv_', m.conversation_id),
        'external_id', m.external_id,
        'channel', m.medium,
        'channel_id', public_id('ch_', m.channel_id),
        'provider', h.provider,
        'direction', m.direction,
        'kind', m.kind,
        'text', m.text,
        'preview', m.preview,
        'from', json_build_object('name', m.sender_name, 'address', m.sender_address),
        'to', m.recipients,
        'attachments', CASE WHEN m.deleted_at IS NULL THEN coalesce(m.parts::json, (
            SELECT json_agg(json_build_object(
                'id', public_id('att_', a.id), 'type', a.type, 'filename', a.filename, 'mime_type', a.mime_type,
                'size', a.size_bytes, 'state', a.state) ORDER BY a.position)
            FROM attachments a WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id), '[]'::json)
            ELSE '[]'::json END,
        'in_reply_to', m.in_reply_to,
        'reply_to_id', (
            SELECT public_id('msg_', x.message_id) FROM external_message_mappings x
            WHERE x.tenant_id = m.tenant_id AND x.channel_id = m.channel_id AND x.external_id = m.in_reply_to),
        'subject', m.subject,
        'reply_text', m.mail ->> 'reply_text',
        'has_html', coalesce((m.mail ->> 'has_html')::boolean, false),
        'mail', CASE WHEN m.mail IS NOT NULL THEN json_build_object(
            'cc', coalesce(nullif(m.mail -> 'cc', 'null'), '[]'), 'message_id', m.mail ->> 'message_id',
            'from_verified', m.mail -> 'from_verified', 'auto', m.mail ->> 'auto') END,
        'status', m.status,
        'status_at', m.status_at,
        'error', m.error,
        'occurred_at', iso(m.occurred_at),
        'received_at', iso(m.received_at),
        'created_at', iso(m.created_at),
        'edited_at', iso(m.edited_at),
        'deleted_at', iso(m.deleted_at),
        'extra', CASE WHEN m.deleted_at IS NULL THEN m.extra ELSE '{}' END)
    FROM channels h WHERE h.tenant_id = m.tenant_id AND h.id = m.channel_id;
END;

CREATE OR REPLACE FUNCTION conversation_json(c conversations) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('cnv_', c.id),
        'channel', json_build_object('id', public_id('ch_', h.id), 'kind', h.kind, 'provider', h.provider,
            'address', h.address, 'name', h.name),
        'customer', json_build_object('id', public_id('cus_', k.id), 'name', k.name, 'address', (
            SELECT i.value FROM customer_identities i
            WHERE i.tenant_id = c.tenant_id AND i.customer_id = c.customer_id
            ORDER BY i.kind = 'bsuid', i.position LIMIT 1)),
        'status', c.status,
        'priority', c.priority,
        'subject', c.subject,
        'unread_count', c.unread_count,
        'last_message', (
            SELECT json_build_object('id', public_id('msg_', m.id), 'direction', m.direction, 'kind', m.kind,
                'preview', m.preview, 'status', m.status, 'deleted', m.deleted_at IS NOT NULL,
                'at', iso(m.occurred_at))
            FROM messages m WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id
            ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1),
        'window_expires_at', iso(c.window_expires_at),
        'created_at', iso(c.created_at),
        'updated_at', iso(c.updated_at),
        'last_message_at', iso(c.last_message_at))
    FROM channels h, customers k
    WHERE h.tenant_id = c.tenant_id AND h.id = c.channel_id
      AND k.tenant_id = c.tenant_id AND k.id = c.customer_id;
END;
