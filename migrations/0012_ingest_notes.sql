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

-- As before, with the notes.
DROP FUNCTION ingest_ledger(ingest_webhook[], ingest_message[], boolean[], ingest_status[], boolean[]);
CREATE FUNCTION ingest_ledger(
    webhooks ingest_webhook[], incoming ingest_message[], fresh boolean[], news ingest_status[],
    fresh_news boolean[], notes ingest_note[], fresh_notes boolean[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    stored_count integer[] := array_fill(0, ARRAY[cardinality(webhooks)]);
    item record;
BEGIN
    FOR item IN SELECT i.webhook FROM unnest(incoming) i WHERE fresh[i.place]
        UNION ALL SELECT n.webhook FROM unnest(news) n WHERE fresh_news[n.place]
    LOOP
        stored_count[item.webhook] := stored_count[item.webhook] + 1;
    END LOOP;
    IF cardinality(notes) > 0 THEN
        FOR item IN SELECT n.webhook FROM unnest(notes) n WHERE n.counts AND fresh_notes[n.place] LOOP
            stored_count[item.webhook] := stored_count[item.webhook] + 1;
        END LOOP;
    END IF;

    INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
        verdict, state, received, stored, duplicate, ignored, quarantined, items, error_code, error_detail)
    SELECT w.tenant_id, w.received_at, w.id, w.integration_id, w.provider, w.method, w.url, w.headers::jsonb, w.body,
        w.verdict,
        CASE WHEN w.pending THEN 'pending'
            ELSE webhook_state(stored_count[w.place], w.item_count - stored_count[w.place], w.quarantined) END,
        w.item_count + w.ignored + w.quarantined, stored_count[w.place], w.item_count - stored_count[w.place],
        w.ignored, w.quarantined, w.items::jsonb, w.error_code, w.error_detail
    FROM ROWS FROM (unnest(webhooks)) WITH ORDINALITY AS w (tenant_id, id, received_at, integration_id, provider,
        method, url, headers, body, verdict, pending, known, more, item_count, ignored, quarantined, items,
        error_code, error_detail, place)
    WHERE NOT w.known AND NOT w.more;

    IF EXISTS (SELECT FROM unnest(webhooks) w WHERE w.known OR w.more) THEN
        UPDATE inbound_webhooks b
        SET stored = n.stored, duplicate = n.duplicate, ignored = n.ignored, quarantined = w.quarantined,
            received = n.stored + n.duplicate + n.ignored + w.quarantined,
            state = webhook_state(n.stored, n.duplicate, w.quarantined), lease_until = NULL,
            items = CASE WHEN w.more THEN b.items ELSE w.items::jsonb END, error_code = w.error_code,
            error_detail = w.error_detail
        FROM ROWS FROM (unnest(webhooks)) WITH ORDINALITY AS w (tenant_id, id, received_at, integration_id,
            provider, method, url, headers, body, verdict, pending, known, more, item_count, ignored, quarantined,
            items, error_code, error_detail, place)
        CROSS JOIN LATERAL (
            SELECT o.stored + stored_count[w.place] AS stored,
                greatest(CASE WHEN w.more THEN o.duplicate ELSE w.item_count - o.stored END
                    - stored_count[w.place], 0) AS duplicate,
                CASE WHEN w.more THEN o.ignored ELSE w.ignored END AS ignored
            FROM inbound_webhooks o
            WHERE o.tenant_id = w.tenant_id AND o.received_at = w.received_at AND o.id = w.id) n
        WHERE (w.known OR w.more) AND b.tenant_id = w.tenant_id AND b.received_at = w.received_at AND b.id = w.id;
    END IF;
END
$$;

-- What somebody else than the author told is ignored, whether that was found out now or after it had been stored.
CREATE FUNCTION ingest_recount(
    webhooks ingest_webhook[], notes ingest_note[], fresh_notes boolean[], turned message_changes[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT t.tenant_id, t.webhook_at AS received_at, t.webhook_id AS id, t.key, t.applies,
            CASE WHEN t.applies THEN -1 ELSE 1 END AS stored, 0 AS duplicate
        FROM unnest(turned) t
        UNION ALL
        SELECT n.tenant_id, w.received_at, w.id, c.key, false,
            CASE WHEN fresh_notes[n.place] THEN 1 ELSE 0 END, CASE WHEN fresh_notes[n.place] THEN 0 ELSE 1 END
        FROM unnest(notes) n
        CROSS JOIN LATERAL (SELECT (webhooks[n.webhook]).received_at, (webhooks[n.webhook]).id) w
        JOIN message_changes c ON c.tenant_id = n.tenant_id AND c.channel_id = n.channel_id
            AND c.external_id = n.reference AND c.kind = n.kind AND c.key = n.key
        WHERE NOT c.applies AND NOT EXISTS (
            SELECT FROM unnest(turned) t WHERE t.tenant_id = c.tenant_id AND t.channel_id = c.channel_id
              AND t.external_id = c.external_id AND t.kind = c.kind AND t.key = c.key AND t.webhook_id = w.id)
        ORDER BY 1, 2, 3
    LOOP
        UPDATE inbound_webhooks b
        SET stored = b.stored - item.stored, duplicate = b.duplicate - item.duplicate,
            ignored = b.ignored + item.stored + item.duplicate,
            state = webhook_state(b.stored - item.stored, b.duplicate - item.duplicate, b.quarantined),
            items = CASE WHEN NOT item.applies THEN coalesce(b.items, '[]') || jsonb_build_object('state', 'ignored',
                    'reason', 'not_the_author', 'detail', NULL, 'external_id', item.key)
                ELSE (
                    SELECT jsonb_agg(i.value ORDER BY i.ordinality)
                    FROM jsonb_array_elements(b.items) WITH ORDINALITY i
                    WHERE (i.value ->> 'reason', i.value ->> 'external_id')
                        IS DISTINCT FROM ('not_the_author', item.key)) END
        WHERE b.tenant_id = item.tenant_id AND b.received_at = item.received_at AND b.id = item.id
          AND b.stored >= item.stored AND b.duplicate >= item.duplicate AND b.ignored + item.stored >= 0;
    END LOOP;
END
$$;

-- As before, with the notes.
DROP FUNCTION ingest_log(
    ingest_message[], boolean[], uuid[], uuid[], uuid[], ingest_status[], boolean[], uuid[]);
CREATE FUNCTION ingest_log(
    incoming ingest_message[], fresh boolean[], customer uuid[], conversation uuid[], renewed uuid[],
    news ingest_status[], fresh_news boolean[], changed uuid[], notes ingest_note[], fresh_notes boolean[],
    rewritten uuid[], people ingest_row[])
RETURNS SETOF events
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    drafts log_draft[] := '{}';
    somebody_new boolean;
    in_full boolean;
BEGIN
    IF true = ANY (fresh_notes) THEN
        PERFORM FROM tenant_heads h WHERE h.tenant_id IN (
            SELECT m.tenant_id FROM unnest(incoming) m WHERE fresh[m.place]
            UNION SELECT n.tenant_id FROM unnest(news) n WHERE fresh_news[n.place]
            UNION SELECT n.tenant_id FROM unnest(notes) n WHERE fresh_notes[n.place])
        ORDER BY h.tenant_id FOR NO KEY UPDATE OF h;
    ELSE
        PERFORM FROM tenant_heads h WHERE h.tenant_id IN (
            SELECT m.tenant_id FROM unnest(incoming) m WHERE fresh[m.place]
            UNION SELECT n.tenant_id FROM unnest(news) n WHERE fresh_news[n.place])
        ORDER BY h.tenant_id FOR NO KEY UPDATE OF h;
    END IF;

    -- To set a query up costs more than to run it for a few messages: those for what is rare wait until it is there.
    SELECT bool_or(m.customer_id = customer[m.place] OR m.conversation_id = conversation[m.place]),
        bool_or(m.in_reply_to IS NOT NULL OR EXISTS (
            SELECT FROM messages r WHERE r.tenant_id = m.tenant_id AND r.channel_id = m.channel_id
                AND r.in_reply_to = m.external_id))
    INTO somebody_new, in_full
    FROM unnest(incoming) m WHERE fresh[m.place];
    IF true = ANY (fresh) THEN
        drafts := draft_new_messages(incoming, fresh, conversation, changed || rewritten);
    END IF;
    IF in_full OR cardinality(changed) > 0 OR cardinality(rewritten) > 0 THEN
        drafts := drafts || draft_messages_in_full(incoming, fresh, news, fresh_news, changed || rewritten);
    END IF;
    IF somebody_new OR cardinality(renewed) > 0 THEN
        drafts := drafts || draft_people(incoming, fresh, customer, conversation, renewed);
    END IF;
    IF true = ANY (fresh_notes) OR cardinality(rewritten) > 0 THEN
        drafts := drafts || draft_notes(incoming, fresh, customer, renewed, notes, fresh_notes, rewritten, people);
    END IF;

    RETURN QUERY
    WITH entry AS MATERIALIZED (
        SELECT * FROM unnest(drafts)
    ), head AS (
        UPDATE tenant_heads h SET last_seq = h.last_seq + e.entries
        FROM (SELECT e.tenant_id, count(*) AS entries FROM entry e GROUP BY 1) e
        WHERE h.tenant_id = e.tenant_id
        RETURNING h.tenant_id, h.last_seq - e.entries AS base
    )
    INSERT INTO events AS v (tenant_id, seq, id, type, conversation_id, data)
    SELECT e.tenant_id, h.base + row_number() OVER (PARTITION BY e.tenant_id ORDER BY e.place, e.step, e.id), e.id,
        e.type, e.conversation_id, e.data::json
    FROM entry e JOIN head h ON h.tenant_id = e.tenant_id
    RETURNING v.*;
END
$$;

-- The one call of the ingest writer. Answers with the new log entries; those of the tenants in "echo" in full.
CREATE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    notes ingest_note[], echo uuid[])
RETURNS TABLE (
    tenant_id uuid, seq bigint, id uuid, type text, conversation_id uuid, created_at timestamptz, data text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
-- Plans are made while tables are small and kept while they grow: allow only those that stay right.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET enable_material = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    won uuid[];                      -- messages whose external id was free
    waited uuid[] := '{}';           -- those whose statuses were here first
    fresh boolean[] := '{}';
    customer uuid[] := '{}';
    renewed uuid[] := '{}';          -- known customers whose name or identities changed
    conversation uuid[] := '{}';
    fresh_news boolean[] := '{}';
    changed uuid[] := '{}';          -- messages whose status changed
    -- What only notes and aliases need stays null without them: even to look at one more variable takes time.
    met uuid[];                      -- known customers who write under another spelling
    fresh_notes boolean[];
    people ingest_row[];             -- customers whom notes made or gave an address
    touched ingest_row[];            -- messages whose edits and revokes are to be looked at
    turned message_changes[];        -- edits and revokes that turned out to be by somebody else, or not to be
    rewritten uuid[];                -- messages that look different after edits and revokes
BEGIN
    IF cardinality(incoming) > 0 THEN
        -- Claim the external ids. Who loses a race waits here for the winner's commit and then finds its row.
        WITH claimed AS (
            INSERT INTO external_message_mappings AS x (tenant_id, channel_id, external_id, message_id)
            SELECT DISTINCT ON (m.tenant_id, m.channel_id, m.external_id)
                m.tenant_id, m.channel_id, m.external_id, m.id
            FROM unnest(incoming) m
            ORDER BY m.tenant_id, m.channel_id, m.external_id, m.place
            ON CONFLICT ON CONSTRAINT external_message_mappings_pkey DO UPDATE SET message_id = excluded.message_id
                WHERE x.message_id IS NULL
            RETURNING x.message_id, x.xmax <> 0 AS was_held
        )
        SELECT coalesce(array_agg(c.message_id), '{}'),
            coalesce(array_agg(c.message_id) FILTER (WHERE c.was_held), '{}')
        INTO won, waited FROM claimed c;
        SELECT array_agg(m.id = ANY (won) ORDER BY m.place) INTO fresh FROM unnest(incoming) m;
    END IF;
    IF cardinality(notes) > 0 OR cardinality(aliases) > 0 THEN
        IF cardinality(notes) > 0 THEN
            SELECT a.fresh_notes, a.people INTO fresh_notes, people FROM ingest_addresses(notes) a;
        END IF;
        met := ingest_aliases(incoming, fresh, aliases);
    END IF;
    IF true = ANY (fresh) THEN
        SELECT c.found_ids, c.grown INTO customer, renewed FROM ingest_customers(incoming, fresh) c;
        renewed := renewed || met || ingest_names(incoming, fresh, customer);
        conversation := ingest_conversations(incoming, fresh, customer);
        PERFORM ingest_messages(incoming, fresh, conversation);
    END IF;
    IF cardinality(news) > 0 THEN
        fresh_news := ingest_statuses(news);
    END IF;
    IF true = ANY (fresh_news) OR cardinality(waited) > 0 THEN
        changed := ingest_fold(incoming, waited, news, fresh_news);
    END IF;
    IF cardinality(notes) > 0 OR cardinality(waited) > 0 OR cardinality(renewed) > 0 THEN
        IF cardinality(notes) > 0 THEN
            fresh_notes := ingest_notes(webhooks, notes, fresh_notes);
        END IF;
        touched := ingest_touched(incoming, waited, renewed, people, notes, fresh_notes);
        IF cardinality(touched) > 0 THEN
            turned := ingest_judge(touched);
            rewritten := ingest_rewrite(touched);
        END IF;
    END IF;
    PERFORM ingest_ledger(webhooks, incoming, fresh, news, fresh_news, notes, fresh_notes);
    IF cardinality(notes) > 0 OR cardinality(turned) > 0 THEN
        PERFORM ingest_recount(webhooks, notes, fresh_notes, turned);
    END IF;
    IF true = ANY (fresh) OR cardinality(changed) > 0 OR true = ANY (fresh_notes) THEN
        RETURN QUERY
        SELECT e.tenant_id, e.seq, e.id, e.type, e.conversation_id, e.created_at,
            CASE WHEN e.tenant_id = ANY (echo) THEN e.data::text END
        FROM ingest_log(incoming, fresh, customer, conversation, renewed, news, fresh_news, changed, notes,
            fresh_notes, rewritten, people) e
        ORDER BY e.tenant_id, e.seq;
    END IF;
END
$$;
ALTER FUNCTION ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], ingest_note[], uuid[])
    OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION
    ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], ingest_note[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], ingest_note[], uuid[])
    TO postgate_hook;

-- For gateways of the version before, which store webhooks while new ones are rolled out.
CREATE OR REPLACE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], news ingest_status[], echo uuid[])
RETURNS TABLE (
    tenant_id uuid, seq bigint, id uuid, type text, conversation_id uuid, created_at timestamptz, data text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT * FROM ingest(webhooks, incoming, '{}'::ingest_alias[], news, '{}'::ingest_note[], echo)
$$;
