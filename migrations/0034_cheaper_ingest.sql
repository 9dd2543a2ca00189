-- A message costs less: what is usual takes few statements, and words are read many at a time.

-- The files and the HTML of the new messages.
DROP FUNCTION ingest_messages(ingest_message[], boolean[], uuid[]);
CREATE FUNCTION ingest_files(incoming ingest_message[], fresh boolean[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
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
END
$$;

-- As before; and what is all new and all there takes two steps less.
CREATE OR REPLACE FUNCTION ingest_ledger(
    webhooks ingest_webhook[], incoming ingest_message[], fresh boolean[], news ingest_status[],
    fresh_news boolean[], notes ingest_note[], fresh_notes boolean[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    items bigint;
    here_before boolean;
    stored_count integer[];
    item record;
BEGIN
    SELECT sum(w.item_count), bool_or(w.known OR w.more) INTO items, here_before FROM unnest(webhooks) w;
    IF items > cardinality(incoming) OR false = ANY (fresh) OR here_before THEN
        stored_count := array_fill(0, ARRAY[cardinality(webhooks)]);
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
    END IF;

    INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
        verdict, state, received, stored, duplicate, ignored, quarantined, items, error_code, error_detail)
    SELECT w.tenant_id, w.received_at, w.id, w.integration_id, w.provider, w.method, w.url, w.headers::jsonb, w.body,
        w.verdict,
        CASE WHEN w.pending THEN 'pending' ELSE webhook_state(n.stored, w.item_count - n.stored, w.quarantined) END,
        w.item_count + w.ignored + w.quarantined, n.stored, w.item_count - n.stored,
        w.ignored, w.quarantined, w.items::jsonb, w.error_code, w.error_detail
    FROM ROWS FROM (unnest(webhooks)) WITH ORDINALITY AS w (tenant_id, id, received_at, integration_id, provider,
        method, url, headers, body, verdict, pending, known, more, item_count, ignored, quarantined, items,
        error_code, error_detail, place)
    CROSS JOIN LATERAL (SELECT coalesce(stored_count[w.place], w.item_count) AS stored) n
    WHERE NOT w.known AND NOT w.more;

    IF here_before THEN
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

-- As before. To set a statement up costs more than to run it for a few messages, so what is usual takes few: the ids
-- are claimed, customers and conversations found, in one; and where nothing happens but new messages from those whom we
-- know, their entries are written in one as well.
CREATE OR REPLACE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    marks text[], notes ingest_note[], echo uuid[])
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
    waited uuid[] := '{}';           -- messages whose statuses were here first
    fresh boolean[] := '{}';         -- by place: whether the external id was free
    customer uuid[] := '{}';
    renewed uuid[] := '{}';          -- known customers whose name or identities changed
    conversation uuid[] := '{}';
    tenants uuid[];
    all_known boolean := false;      -- all messages are new, of customers and in conversations that are there
    with_files boolean;
    with_replies boolean;
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
        SELECT array_agg(m.is_new ORDER BY m.place), array_agg(m.customer_id ORDER BY m.place),
            array_agg(m.conversation ORDER BY m.place), array_agg(DISTINCT m.tenant_id),
            coalesce((SELECT array_agg(w.message_id) FROM claimed w WHERE w.was_held), '{}'),
            bool_and(m.is_new AND m.conversation IS NOT NULL AND m.is_settled),
            bool_or(m.has_files), bool_or(m.is_reply)
        INTO fresh, customer, conversation, tenants, waited, all_known, with_files, with_replies
        FROM (
            SELECT m.place, m.tenant_id, m.id IN (SELECT w.message_id FROM claimed w) AS is_new,
                p.customer_id, v.id AS conversation,
                (k.name IS NOT NULL OR m.sender_name IS NULL OR m.direction <> 'inbound')
                    AND (o.customer_id IS NOT NULL OR m.identity_kind <> 'bsuid' OR m.other_kind IS NULL) AS is_settled,
                m.attachments IS NOT NULL OR m.html IS NOT NULL AS has_files, m.in_reply_to IS NOT NULL AS is_reply
            FROM unnest(incoming) m
            -- LIMIT: each is looked up by its key, whatever the planner thinks of a table that is empty yet.
            LEFT JOIN customer_identities p ON p.tenant_id = m.tenant_id
                AND p.kind = m.identity_kind AND p.value = m.identity_value
            LEFT JOIN customer_identities o ON m.identity_kind = 'bsuid' AND o.tenant_id = m.tenant_id
                AND o.kind = m.other_kind AND o.value = m.other_value
            LEFT JOIN LATERAL (
                SELECT c.name FROM customers c WHERE c.tenant_id = m.tenant_id AND c.id = p.customer_id LIMIT 1) k ON true
            LEFT JOIN LATERAL (
                SELECT c.id FROM conversations c
                WHERE c.threading = 'customer' AND c.tenant_id = m.tenant_id AND c.channel_id = m.channel_id
                  AND c.customer_id = p.customer_id
                LIMIT 1) v ON m.medium <> 'email') m;
    END IF;
    IF cardinality(notes) > 0 OR cardinality(aliases) > 0 THEN
        all_known := false;  -- they may make other customers of them
        IF cardinality(notes) > 0 THEN
            SELECT a.fresh_notes, a.people INTO fresh_notes, people FROM ingest_addresses(notes) a;
        END IF;
        met := ingest_aliases(incoming, fresh, aliases);
    END IF;
    IF all_known THEN
        UPDATE conversations c
        SET unread_count = c.unread_count + n.unread,
            last_message_at = greatest(c.last_message_at, n.latest),
            window_expires_at = greatest(c.window_expires_at, n.window_expires_at),
            status = CASE WHEN n.unread > 0 THEN 'open' ELSE c.status END,
            snoozed_until = CASE WHEN n.unread = 0 THEN c.snoozed_until END
        FROM (
            SELECT m.tenant_id, conversation[m.place] AS id, max(m.occurred_at) AS latest,
                count(*) FILTER (WHERE m.direction = 'inbound' AND NOT m.quiet) AS unread,
                max(m.occurred_at + m.window_seconds * interval '1 second') AS window_expires_at
            FROM unnest(incoming) m GROUP BY 1, 2 ORDER BY 1, 2) n  -- and locked in this order
        WHERE c.tenant_id = n.tenant_id AND c.id = n.id;
    ELSIF true = ANY (fresh) THEN
        SELECT c.found_ids, c.grown INTO customer, renewed FROM ingest_customers(incoming, fresh) c;
        renewed := renewed || met || ingest_names(incoming, fresh, customer);
        conversation := ingest_conversations(incoming, fresh, customer);
    END IF;
    IF true = ANY (fresh) THEN
        INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text,
            preview, parts, sender_name, sender_address, recipients, in_reply_to, subject, mail, extra, status,
            status_rank, occurred_at, received_at, created_at)
        SELECT m.tenant_id, m.id, conversation[m.place], m.channel_id, m.external_id, m.direction, m.medium, m.kind,
            m.text, m.preview, m.parts::jsonb, m.sender_name, m.sender_address, m.recipients, m.in_reply_to, m.subject,
            m.mail::jsonb, coalesce(m.extra, '{}')::jsonb, m.status,
            CASE WHEN m.status = 'sent' THEN 2 ELSE 0 END, m.occurred_at, m.received_at, m.received_at
        FROM unnest(incoming) m WHERE fresh[m.place];
        IF with_files THEN
            PERFORM ingest_files(incoming, fresh);
        END IF;
    END IF;
    IF cardinality(news) > 0 THEN
        fresh_news := ingest_statuses(news);
        IF cardinality(marks) > 0 THEN
            PERFORM ingest_marks(news, marks, fresh_news);
        END IF;
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
    IF all_known AND cardinality(news) = 0 AND cardinality(waited) = 0 AND NOT with_replies THEN
        -- What was committed until the heads are locked is seen by what follows: a reply that was here before what it
        -- answers among it.
        PERFORM FROM tenant_heads h WHERE h.tenant_id = ANY (tenants) ORDER BY h.tenant_id FOR NO KEY UPDATE;
        IF NOT EXISTS (
            SELECT FROM unnest(incoming) m JOIN messages r
                ON r.tenant_id = m.tenant_id AND r.channel_id = m.channel_id AND r.in_reply_to = m.external_id)
        THEN
            RETURN QUERY
            WITH head AS (
                UPDATE tenant_heads h SET last_seq = h.last_seq + e.entries
                FROM (SELECT m.tenant_id, count(*) AS entries FROM unnest(incoming) m GROUP BY 1) e
                WHERE h.tenant_id = e.tenant_id
                RETURNING h.tenant_id, h.last_seq - e.entries AS base
            ), snapshot AS MATERIALIZED (
                SELECT c.tenant_id, c.id, '{"conversation_id":"' || public_id('cnv_', c.id) || '",' AS before,
                    ',"conversation":' || v.data || '}' AS after
                FROM (SELECT DISTINCT m.tenant_id, conversation[m.place] AS id FROM unnest(incoming) m) d
                JOIN conversations c ON c.tenant_id = d.tenant_id AND c.id = d.id
                CROSS JOIN LATERAL conversation_json(c) v
            ), written AS (
                INSERT INTO events AS v (tenant_id, seq, id, type, conversation_id, data)
                SELECT m.tenant_id, h.base + row_number() OVER (PARTITION BY m.tenant_id ORDER BY m.place),
                    m.id, 'message.created', s.id, (s.before || m.view || s.after)::json
                FROM unnest(incoming) m
                JOIN head h ON h.tenant_id = m.tenant_id
                JOIN snapshot s ON s.tenant_id = m.tenant_id AND s.id = conversation[m.place]
                RETURNING v.tenant_id, v.seq, v.id, v.type, v.conversation_id, v.created_at,
                    CASE WHEN v.tenant_id = ANY (echo) THEN v.data::text END AS data
            )
            SELECT w.* FROM written w ORDER BY w.tenant_id, w.seq;
            RETURN;
        END IF;
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

-- Brings the documents up to date with the logs of all tenants; returns how many entries were read. A log is read when
-- "enough" of its entries wait, or when it was last read "patience" ago: many entries of one tenant cost half of what
-- they cost one by one. What waits is searched in the log itself, so it is found all the same.
CREATE FUNCTION search_catch_up(wanted integer, enough integer, patience interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    behind record;
    done integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate search', 0)) THEN
        RETURN 0;  -- somebody else is at it
    END IF;
    FOR behind IN
        SELECT h.tenant_id, coalesce(s.indexed_seq, 0) AS indexed, h.last_seq FROM tenant_heads h
        LEFT JOIN search_heads s ON s.tenant_id = h.tenant_id
        WHERE h.last_seq > coalesce(s.indexed_seq, 0)
          AND (s.tenant_id IS NULL OR h.last_seq - s.indexed_seq >= enough OR s.updated_at <= now() - patience)
    LOOP
        EXIT WHEN done >= wanted;
        DECLARE
            upto bigint := least(behind.last_seq, behind.indexed + wanted - done);
        BEGIN
            WITH told AS MATERIALIZED (
                SELECT DISTINCT ON (t.kind, t.id) t.*
                FROM events e CROSS JOIN LATERAL search_told(e.type, e.data) t
                WHERE e.tenant_id = behind.tenant_id AND e.seq > behind.indexed AND e.seq <= upto
                ORDER BY t.kind, t.id, e.seq DESC
            ), gone AS (
                DELETE FROM search_documents d USING told t
                WHERE t.gone AND d.tenant_id = behind.tenant_id AND d.kind = t.kind AND d.at = t.at AND d.id = t.id
            )
            INSERT INTO search_documents AS d (tenant_id, kind, at, id, words, names)
            SELECT behind.tenant_id, t.kind, t.at, t.id,
                search_words(t.kind, behind.tenant_id, t.at, t.title, t.body), t.names
            FROM told t WHERE NOT t.gone
            ON CONFLICT (tenant_id, kind, at, id) DO UPDATE SET words = excluded.words, names = excluded.names
                WHERE d.words <> excluded.words OR d.names IS DISTINCT FROM excluded.names;
            INSERT INTO search_heads AS s (tenant_id, indexed_seq) VALUES (behind.tenant_id, upto)
            ON CONFLICT (tenant_id) DO UPDATE SET indexed_seq = excluded.indexed_seq;
            done := done + (upto - behind.indexed)::integer;
        END;
    END LOOP;
    RETURN done;
END
$$;
ALTER FUNCTION search_catch_up(integer, integer, interval) OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION search_catch_up(integer, integer, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_catch_up(integer, integer, interval) TO postgate_hook;

-- For gateways of the version before, which run while new ones are rolled out.
CREATE OR REPLACE FUNCTION search_catch_up(wanted integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT search_catch_up(wanted, 1, interval '0') $$;
