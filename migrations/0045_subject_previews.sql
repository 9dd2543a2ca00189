-- What lists show of a conversation's subject: with personal data hidden in it, as in the previews of messages.

ALTER TABLE conversations ADD COLUMN subject_preview text;   -- null: as it is written

-- Another subject has not been looked through. Processes of the version before don't know the column.
CREATE FUNCTION forget_subject_preview() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.subject_preview := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER forget_subject_preview BEFORE UPDATE OF subject ON conversations FOR EACH ROW
    WHEN (NEW.subject IS DISTINCT FROM OLD.subject) EXECUTE FUNCTION forget_subject_preview();

-- As before, with what lists show of the subject.
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
        'subject_preview', coalesce(c.subject_preview, c.subject),
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
