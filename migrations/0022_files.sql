-- Files: what agents upload and what customers sent. The bytes lie in the storage, under keys made of their digest.

-- Files with the same bytes share what lies under their key; the last one takes it along.
CREATE TABLE files (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    sha256 text NOT NULL CONSTRAINT digest_is_hexadecimal CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CONSTRAINT file_is_not_empty CHECK (size_bytes > 0),
    mime_type text NOT NULL,
    filename text,
    storage_key text NOT NULL,
    state text NOT NULL CONSTRAINT file_state_is_known CHECK (state IN ('pending', 'stored')),
    width integer,
    height integer,
    duration_ms integer,
    uploaded_by uuid,            -- the member who did; null: it came from outside, or by an API key
    expires_at timestamptz,      -- when it goes if no message has it by then; null: a message has it
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, uploaded_by) REFERENCES memberships (tenant_id, user_id)
);
CREATE INDEX files_of_a_key ON files (tenant_id, storage_key);
-- Of the whole server, not of a tenant: what is to be removed. It holds rows without a message only.
CREATE INDEX files_without_a_message ON files (expires_at) WHERE expires_at IS NOT NULL;
CALL protect('files', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, UPDATE');

ALTER TABLE attachments
    ADD COLUMN file_id uuid,
    ADD COLUMN error text,       -- why there are no bytes, for people
    ADD COLUMN tries smallint NOT NULL DEFAULT 0,
    ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),  -- of the next try; while one is made, the end of its lease
    ADD CONSTRAINT attachments_file FOREIGN KEY (tenant_id, file_id) REFERENCES files (tenant_id, id);
CREATE INDEX attachments_of_a_file ON attachments (tenant_id, file_id) WHERE file_id IS NOT NULL;
-- Of the whole server, not of a tenant: the queue of files to be fetched. It holds pending rows only.
CREATE INDEX files_to_fetch ON attachments (due_at) WHERE state = 'pending';
GRANT UPDATE ON attachments TO postgate_writer;

CREATE FUNCTION attachment_json(a attachments) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('att_', a.id), 'type', a.type, 'filename', a.filename, 'mime_type', a.mime_type,
        'size', a.size_bytes, 'width', a.width, 'height', a.height, 'duration_ms', a.duration_ms,
        'content_id', a.content_id, 'state', a.state, 'error', a.error);
END;

CREATE FUNCTION file_json(f files) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('file_', f.id), 'filename', f.filename, 'mime_type', f.mime_type, 'size', f.size_bytes,
        'sha256', f.sha256, 'width', f.width, 'height', f.height, 'duration_ms', f.duration_ms,
        'uploaded_by', public_id('usr_', f.uploaded_by), 'created_at', iso(f.created_at),
        'expires_at', iso(f.expires_at));
END;

-- As before, with why a file is missing.
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
            SELECT json_agg(j.data ORDER BY a.position)
            FROM attachments a CROSS JOIN LATERAL attachment_json(a) j
            WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id), '[]'::json)
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

-- What its author took back is no longer handed out, and not fetched any more.
CREATE FUNCTION forget_files() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    held uuid[] := ARRAY(
        SELECT a.file_id FROM attachments a
        WHERE a.tenant_id = NEW.tenant_id AND a.message_id = NEW.id AND a.file_id IS NOT NULL);
BEGIN
    UPDATE attachments a SET file_id = NULL, state = 'expired'
    WHERE a.tenant_id = NEW.tenant_id AND a.message_id = NEW.id;
    UPDATE files f SET expires_at = now()
    WHERE f.tenant_id = NEW.tenant_id AND f.id = ANY (held)
      AND NOT EXISTS (SELECT FROM attachments a WHERE a.tenant_id = f.tenant_id AND a.file_id = f.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_files AFTER UPDATE OF deleted_at ON messages FOR EACH ROW
WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
EXECUTE FUNCTION forget_files();

-- Leases the files of one message that are due, the one waiting longest first. Whoever records what became of them
-- names the end of the lease, so that a later lease is not written over.
CREATE FUNCTION claim_files(busy uuid[], lease interval)
RETURNS TABLE (tenant_id uuid, attachment_id uuid, message_id uuid, integration_id uuid, channel_address text,
    medium text, external_id text, received_at timestamptz, "position" smallint, type text, provider_media_id text,
    provider_url text, filename text, mime_type text, tries smallint, lease_until timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    chosen record;
BEGIN
    SELECT a.tenant_id, a.message_id, h.integration_id, h.address, m.medium, m.external_id, m.received_at
    INTO chosen
    FROM attachments a
    JOIN messages m ON m.tenant_id = a.tenant_id AND m.id = a.message_id
    JOIN channels h ON h.tenant_id = m.tenant_id AND h.id = m.channel_id
    WHERE a.state = 'pending' AND a.due_at <= now() AND h.integration_id <> ALL (busy)
    ORDER BY a.due_at LIMIT 1 FOR UPDATE OF a SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH due AS (
        SELECT a.tenant_id, a.id FROM attachments a
        WHERE a.tenant_id = chosen.tenant_id AND a.message_id = chosen.message_id
          AND a.state = 'pending' AND a.due_at <= now()
        FOR UPDATE SKIP LOCKED
    )
    UPDATE attachments a SET tries = a.tries + 1, due_at = clock_timestamp() + lease
    FROM due WHERE a.tenant_id = due.tenant_id AND a.id = due.id
    RETURNING a.tenant_id, a.id, a.message_id, chosen.integration_id, chosen.address, chosen.medium,
        chosen.external_id, chosen.received_at, a.position, a.type, a.provider_media_id, a.provider_url, a.filename,
        a.mime_type, a.tries, a.due_at;
END
$$;

CREATE FUNCTION stale_files(wanted integer) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT f.tenant_id, f.id FROM files f WHERE f.expires_at <= now() ORDER BY f.expires_at LIMIT wanted
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['claim_files(uuid[], interval)', 'stale_files(integer)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
