-- Notes: what webhooks tell beside messages and statuses. Edits and revokes of messages, words on consent, addresses
-- that belong to one person, alarms. And senders who are known under another spelling of their number.
--
-- Whose addresses they are is settled before the customers of new messages are looked up; the other notes come after
-- statuses. All of it happens in the same call. One without notes and other spellings costs what it did before.

CREATE TYPE ingest_note AS (
    place integer, webhook integer, tenant_id uuid,
    kind text,                   -- edit, revoke, consent, addresses, alarm
    counts boolean,              -- an item of its own, not what a message or a status tells by the way
    id uuid,                     -- of the alarm, or of the customer where nobody is known under any of the addresses
    channel_id uuid,
    reference text,              -- edit, revoke: the message's external id; consent: the address; alarm: its subtype
    key text,                    -- tells this note from the others about the same
    occurred_at timestamptz,
    word text,                   -- edit, revoke: the direction of what it may change; consent: start or stop;
                                 -- alarm: its level
    category text,               -- consent: the kind of messages that it is about
    text text, preview text,     -- edit: the new ones; alarm: its sentence
    kinds text[], addresses text[],  -- of one person, the one known longest first; edit, revoke: of its author
    data text                    -- alarm: what else was told
);
CREATE TYPE ingest_alias AS (
    message integer,             -- its place
    number text, alias text      -- the sender's number, and another spelling of it
);
CREATE TYPE ingest_row AS (tenant_id uuid, id uuid);

-- As before; what a business wrote by other means than ours begins as sent.
CREATE OR REPLACE FUNCTION ingest_messages(incoming ingest_message[], fresh boolean[], conversation uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text,
        preview, parts, sender_name, sender_address, recipients, in_reply_to, subject, mail, extra, status,
        status_rank, occurred_at, received_at, created_at)
    SELECT m.tenant_id, m.id, conversation[m.place], m.channel_id, m.external_id, m.direction, m.medium, m.kind,
        m.text, m.preview, m.parts::jsonb, m.sender_name, m.sender_address, m.recipients, m.in_reply_to, m.subject,
        m.mail::jsonb, coalesce(m.extra, '{}')::jsonb, m.status,
        CASE WHEN m.status = 'sent' THEN 2 ELSE 0 END, m.occurred_at, m.received_at, m.received_at
    FROM unnest(incoming) m WHERE fresh[m.place] ORDER BY m.place;

    IF EXISTS (SELECT FROM unnest(incoming) m WHERE m.attachments IS NOT NULL OR m.html IS NOT NULL) THEN
        INSERT INTO attachments (tenant_id, id, message_id, position, type, provider_media_id, provider_url,
            filename, mime_type, size_bytes, sha256, content_id, state)
        SELECT m.tenant_id, a.id, m.id, a.position, a.type, a.provider_media_id, a.provider_url, a.filename,
            a.mime_type, a.size_bytes, a.sha256, a.content_id, 'pending'
        FROM unnest(incoming) m
        CROSS JOIN LATERAL jsonb_to_recordset(m.attachments::jsonb) AS a (
            id uuid, position smallint, type text, provider_media_id text, provider_url text, filename text,
            mime_type text, size_bytes bigint, sha256 text, content_id text)
        WHERE fresh[m.place] AND m.attachments IS NOT NULL;
        INSERT INTO message_html (tenant_id, message_id, html)
        SELECT m.tenant_id, m.id, m.html FROM unnest(incoming) m WHERE fresh[m.place] AND m.html IS NOT NULL;
    END IF;
END
$$;

-- Whoever writes under another spelling of a known number is that customer: the new spelling becomes an address of
-- theirs. Answers with these customers. Those whom nobody knows under either spelling are made here, since a later
-- message of the same call may come under the other one.
CREATE FUNCTION ingest_aliases(incoming ingest_message[], fresh boolean[], aliases ingest_alias[]) RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    grown uuid[] := '{}';
    made uuid[] := '{}';
    known uuid;
    sender record;
BEGIN
    -- Two spellings at the same moment must not make two customers.
    PERFORM pg_advisory_xact_lock(s.subscriber) FROM (
        SELECT DISTINCT hashtextextended(m.tenant_id::text || least(a.number, a.alias), 0) AS subscriber
        FROM unnest(aliases) a JOIN unnest(incoming) m ON m.place = a.message WHERE fresh[m.place]
        ORDER BY 1) s;
    FOR sender IN
        SELECT m.*, a.number, a.alias,
            CASE WHEN m.identity_value = a.number THEN m.identity_kind ELSE m.other_kind END AS number_kind
        FROM unnest(aliases) a JOIN unnest(incoming) m ON m.place = a.message
        WHERE fresh[m.place] ORDER BY m.place
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM customer_identities i WHERE i.tenant_id = sender.tenant_id
              AND i.kind = sender.identity_kind AND i.value = sender.identity_value)
          OR EXISTS (
            SELECT FROM customer_identities i WHERE i.tenant_id = sender.tenant_id
              AND i.kind = sender.other_kind AND i.value = sender.other_value);
        known := (
            SELECT i.customer_id FROM customer_identities i
            WHERE i.tenant_id = sender.tenant_id AND i.kind IN ('phone', 'whatsapp') AND i.value = sender.alias
            ORDER BY i.position LIMIT 1);
        WITH taken AS (
            INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
            SELECT sender.tenant_id, i.kind, i.value, coalesce(known, sender.customer_id)
            FROM (VALUES (sender.number_kind, sender.number),
                (CASE WHEN sender.identity_kind = 'bsuid' THEN 'bsuid' END, sender.identity_value)) AS i (kind, value)
            WHERE i.kind IS NOT NULL
            ON CONFLICT DO NOTHING
            RETURNING customer_id
        )
        INSERT INTO customers (tenant_id, id, name)
        SELECT DISTINCT sender.tenant_id, t.customer_id, sender.sender_name FROM taken t WHERE known IS NULL;
        IF known IS NULL THEN
            made := made || sender.customer_id;
        ELSIF known <> ALL (made) THEN
            grown := grown || known;
        END IF;
    END LOOP;
    RETURN grown;
END
$$;

-- Addresses of one person: they become the customer's who is known under one of them, the one named first. None is taken
-- from another customer: two that exist are never made one. Says which notes were new, and whom they are about.
CREATE FUNCTION ingest_addresses(notes ingest_note[], OUT fresh_notes boolean[], OUT people ingest_row[])
LANGUAGE plpgsql
AS $$
DECLARE
    note ingest_note;
    owner uuid;
    added integer;
BEGIN
    fresh_notes := array_fill(false, ARRAY[cardinality(notes)]);
    people := '{}';
    FOREACH note IN ARRAY notes LOOP
        CONTINUE WHEN note.kind <> 'addresses';
        owner := (
            SELECT i.customer_id
            FROM unnest(note.kinds, note.addresses) WITH ORDINALITY AS a (kind, value, position)
            JOIN customer_identities i ON i.tenant_id = note.tenant_id AND i.value = a.value
                AND i.kind = ANY (CASE WHEN a.kind IN ('phone', 'whatsapp') THEN ARRAY['phone', 'whatsapp']
                    ELSE ARRAY[a.kind] END)
            ORDER BY a.position, i.position LIMIT 1);
        WITH taken AS (
            INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
            SELECT note.tenant_id, a.kind, a.value, coalesce(owner, note.id)
            FROM unnest(note.kinds, note.addresses) WITH ORDINALITY AS a (kind, value, position)
            WHERE a.kind = 'bsuid' OR NOT EXISTS (  -- a number is one person's under either kind
                SELECT FROM customer_identities i
                WHERE i.tenant_id = note.tenant_id AND i.kind IN ('phone', 'whatsapp') AND i.value = a.value)
            ORDER BY a.position
            ON CONFLICT DO NOTHING
            RETURNING customer_id
        ), made AS (
            INSERT INTO customers (tenant_id, id)
            SELECT DISTINCT note.tenant_id, t.customer_id FROM taken t WHERE owner IS NULL
        )
        SELECT count(*) INTO added FROM taken;
        IF added > 0 THEN
            fresh_notes[note.place] := true;
            people := people || ROW(note.tenant_id, coalesce(owner, note.id))::ingest_row;
        END IF;
    END LOOP;
END
$$;

-- Stores edits, revokes, words on consent, and alarms; says which notes were new, by place.
CREATE FUNCTION ingest_notes(webhooks ingest_webhook[], notes ingest_note[], fresh_notes boolean[]) RETURNS boolean[]
LANGUAGE plpgsql
AS $$
DECLARE
    told ingest_note[];
    places integer[];
    place integer;
BEGIN
    -- The same news with two times: the earlier one counts, here and against what is stored.
    SELECT array_agg(d) INTO told FROM (
        SELECT DISTINCT ON (n.tenant_id, n.channel_id, n.kind, n.reference, n.category, n.key) n.*
        FROM unnest(notes) n WHERE n.kind <> 'addresses'
        ORDER BY n.tenant_id, n.channel_id, n.kind, n.reference, n.category, n.key, n.occurred_at, n.place) d;
    IF told IS NULL THEN
        RETURN fresh_notes;
    END IF;

    -- As a status does, a change takes the key of a message that is not here yet.
    INSERT INTO external_message_mappings (tenant_id, channel_id, external_id)
    SELECT DISTINCT n.tenant_id, n.channel_id, n.reference FROM unnest(told) n
    WHERE n.kind IN ('edit', 'revoke') ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;

    WITH changes AS (
        INSERT INTO message_changes AS c (
            tenant_id, channel_id, external_id, kind, key, text, preview, occurred_at, direction, authors, webhook_id,
            webhook_at)
        SELECT n.tenant_id, n.channel_id, n.reference, n.kind, n.key, n.text, coalesce(n.preview, ''), n.occurred_at,
            n.word, n.addresses, (webhooks[n.webhook]).id, (webhooks[n.webhook]).received_at
        FROM unnest(told) n WHERE n.kind IN ('edit', 'revoke') ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant_id, channel_id, external_id, kind, key) DO UPDATE
            SET occurred_at = excluded.occurred_at WHERE c.occurred_at > excluded.occurred_at
        RETURNING c.tenant_id, c.channel_id, c.kind, c.external_id AS reference, c.key, NULL AS category
    ), words AS (
        INSERT INTO consents AS c (tenant_id, address, channel_id, category, key, word, told_at)
        SELECT n.tenant_id, n.reference, n.channel_id, n.category, n.key, n.word, n.occurred_at
        FROM unnest(told) n WHERE n.kind = 'consent' ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant_id, address, channel_id, category, key) DO UPDATE
            SET told_at = excluded.told_at WHERE c.told_at > excluded.told_at
        RETURNING c.tenant_id, c.channel_id, 'consent', c.address, c.key, c.category
    ), alarms AS (
        INSERT INTO channel_alarms AS a (
            tenant_id, id, integration_id, channel_id, key, level, sentence, subtype, occurred_at, extra)
        SELECT n.tenant_id, n.id, (webhooks[n.webhook]).integration_id, n.channel_id, n.key, n.word, n.text,
            n.reference, n.occurred_at, n.data::jsonb
        FROM unnest(told) n WHERE n.kind = 'alarm' ORDER BY 1, 3, 5
        ON CONFLICT (tenant_id, integration_id, key) DO NOTHING
        RETURNING a.tenant_id, a.channel_id, 'alarm', a.subtype, a.key, NULL
    ), stored AS (
        SELECT * FROM changes UNION ALL SELECT * FROM words UNION ALL SELECT * FROM alarms
    )
    SELECT array_agg(n.place) INTO places
    FROM unnest(told) n JOIN stored s ON s.tenant_id = n.tenant_id AND s.kind = n.kind AND s.reference = n.reference
        AND s.key = n.key AND s.channel_id IS NOT DISTINCT FROM n.channel_id
        AND s.category IS NOT DISTINCT FROM n.category;
    FOREACH place IN ARRAY coalesce(places, '{}') LOOP
        fresh_notes[place] := true;
    END LOOP;
    RETURN fresh_notes;
END
$$;

-- The messages whose edits and revokes are to be looked at: there are new ones, or the message came after them, or a
-- customer got an address under which one was made that seemed to be somebody else's.
CREATE FUNCTION ingest_touched(
    incoming ingest_message[], waited uuid[], renewed uuid[], people ingest_row[], notes ingest_note[],
    fresh_notes boolean[]) RETURNS ingest_row[]
LANGUAGE plpgsql
AS $$
DECLARE
    touched ingest_row[];
    grown ingest_row[];
    later ingest_row[];
BEGIN
    SELECT array_agg(ROW(x.tenant_id, x.message_id)::ingest_row) INTO touched
    FROM (
        SELECT n.tenant_id, n.channel_id, n.reference AS external_id FROM unnest(notes) n
        WHERE fresh_notes[n.place] AND n.kind IN ('edit', 'revoke')
        UNION
        SELECT m.tenant_id, m.channel_id, m.external_id FROM unnest(incoming) m WHERE m.id = ANY (waited)) k
    JOIN external_message_mappings x ON x.tenant_id = k.tenant_id AND x.channel_id = k.channel_id
        AND x.external_id = k.external_id
    WHERE x.message_id IS NOT NULL AND EXISTS (
        SELECT FROM message_changes c WHERE c.tenant_id = k.tenant_id AND c.channel_id = k.channel_id
          AND c.external_id = k.external_id);
    SELECT array_agg(ROW(g.tenant_id, g.id)::ingest_row) INTO grown
    FROM (
        SELECT DISTINCT m.tenant_id, r.id FROM unnest(incoming) m CROSS JOIN unnest(renewed) AS r (id)
        UNION
        SELECT p.tenant_id, p.id FROM unnest(people) p) g;
    IF touched IS NULL AND grown IS NULL THEN
        RETURN NULL;
    END IF;

    -- A change and a new address of its author at the same moment: whoever comes second sees the other's row.
    PERFORM FROM customers k
    JOIN (
        SELECT v.tenant_id, v.customer_id AS id FROM unnest(touched) t
        JOIN messages m ON m.tenant_id = t.tenant_id AND m.id = t.id
        JOIN conversations v ON v.tenant_id = m.tenant_id AND v.id = m.conversation_id
        UNION
        SELECT g.tenant_id, g.id FROM unnest(grown) g) w ON k.tenant_id = w.tenant_id AND k.id = w.id
    ORDER BY k.tenant_id, k.id FOR NO KEY UPDATE OF k;
    SELECT array_agg(DISTINCT ROW(x.tenant_id, x.message_id)::ingest_row) INTO later
    FROM unnest(grown) g
    JOIN message_changes c ON c.tenant_id = g.tenant_id AND NOT c.applies
    JOIN customer_identities i ON i.tenant_id = g.tenant_id AND i.customer_id = g.id AND i.value = ANY (c.authors)
    JOIN external_message_mappings x ON x.tenant_id = c.tenant_id AND x.channel_id = c.channel_id
        AND x.external_id = c.external_id
    WHERE ROW(x.tenant_id, x.message_id)::ingest_row <> ALL (coalesce(touched, '{}'));
    RETURN touched || later;
END
$$;

-- Judges who may change a message: the customer who wrote it, under any address; ours only whoever writes for the
-- business. Answers with the changes of which something else is held now than before.
CREATE FUNCTION ingest_judge(touched ingest_row[]) RETURNS message_changes[]
LANGUAGE plpgsql
AS $$
DECLARE
    turned message_changes[];
BEGIN
    WITH judged AS (
        UPDATE message_changes c SET applies = NOT c.applies
        FROM unnest(touched) t
        JOIN messages m ON m.tenant_id = t.tenant_id AND m.id = t.id
        JOIN conversations v ON v.tenant_id = m.tenant_id AND v.id = m.conversation_id
        WHERE c.tenant_id = m.tenant_id AND c.channel_id = m.channel_id AND c.external_id = m.external_id
          AND c.kind <> 'original'
          AND c.applies <> (c.direction = m.direction AND (c.direction = 'outbound' OR EXISTS (
            SELECT FROM customer_identities i
            WHERE i.tenant_id = v.tenant_id AND i.customer_id = v.customer_id AND i.value = ANY (c.authors))))
        RETURNING c.*
    )
    SELECT array_agg(ROW(j.*)::message_changes) INTO turned FROM judged j;
    RETURN turned;
END
$$;

-- Folds all edits and revokes of the touched messages into them: a revoke wins, then the latest edit. The order in
-- which they and the message came makes no difference. Answers with the ids of the messages that look different now.
CREATE FUNCTION ingest_rewrite(touched ingest_row[]) RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    rewritten uuid[];
BEGIN
    PERFORM FROM messages m JOIN unnest(touched) t ON m.tenant_id = t.tenant_id AND m.id = t.id
    ORDER BY m.tenant_id, m.id FOR NO KEY UPDATE OF m;
    INSERT INTO message_changes (tenant_id, channel_id, external_id, kind, key, text, preview, occurred_at)
    SELECT m.tenant_id, m.channel_id, m.external_id, 'original', '', m.text, m.preview, m.occurred_at
    FROM unnest(touched) t JOIN messages m ON m.tenant_id = t.tenant_id AND m.id = t.id
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;

    WITH folded AS MATERIALIZED (
        SELECT m.tenant_id, m.id, f.revoked_at,
            CASE WHEN f.revoked_at IS NULL THEN f.texts[1] END AS text,
            CASE WHEN f.revoked_at IS NULL THEN f.previews[1] ELSE '' END AS preview,
            CASE WHEN f.revoked_at IS NULL THEN f.edited_at END AS edited_at
        FROM unnest(touched) t
        JOIN messages m ON m.tenant_id = t.tenant_id AND m.id = t.id
        CROSS JOIN LATERAL (
            SELECT array_agg(c.text ORDER BY c.kind, c.occurred_at DESC, c.key DESC)
                    FILTER (WHERE c.kind <> 'revoke') AS texts,   -- edits first, then the original
                array_agg(c.preview ORDER BY c.kind, c.occurred_at DESC, c.key DESC)
                    FILTER (WHERE c.kind <> 'revoke') AS previews,
                -- Shown is no time that was still to come.
                (array_agg(least(c.occurred_at, c.created_at) ORDER BY c.occurred_at DESC, c.key DESC)
                    FILTER (WHERE c.kind = 'edit'))[1] AS edited_at,
                min(least(c.occurred_at, c.created_at)) FILTER (WHERE c.kind = 'revoke') AS revoked_at
            FROM message_changes c
            WHERE c.tenant_id = m.tenant_id AND c.channel_id = m.channel_id AND c.external_id = m.external_id
              AND c.applies) f
    ), updated AS (
        UPDATE messages m
        SET text = f.text, preview = f.preview, edited_at = f.edited_at, deleted_at = f.revoked_at
        FROM folded f
        WHERE m.tenant_id = f.tenant_id AND m.id = f.id
          AND (m.text, m.preview, m.edited_at, m.deleted_at)
            IS DISTINCT FROM (f.text, f.preview, f.edited_at, f.revoked_at)
        RETURNING m.id
    )
    SELECT coalesce(array_agg(u.id), '{}') INTO rewritten FROM updated u;
    RETURN rewritten;
END
$$;

-- message.updated and message.deleted, customer.created and customer.updated, channel.alarm.
CREATE FUNCTION draft_notes(
    incoming ingest_message[], fresh boolean[], customer uuid[], renewed uuid[], notes ingest_note[],
    fresh_notes boolean[], rewritten uuid[], people ingest_row[]) RETURNS log_draft[]
LANGUAGE plpgsql
AS $$
DECLARE
    changed log_draft[];
    met log_draft[];
    alarms log_draft[];
BEGIN
    SELECT array_agg(ROW(m.tenant_id, 2000000 + d.place, 7, gen_random_uuid(),
        CASE WHEN m.deleted_at IS NULL THEN 'message.updated' ELSE 'message.deleted' END, m.conversation_id,
        v.data)::log_draft)
    INTO changed
    FROM (
        SELECT t.tenant_id, r.id AS message_id, row_number() OVER (ORDER BY r.position)::integer AS place
        FROM unnest(rewritten) WITH ORDINALITY AS r (id, position)
        CROSS JOIN (
            SELECT i.tenant_id FROM unnest(incoming) i UNION SELECT n.tenant_id FROM unnest(notes) n) t
        WHERE NOT EXISTS (SELECT FROM unnest(incoming) f WHERE f.id = r.id AND fresh[f.place])) d
    JOIN messages m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
    CROSS JOIN LATERAL message_json(m) v;

    WITH told AS (
        SELECT p.tenant_id, p.id FROM unnest(people) p
        UNION
        SELECT n.tenant_id, i.customer_id
        FROM unnest(notes) n
        JOIN customer_identities i ON i.tenant_id = n.tenant_id AND i.value = n.reference
            AND i.kind IN ('phone', 'whatsapp', 'bsuid', 'email')
        WHERE fresh_notes[n.place] AND n.kind = 'consent'
    ), sorted AS (
        SELECT t.tenant_id, t.id, EXISTS (SELECT FROM unnest(notes) n WHERE n.id = t.id) AS is_new
        FROM told t
        WHERE NOT EXISTS (  -- draft_people tells of them, as they are now
            SELECT FROM unnest(incoming) m WHERE fresh[m.place] AND customer[m.place] = t.id
              AND (m.customer_id = t.id OR t.id = ANY (renewed)))
    )
    SELECT array_agg(ROW(s.tenant_id, 0, CASE WHEN s.is_new THEN 1 ELSE 4 END,
        CASE WHEN s.is_new THEN s.id ELSE gen_random_uuid() END,
        CASE WHEN s.is_new THEN 'customer.created' ELSE 'customer.updated' END, NULL, v.data)::log_draft)
    INTO met
    FROM sorted s JOIN customers k ON k.tenant_id = s.tenant_id AND k.id = s.id
    CROSS JOIN LATERAL customer_json(k) v;

    SELECT array_agg(ROW(a.tenant_id, 2000000 + n.place, 8, a.id, 'channel.alarm', NULL, json_build_object(
        'channel_id', public_id('ch_', a.channel_id), 'connection_id', public_id('int_', a.integration_id),
        'level', a.level, 'sentence', a.sentence, 'subtype', a.subtype, 'occurred_at', iso(a.occurred_at),
        'extra', a.extra))::log_draft)
    INTO alarms
    FROM unnest(notes) n JOIN channel_alarms a ON a.tenant_id = n.tenant_id AND a.id = n.id
    WHERE fresh_notes[n.place] AND n.kind = 'alarm';
    RETURN changed || met || alarms;
END
$$;
