-- Everything that a group of webhooks changes, in one call and one commit: claim each external id once, find or
-- make customers and conversations, store messages, fold statuses, keep the ledger, write the log.
--
-- Locks are taken in one order by every writer: external ids (sorted), customers, conversations (sorted), messages,
-- the tenants' heads (sorted) last. No NOTIFY here: it would hold a cluster-wide lock across the commit.
--
-- "place" is an item's 1-based position in its array; what is found out about an item is kept in arrays by place.

CREATE TYPE ingest_webhook AS (
    tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text, url text,
    headers text, body bytea, verdict text,
    pending boolean,             -- only the raw body is stored now; a worker parses it
    known boolean,               -- its row is there already: it was pending, or is replayed
    more boolean,                -- a further part of one that an earlier call has begun to store
    item_count integer,          -- messages and statuses in all its parts
    ignored integer, quarantined integer, items text, error_code text, error_detail text
);
CREATE TYPE ingest_message AS (
    place integer, webhook integer,                       -- webhook: its place
    tenant_id uuid, channel_id uuid, external_id text,
    id uuid, conversation_id uuid, customer_id uuid,      -- the last two are used where none is there yet
    identity_kind text, identity_value text, other_kind text, other_value text, sender_name text,
    direction text, medium text, kind text, text text, preview text, parts text, attachments text, sender_address text,
    recipients text[], in_reply_to text, subject text, mail text, html text, extra text,
    message_ids text[],          -- mail: its own Message-ID, then those it refers to, newest first
    quiet boolean,               -- automatic mail: neither unread nor a reason to reopen
    window_seconds integer,      -- for how long free text may be sent after it; null: no such rule
    status text, occurred_at timestamptz, received_at timestamptz,
    view text                    -- what message_json will show of it, as far as that is known beforehand; no braces
);
CREATE TYPE ingest_status AS (
    place integer, webhook integer, tenant_id uuid, channel_id uuid, external_id text, id uuid, key text,
    status text, rank smallint, occurred_at timestamptz, error text
);

-- The customers of the new messages, by place; those that nobody knows yet are made. "grown" are known ones who got
-- another identity.
CREATE FUNCTION ingest_customers(
    incoming ingest_message[], fresh boolean[], OUT found_ids uuid[], OUT grown uuid[])
LANGUAGE plpgsql
AS $$
DECLARE
    incomplete boolean;
    introduced uuid[] := '{}';
    met uuid[];
BEGIN
    grown := '{}';
    FOR attempt IN 1..2 LOOP
        SELECT array_agg(coalesce(p.customer_id, o.customer_id) ORDER BY m.place),
            bool_or(fresh[m.place] AND (p.customer_id IS NULL
                OR (m.identity_kind = 'bsuid' AND m.other_kind IS NOT NULL AND o.customer_id IS NULL)))
        INTO found_ids, incomplete
        FROM unnest(incoming) m
        LEFT JOIN customer_identities p ON fresh[m.place] AND p.tenant_id = m.tenant_id
            AND p.kind = m.identity_kind AND p.value = m.identity_value
        LEFT JOIN customer_identities o ON fresh[m.place] AND o.tenant_id = m.tenant_id
            AND o.kind = m.other_kind AND o.value = m.other_value;
        EXIT WHEN NOT incomplete OR attempt = 2;

        -- Strangers: the first to take the identity makes the customer.
        WITH missing AS (
            SELECT DISTINCT ON (m.tenant_id, m.identity_kind, m.identity_value)
                m.tenant_id, m.identity_kind, m.identity_value, m.customer_id, m.sender_name
            FROM unnest(incoming) m
            WHERE fresh[m.place] AND found_ids[m.place] IS NULL
            ORDER BY m.tenant_id, m.identity_kind, m.identity_value, m.place
        ), taken AS (
            INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
            SELECT s.tenant_id, s.identity_kind, s.identity_value, s.customer_id FROM missing s
            ORDER BY s.tenant_id, s.identity_kind, s.identity_value
            ON CONFLICT DO NOTHING
            RETURNING customer_id
        ), made AS (
            INSERT INTO customers (tenant_id, id, name)
            SELECT s.tenant_id, s.customer_id, s.sender_name FROM missing s JOIN taken t USING (customer_id)
            RETURNING id
        )
        SELECT introduced || coalesce(array_agg(n.id), '{}') INTO introduced FROM made n;

        -- Known by one identity: remember the other. (A number is only looked up under its other kind.)
        WITH taken AS (
            INSERT INTO customer_identities (tenant_id, kind, value, customer_id)
            SELECT DISTINCT m.tenant_id, i.kind, i.value, coalesce(found_ids[m.place], t.customer_id)
            FROM unnest(incoming) m
            CROSS JOIN LATERAL (VALUES (m.identity_kind, m.identity_value),
                (CASE WHEN m.identity_kind = 'bsuid' THEN m.other_kind END, m.other_value)) AS i (kind, value)
            LEFT JOIN customer_identities t ON t.tenant_id = m.tenant_id
                AND t.kind = m.identity_kind AND t.value = m.identity_value
            WHERE fresh[m.place] AND i.kind IS NOT NULL AND coalesce(found_ids[m.place], t.customer_id) IS NOT NULL
            ORDER BY 1, 2, 3
            ON CONFLICT DO NOTHING
            RETURNING customer_id
        )
        SELECT coalesce(array_agg(t.customer_id), '{}') INTO met FROM taken t
        WHERE t.customer_id <> ALL (introduced);
        grown := grown || met;
    END LOOP;
END
$$;

-- A customer without a name takes the first one told; answers with the ids of those who did.
CREATE FUNCTION ingest_names(incoming ingest_message[], fresh boolean[], customer uuid[]) RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    named uuid[];
BEGIN
    WITH told AS (
        SELECT DISTINCT ON (k.tenant_id, k.id) k.tenant_id, k.id, m.sender_name
        FROM unnest(incoming) m
        JOIN customers k ON k.tenant_id = m.tenant_id AND k.id = customer[m.place]
        WHERE fresh[m.place] AND m.direction = 'inbound' AND m.sender_name IS NOT NULL AND k.name IS NULL
        ORDER BY k.tenant_id, k.id, m.place
    ), renamed AS (
        UPDATE customers k SET name = t.sender_name FROM told t
        WHERE k.tenant_id = t.tenant_id AND k.id = t.id AND k.name IS NULL
        RETURNING k.id
    )
    SELECT coalesce(array_agg(r.id), '{}') INTO named FROM renamed r;
    RETURN named;
END
$$;

-- The conversation of a mail: of the first known id it names, if the sender has a part in that conversation (is
-- its customer, or writes from the same domain). Anybody can write any id into a mail; an id alone opens nothing.
CREATE FUNCTION ingest_mail_thread(m ingest_message, sender uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    thread uuid;
BEGIN
    -- Two mails of one thread at once must not open two conversations.
    PERFORM pg_advisory_xact_lock(hashtextextended(m.tenant_id::text || m.channel_id::text, 0));
    SELECT c.id INTO thread
    FROM unnest(m.message_ids) WITH ORDINALITY AS named (message_id, position)
    JOIN mail_threads t ON t.tenant_id = m.tenant_id AND t.channel_id = m.channel_id
        AND t.message_id = named.message_id
    JOIN conversations c ON c.tenant_id = m.tenant_id AND c.id = t.conversation_id
    WHERE c.customer_id = sender OR EXISTS (
        SELECT FROM customer_identities i
        WHERE i.tenant_id = m.tenant_id AND i.customer_id = c.customer_id AND i.kind = 'email'
          AND split_part(i.value, '@', 2) = split_part(m.identity_value, '@', 2))
    ORDER BY named.position LIMIT 1;
    IF thread IS NULL THEN
        thread := m.conversation_id;
        INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, subject, last_message_at)
        VALUES (m.tenant_id, thread, m.channel_id, sender, 'mail', m.subject, m.occurred_at);
    END IF;
    INSERT INTO mail_threads (tenant_id, channel_id, message_id, conversation_id)
    SELECT DISTINCT m.tenant_id, m.channel_id, named, thread FROM unnest(m.message_ids) named ORDER BY 3
    ON CONFLICT DO NOTHING;
    RETURN thread;
END
$$;

-- The conversations of the new messages, by place; made where missing, locked in order, and brought up to date.
CREATE FUNCTION ingest_conversations(incoming ingest_message[], fresh boolean[], customer uuid[]) RETURNS uuid[]
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
        status = CASE WHEN c.status = 'resolved' AND n.unread > 0 THEN 'open' ELSE c.status END
    FROM (
        SELECT m.tenant_id, found_ids[m.place] AS id, max(m.occurred_at) AS latest,
            count(*) FILTER (WHERE m.direction = 'inbound' AND NOT m.quiet) AS unread,
            max(m.occurred_at + m.window_seconds * interval '1 second') AS window_expires_at
        FROM unnest(incoming) m WHERE fresh[m.place] GROUP BY 1, 2) n
    WHERE c.tenant_id = n.tenant_id AND c.id = n.id;
    RETURN found_ids;
END
$$;

CREATE FUNCTION ingest_messages(incoming ingest_message[], fresh boolean[], conversation uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text,
        preview, parts, sender_name, sender_address, recipients, in_reply_to, subject, mail, extra, status, occurred_at,
        received_at, created_at)
    SELECT m.tenant_id, m.id, conversation[m.place], m.channel_id, m.external_id, m.direction, m.medium, m.kind,
        m.text, m.preview, m.parts::jsonb, m.sender_name, m.sender_address, m.recipients, m.in_reply_to, m.subject,
        m.mail::jsonb, coalesce(m.extra, '{}')::jsonb, m.status, m.occurred_at, m.received_at,
        m.received_at
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

-- Stores statuses; says which were new, by place.
CREATE FUNCTION ingest_statuses(news ingest_status[]) RETURNS boolean[]
LANGUAGE plpgsql
AS $$
DECLARE
    fresh boolean[];
BEGIN
    -- The key of a message that is not here yet is taken without one, so that whichever of the two transactions
    -- comes second sees the row of the first.
    INSERT INTO external_message_mappings (tenant_id, channel_id, external_id)
    SELECT DISTINCT n.tenant_id, n.channel_id, n.external_id FROM unnest(news) n ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;

    WITH stored AS (
        INSERT INTO message_statuses AS s (
            tenant_id, channel_id, external_id, key, status, rank, occurred_at, error)
        SELECT DISTINCT ON (n.tenant_id, n.channel_id, n.external_id, n.key) n.tenant_id, n.channel_id,
            n.external_id, n.key, n.status, n.rank, n.occurred_at, n.error::jsonb
        FROM unnest(news) n
        ORDER BY n.tenant_id, n.channel_id, n.external_id, n.key, n.occurred_at, n.place
        -- The same news with two times: the earlier one counts, whichever comes first.
        ON CONFLICT (tenant_id, channel_id, external_id, key) DO UPDATE
            SET occurred_at = excluded.occurred_at, error = excluded.error
            WHERE s.occurred_at > excluded.occurred_at
        RETURNING s.tenant_id, s.channel_id, s.external_id, s.key
    ), leaders AS (
        SELECT DISTINCT ON (n.tenant_id, n.channel_id, n.external_id, n.key) n.*
        FROM unnest(news) n ORDER BY n.tenant_id, n.channel_id, n.external_id, n.key, n.occurred_at, n.place
    )
    SELECT array_agg(s.key IS NOT NULL ORDER BY n.place) INTO fresh
    FROM unnest(news) n
    LEFT JOIN leaders l ON l.place = n.place
    LEFT JOIN stored s ON s.tenant_id = l.tenant_id AND s.channel_id = l.channel_id
        AND s.external_id = l.external_id AND s.key = l.key;
    RETURN fresh;
END
$$;

-- Folds all statuses of the touched messages into them: the highest rank wins, every time is kept. The order in
-- which statuses and message came makes no difference. Answers with the ids of the messages that changed.
CREATE FUNCTION ingest_fold(
    incoming ingest_message[], waited uuid[], news ingest_status[], fresh_news boolean[]) RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    changed uuid[];
BEGIN
    WITH touched AS MATERIALIZED (
        SELECT x.tenant_id, x.channel_id, x.external_id, x.message_id
        FROM (
            SELECT n.tenant_id, n.channel_id, n.external_id FROM unnest(news) n WHERE fresh_news[n.place]
            UNION
            SELECT m.tenant_id, m.channel_id, m.external_id FROM unnest(incoming) m WHERE m.id = ANY (waited)) k
        JOIN external_message_mappings x ON x.tenant_id = k.tenant_id AND x.channel_id = k.channel_id
            AND x.external_id = k.external_id
        WHERE x.message_id IS NOT NULL
    ), folded AS MATERIALIZED (
        SELECT t.tenant_id, t.message_id, f.*
        FROM touched t
        CROSS JOIN LATERAL (
            SELECT (array_agg(s.status ORDER BY s.rank DESC, s.status))[1] AS status, max(s.rank) AS rank,
                (array_agg(s.error ORDER BY s.rank DESC, s.status))[1] AS error,
                jsonb_object_agg(s.status, iso(s.first_at)) AS status_at
            FROM (
                SELECT a.status, max(a.rank) AS rank, min(a.occurred_at) AS first_at,
                    (array_agg(a.error ORDER BY a.occurred_at, a.key))[1] AS error
                FROM message_statuses a
                WHERE a.tenant_id = t.tenant_id AND a.channel_id = t.channel_id
                  AND a.external_id = t.external_id
                GROUP BY a.status) s) f
    ), locked AS MATERIALIZED (
        SELECT m.tenant_id, m.id FROM messages m JOIN folded f ON f.tenant_id = m.tenant_id AND f.message_id = m.id
        ORDER BY m.tenant_id, m.id FOR NO KEY UPDATE OF m
    ), updated AS (
        UPDATE messages m
        SET status = CASE WHEN f.rank >= m.status_rank THEN f.status ELSE m.status END,
            error = CASE WHEN f.rank >= m.status_rank THEN f.error ELSE m.error END,
            status_rank = greatest(m.status_rank, f.rank),
            status_at = m.status_at || f.status_at
        FROM folded f JOIN locked l ON l.tenant_id = f.tenant_id AND l.id = f.message_id
        WHERE m.tenant_id = f.tenant_id AND m.id = f.message_id
          AND (f.rank > m.status_rank OR m.status_at <> m.status_at || f.status_at)
        RETURNING m.id
    )
    SELECT coalesce(array_agg(u.id), '{}') INTO changed FROM updated u;
    RETURN changed;
END
$$;
