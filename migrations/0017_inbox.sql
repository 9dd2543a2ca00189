-- What agents work with: teams, labels, who has a conversation and until when it sleeps, private notes in the thread;
-- and how all that looks to the outside.

-- Whoever leaves a tenant stays known as the author of what they wrote.
ALTER TABLE memberships
    ADD COLUMN status text NOT NULL DEFAULT 'active'
        CONSTRAINT membership_status_is_known CHECK (status IN ('active', 'disabled'));

CREATE TABLE teams (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL CONSTRAINT team_has_a_name CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX one_team_of_a_name ON teams (tenant_id, lower(name)) WHERE deleted_at IS NULL;
CALL protect('teams', 'SELECT, INSERT, UPDATE');

CREATE TABLE team_members (
    tenant_id uuid NOT NULL,
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, team_id, user_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id)
);
CREATE INDEX teams_of_a_member ON team_members (tenant_id, user_id);
CALL protect('team_members', 'SELECT, INSERT, DELETE');

CREATE TABLE labels (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    name text NOT NULL CONSTRAINT label_has_a_name CHECK (name <> ''),
    color text NOT NULL CONSTRAINT color_is_known CHECK (color IN (
        'grey', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink')),
    description text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX one_label_of_a_name ON labels (tenant_id, lower(name)) WHERE deleted_at IS NULL;
CALL protect('labels', 'SELECT, INSERT, UPDATE');

CREATE TABLE conversation_labels (
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    label_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, conversation_id, label_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id),
    FOREIGN KEY (tenant_id, label_id) REFERENCES labels (tenant_id, id)
);
CREATE INDEX conversations_of_a_label ON conversation_labels (tenant_id, label_id);
CALL protect('conversation_labels', 'SELECT, INSERT, DELETE', 'SELECT');

CREATE TABLE customer_labels (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    label_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, customer_id, label_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, label_id) REFERENCES labels (tenant_id, id)
);
CREATE INDEX customers_of_a_label ON customer_labels (tenant_id, label_id);
CALL protect('customer_labels', 'SELECT, INSERT, DELETE', 'SELECT');

ALTER TABLE conversations
    ADD COLUMN team_id uuid,
    ADD COLUMN snoozed_until timestamptz,
    ADD CONSTRAINT conversations_team FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
    ADD CONSTRAINT only_the_snoozed_wake CHECK ((status = 'snoozed') = (snoozed_until IS NOT NULL));

-- "internal": a private note, or a quiet line on what somebody did. No customer ever sees one.
ALTER TABLE messages
    DROP CONSTRAINT direction_is_known,
    ADD CONSTRAINT direction_is_known CHECK (direction IN ('inbound', 'outbound', 'internal')),
    ADD COLUMN author_id uuid,                       -- the member who wrote it
    ADD COLUMN mentions uuid[] NOT NULL DEFAULT '{}',  -- a note's: the members it calls
    ADD CONSTRAINT messages_author FOREIGN KEY (tenant_id, author_id) REFERENCES memberships (tenant_id, user_id);

ALTER TABLE attachments
    ADD COLUMN width integer,                        -- of pictures and films, in pixels
    ADD COLUMN height integer,
    ADD COLUMN duration_ms integer;

ALTER TABLE customers
    ADD COLUMN merged_into uuid,
    ADD CONSTRAINT customers_merged FOREIGN KEY (tenant_id, merged_into) REFERENCES customers (tenant_id, id),
    ADD CONSTRAINT only_the_merged_lead_on CHECK ((status = 'merged') = (merged_into IS NOT NULL));

-- As before, with the customer's card as agents keep it.
CREATE OR REPLACE FUNCTION customer_json(k customers) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
    'id', public_id('cus_', k.id),
    'name', k.name,
    'business_name', k.business_name,
    'customer_code', k.customer_code,
    'status', k.status,
    'merged_into', public_id('cus_', k.merged_into),
    'identities', (
        SELECT coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value) ORDER BY i.position), '[]')
        FROM customer_identities i WHERE i.tenant_id = k.tenant_id AND i.customer_id = k.id),
    'opt_outs', (
        SELECT coalesce(json_agg(json_build_object('channel_id', public_id('ch_', o.channel_id), 'address', o.address,
            'category', o.category, 'opted_out_at', iso(o.opted_out_at)) ORDER BY o.opted_out_at, o.address), '[]')
        FROM opt_outs_of(k) o),
    'label_ids', (
        SELECT coalesce(json_agg(public_id('lbl_', l.label_id) ORDER BY l.label_id), '[]')
        FROM customer_labels l WHERE l.tenant_id = k.tenant_id AND l.customer_id = k.id),
    'custom_fields', k.custom_fields,
    'created_at', iso(k.created_at),
    'updated_at', iso(k.updated_at),
    'deleted_at', iso(k.deleted_at));
END;

-- As before, with who wrote it and whom it calls.
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
        'author_id', public_id('usr_', m.author_id),
        'mentions', (
            SELECT coalesce(json_agg(public_id('usr_', u.id) ORDER BY u.position), '[]')
            FROM unnest(m.mentions) WITH ORDINALITY AS u (id, position)),
        'attachments', CASE WHEN m.deleted_at IS NULL THEN coalesce(m.parts::json, (
            SELECT json_agg(json_build_object(
                'id', public_id('att_', a.id), 'type', a.type, 'filename', a.filename, 'mime_type', a.mime_type,
                'size', a.size_bytes, 'width', a.width, 'height', a.height, 'duration_ms', a.duration_ms,
                'content_id', a.content_id, 'state', a.state) ORDER BY a.position)
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

-- As before, with who has it, its labels, and when it wakes. Notes are not what a list shows of a conversation.
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
        'snoozed_until', iso(c.snoozed_until),
        'priority', c.priority,
        'assignee_id', public_id('usr_', c.assignee_id),
        'team_id', public_id('team_', c.team_id),
        'label_ids', (
            SELECT coalesce(json_agg(public_id('lbl_', l.label_id) ORDER BY l.label_id), '[]')
            FROM conversation_labels l WHERE l.tenant_id = c.tenant_id AND l.conversation_id = c.id),
        'subject', c.subject,
        'unread_count', c.unread_count,
        'last_message', (
            SELECT json_build_object('id', public_id('msg_', m.id), 'direction', m.direction, 'kind', m.kind,
                'preview', m.preview, 'author_id', public_id('usr_', m.author_id), 'status', m.status,
                'deleted', m.deleted_at IS NOT NULL, 'at', iso(m.occurred_at))
            FROM messages m
            WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.direction <> 'internal'
            ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1),
        'window_expires_at', iso(c.window_expires_at),
        'created_at', iso(c.created_at),
        'updated_at', iso(c.updated_at),
        'last_message_at', iso(c.last_message_at))
    FROM channels h, customers k
    WHERE h.tenant_id = c.tenant_id AND h.id = c.channel_id
      AND k.tenant_id = c.tenant_id AND k.id = c.customer_id;
END;

CREATE FUNCTION team_json(t teams) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('team_', t.id),
        'name', t.name,
        'member_ids', (
            SELECT coalesce(json_agg(public_id('usr_', m.user_id) ORDER BY m.user_id), '[]')
            FROM team_members m WHERE m.tenant_id = t.tenant_id AND m.team_id = t.id),
        'created_at', iso(t.created_at),
        'updated_at', iso(t.updated_at),
        'deleted_at', iso(t.deleted_at));
END;

CREATE FUNCTION label_json(l labels) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('lbl_', l.id),
        'name', l.name,
        'color', l.color,
        'description', l.description,
        'created_at', iso(l.created_at),
        'updated_at', iso(l.updated_at),
        'deleted_at', iso(l.deleted_at));
END;

-- As before; and a customer who writes opens the conversation again, whatever it waited for.
CREATE OR REPLACE FUNCTION ingest_conversations(incoming ingest_message[], fresh boolean[], customer uuid[])
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    found_ids uuid[];
    incomplete boolean;
    letter ingest_message;
BEGIN
    FOR attempt IN 1..2 LOOP
        SELECT array_agg(c.id ORDER BY m.place),
            bool_or(c.id IS NULL AND fresh[m.place] AND m.medium <> 'email')
        INTO found_ids, incomplete
        FROM unnest(incoming) m
        LEFT JOIN LATERAL (
            SELECT k.id FROM conversations k
            WHERE k.threading = 'customer' AND k.tenant_id = m.tenant_id AND k.channel_id = m.channel_id
              AND k.customer_id = customer[m.place]
            LIMIT 1) c ON fresh[m.place] AND m.medium <> 'email';
        EXIT WHEN NOT incomplete OR attempt = 2;
        INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, last_message_at)
        SELECT DISTINCT ON (m.tenant_id, m.channel_id, customer[m.place])
            m.tenant_id, m.conversation_id, m.channel_id, customer[m.place], 'customer', m.occurred_at
        FROM unnest(incoming) m
        WHERE fresh[m.place] AND m.medium <> 'email' AND found_ids[m.place] IS NULL
        ORDER BY m.tenant_id, m.channel_id, customer[m.place], m.place
        ON CONFLICT (tenant_id, channel_id, customer_id) WHERE threading = 'customer' DO NOTHING;
    END LOOP;
    FOREACH letter IN ARRAY incoming LOOP
        IF fresh[letter.place] AND letter.medium = 'email' THEN
            found_ids[letter.place] := ingest_mail_thread(letter, customer[letter.place]);
        END IF;
    END LOOP;

    PERFORM FROM conversations c
    JOIN (SELECT DISTINCT m.tenant_id, found_ids[m.place] AS id FROM unnest(incoming) m WHERE fresh[m.place]) n
        ON c.tenant_id = n.tenant_id AND c.id = n.id
    ORDER BY c.tenant_id, c.id FOR NO KEY UPDATE OF c;

    UPDATE conversations c
    SET unread_count = c.unread_count + n.unread,
        last_message_at = greatest(c.last_message_at, n.latest),
        window_expires_at = greatest(c.window_expires_at, n.window_expires_at),
        status = CASE WHEN n.unread > 0 THEN 'open' ELSE c.status END,
        snoozed_until = CASE WHEN n.unread = 0 THEN c.snoozed_until END
    FROM (
        SELECT m.tenant_id, found_ids[m.place] AS id, max(m.occurred_at) AS latest,
            count(*) FILTER (WHERE m.direction = 'inbound' AND NOT m.quiet) AS unread,
            max(m.occurred_at + m.window_seconds * interval '1 second') AS window_expires_at
        FROM unnest(incoming) m WHERE fresh[m.place] GROUP BY 1, 2) n
    WHERE c.tenant_id = n.tenant_id AND c.id = n.id;
    RETURN found_ids;
END
$$;
