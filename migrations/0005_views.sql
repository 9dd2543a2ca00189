-- How a conversation and a message look to the outside. The log, the API and the page all show these very
-- objects, so that folding the log into an old answer gives a fresh one.
--
-- They return a table of one row, since only such functions are inlined when they hold subqueries (four times
-- faster): SELECT v.data FROM messages m CROSS JOIN LATERAL message_json(m) v.

CREATE FUNCTION public_id(prefix text, id uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN prefix || replace(id::text, '-', '');

CREATE FUNCTION iso(moment timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE FUNCTION message_json(m messages) RETURNS TABLE (data json)
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
        'attachments', coalesce(m.parts::json, (
            SELECT json_agg(json_build_object(
                'id', public_id('att_', a.id), 'type', a.type, 'filename', a.filename, 'mime_type', a.mime_type,
                'size', a.size_bytes, 'state', a.state) ORDER BY a.position)
            FROM attachments a WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id), '[]'::json),
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
        'extra', m.extra)
    FROM channels h WHERE h.tenant_id = m.tenant_id AND h.id = m.channel_id;
END;

CREATE FUNCTION conversation_json(c conversations) RETURNS TABLE (data json)
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
                'preview', m.preview, 'status', m.status, 'at', iso(m.occurred_at))
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

CREATE FUNCTION customer_json(k customers) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
    'id', public_id('cus_', k.id), 'name', k.name,
    'identities', (
        SELECT coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value) ORDER BY i.position), '[]')
        FROM customer_identities i WHERE i.tenant_id = k.tenant_id AND i.customer_id = k.id),
    'created_at', iso(k.created_at));
END;
