-- Customers, their conversations and messages, and the table that makes every external id count once.

CREATE TABLE customers (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text,
    business_name text,
    customer_code text,
    status text NOT NULL DEFAULT 'active'
        CONSTRAINT customer_status_is_known CHECK (status IN ('active', 'blocked', 'merged')),
    custom_fields jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CALL protect('customers', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE');

CREATE TABLE customer_identities (
    tenant_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT identity_kind_is_known CHECK (kind IN ('phone', 'whatsapp', 'bsuid', 'email')),
    value text NOT NULL CONSTRAINT identity_is_not_empty CHECK (value <> ''),
    customer_id uuid NOT NULL,
    position integer GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, kind, value),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id)
);
CREATE INDEX identities_of_a_customer ON customer_identities (tenant_id, customer_id);
CALL protect('customer_identities', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT');

CREATE TABLE conversations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    threading text NOT NULL CONSTRAINT threading_is_known CHECK (threading IN ('customer', 'mail')),
    status text NOT NULL DEFAULT 'open'
        CONSTRAINT conversation_status_is_known CHECK (status IN ('open', 'pending', 'snoozed', 'resolved')),
    priority text NOT NULL DEFAULT 'normal'
        CONSTRAINT priority_is_known CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    assignee_id uuid,
    subject text,
    unread_count integer NOT NULL DEFAULT 0 CONSTRAINT unread_is_not_negative CHECK (unread_count >= 0),
    last_message_at timestamptz NOT NULL,   -- the newest message's provider time
    window_expires_at timestamptz,          -- WhatsApp: free text may be sent until then
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES memberships (tenant_id, user_id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX one_conversation_per_customer ON conversations (tenant_id, channel_id, customer_id)
    WHERE threading = 'customer';
CREATE INDEX conversation_list ON conversations (tenant_id, status, last_message_at DESC, id DESC);
CREATE INDEX conversations_of_a_customer ON conversations (tenant_id, customer_id);
CALL protect('conversations', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE');

CREATE TABLE messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    external_id text,
    direction text NOT NULL CONSTRAINT direction_is_known CHECK (direction IN ('inbound', 'outbound')),
    medium text NOT NULL CONSTRAINT medium_is_known CHECK (medium IN ('whatsapp', 'sms', 'mms', 'email')),
    kind text NOT NULL,
    text text,
    preview text NOT NULL DEFAULT '',   -- one line of it, for lists
    parts jsonb,                 -- locations and contact cards; files are rows of "attachments"
    sender_name text,
    sender_address text,
    recipients text[] NOT NULL DEFAULT '{}',
    in_reply_to text,            -- the provider's id of the earlier message
    subject text,
    mail jsonb,                  -- what only mail has: cc, message_id, reply_text, auto, from_verified …
    extra jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL,
    status_rank smallint NOT NULL DEFAULT 0,
    status_at jsonb NOT NULL DEFAULT '{}',
    error jsonb,
    occurred_at timestamptz NOT NULL,   -- the provider's time; the time of receipt when it sent none
    received_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
);
CREATE INDEX thread ON messages (tenant_id, conversation_id, occurred_at DESC, id DESC);
CREATE INDEX replies ON messages (tenant_id, channel_id, in_reply_to) WHERE in_reply_to IS NOT NULL;
CALL protect('messages', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE');

CREATE TABLE message_html (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    html text NOT NULL,          -- sanitised when it was stored
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id)
);
CALL protect('message_html', 'SELECT', 'SELECT, INSERT');

CREATE TABLE attachments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    position smallint NOT NULL,
    type text NOT NULL,
    provider_media_id text,
    provider_url text,
    filename text,
    mime_type text,
    size_bytes bigint,
    sha256 text,
    content_id text,
    state text NOT NULL CONSTRAINT attachment_state_is_known
        CHECK (state IN ('pending', 'stored', 'failed', 'expired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id, position),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id)
);
CALL protect('attachments', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT');

-- A row without a message is held by a status that came before its message. Both writers meet in this key,
-- so that the database decides who was first.
CREATE TABLE external_message_mappings (
    tenant_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    external_id text NOT NULL CONSTRAINT external_id_is_not_empty CHECK (external_id <> ''),
    message_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel_id, external_id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
);
CALL protect('external_message_mappings', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE');

-- Every status ever told, once. A message's own status is folded from these, whatever order they came in.
CREATE TABLE message_statuses (
    tenant_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    external_id text NOT NULL,   -- of the message
    key text NOT NULL,           -- tells this status from the message's other ones
    status text NOT NULL,
    rank smallint NOT NULL,      -- the highest one wins; below zero never shows
    occurred_at timestamptz NOT NULL,
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel_id, external_id, key),
    FOREIGN KEY (tenant_id, channel_id, external_id)
        REFERENCES external_message_mappings (tenant_id, channel_id, external_id)
);
CALL protect('message_statuses', 'SELECT, INSERT', 'SELECT, INSERT, UPDATE');

-- Message-IDs that a mail conversation holds or mentions (RFC 5322 section 3.6.4).
CREATE TABLE mail_threads (
    tenant_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    message_id text NOT NULL CONSTRAINT message_id_is_not_empty CHECK (message_id <> ''),
    conversation_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel_id, message_id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
);
CALL protect('mail_threads', 'SELECT', 'SELECT, INSERT');
