-- The second half of ingest: the ledger that accounts for every item, the log, and the function that holds it all.

CREATE FUNCTION webhook_state(stored integer, duplicate integer, quarantined integer) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN quarantined > 0 AND stored + duplicate > 0 THEN 'partial'
    WHEN quarantined > 0 THEN 'quarantined'
    WHEN stored > 0 THEN 'stored'
    WHEN duplicate > 0 THEN 'duplicate'
    ELSE 'ignored' END;

-- received = stored + duplicate + ignored + quarantined, for every webhook. A replayed webhook keeps what it had
-- stored before. What later parts of a webhook will store counts as duplicate until they do.
CREATE FUNCTION ingest_ledger(
    webhooks ingest_webhook[], incoming ingest_message[], fresh boolean[], news ingest_status[],
    fresh_news boolean[]) RETURNS void
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
        SET stored = n.stored, duplicate = n.duplicate, ignored = w.ignored, quarantined = w.quarantined,
            received = n.stored + n.duplicate + w.ignored + w.quarantined,
            state = webhook_state(n.stored, n.duplicate, w.quarantined), lease_until = NULL,
            items = w.items::jsonb, error_code = w.error_code, error_detail = w.error_detail
        FROM ROWS FROM (unnest(webhooks)) WITH ORDINALITY AS w (tenant_id, id, received_at, integration_id,
            provider, method, url, headers, body, verdict, pending, known, more, item_count, ignored, quarantined,
            items, error_code, error_detail, place)
        CROSS JOIN LATERAL (
            SELECT o.stored + stored_count[w.place] AS stored,
                greatest(CASE WHEN w.more THEN o.duplicate ELSE w.item_count - o.stored END
                    - stored_count[w.place], 0) AS duplicate
            FROM inbound_webhooks o
            WHERE o.tenant_id = w.tenant_id AND o.received_at = w.received_at AND o.id = w.id) n
        WHERE (w.known OR w.more) AND b.tenant_id = w.tenant_id AND b.received_at = w.received_at AND b.id = w.id;
    END IF;
END
$$;

-- An entry before its place in the log is known. Entries are in the order of place, step, id.
CREATE TYPE log_draft AS (
    tenant_id uuid, place integer, step integer, id uuid, type text, conversation_id uuid, data text
);

-- message.created of the messages whose view was rendered before they came here. (Rendering in the database costs four
-- times as much: only for what could not be known before.)
CREATE FUNCTION draft_new_messages(
    incoming ingest_message[], fresh boolean[], conversation uuid[], changed uuid[]) RETURNS log_draft[]
LANGUAGE plpgsql
AS $$
DECLARE
    drafts log_draft[];
BEGIN
    WITH new_message AS MATERIALIZED (
        SELECT m.place, m.tenant_id, m.id, conversation[m.place] AS conversation_id, m.view
        FROM unnest(incoming) m
        WHERE fresh[m.place] AND m.in_reply_to IS NULL AND m.id <> ALL (changed)
    ), snapshot AS MATERIALIZED (
        SELECT c.tenant_id, c.id, v.data
        FROM (SELECT DISTINCT n.tenant_id, n.conversation_id FROM new_message n) d
        JOIN conversations c ON c.tenant_id = d.tenant_id AND c.id = d.conversation_id
        CROSS JOIN LATERAL conversation_json(c) v
    )
    SELECT array_agg(ROW(n.tenant_id, n.place, 3, n.id, 'message.created', n.conversation_id,
        '{"conversation_id":"' || public_id('cnv_', n.conversation_id) || '",' || n.view
            || ',"conversation":' || s.data || '}')::log_draft)
    INTO drafts
    FROM new_message n JOIN snapshot s ON s.tenant_id = n.tenant_id AND s.id = n.conversation_id;
    RETURN drafts;
END
$$;

-- message.created of the others, message.updated and message.status_changed.
CREATE FUNCTION draft_messages_in_full(
    incoming ingest_message[], fresh boolean[], news ingest_status[], fresh_news boolean[], changed uuid[])
RETURNS log_draft[]
LANGUAGE plpgsql
AS $$
DECLARE
    drafts log_draft[];
BEGIN
    WITH new_message AS MATERIALIZED (
        SELECT m.place, m.tenant_id, m.id, m.channel_id, m.external_id,
            m.in_reply_to IS NOT NULL OR m.id = ANY (changed) AS is_rendered_here
        FROM unnest(incoming) m WHERE fresh[m.place]
    ), told AS (
        SELECT n.tenant_id, n.place, 3 AS step, n.id, 'message.created' AS type, n.id AS message_id
        FROM new_message n WHERE n.is_rendered_here
        UNION ALL
        -- Replies that were here before what they answer: now they can name it.
        SELECT n.tenant_id, n.place, 5, gen_random_uuid(), 'message.updated', r.id
        FROM new_message n
        CROSS JOIN LATERAL (
            SELECT m.id FROM messages m
            WHERE m.tenant_id = n.tenant_id AND m.channel_id = n.channel_id AND m.in_reply_to = n.external_id
            ORDER BY m.id LIMIT 1000) r  -- more are somebody's game, and would only make this commit long
        WHERE NOT EXISTS (SELECT FROM new_message f WHERE f.id = r.id)
        UNION ALL
        SELECT d.tenant_id, 1000000 + d.place, 6, d.id, 'message.status_changed', d.message_id
        FROM (
            SELECT x.tenant_id, x.message_id, min(n.place) AS place, (array_agg(n.id ORDER BY n.place))[1] AS id
            FROM unnest(news) n
            JOIN external_message_mappings x ON x.tenant_id = n.tenant_id AND x.channel_id = n.channel_id
                AND x.external_id = n.external_id
            WHERE fresh_news[n.place] AND x.message_id = ANY (changed)
              AND NOT EXISTS (SELECT FROM new_message f WHERE f.id = x.message_id)
            GROUP BY 1, 2) d
    )
    SELECT array_agg(ROW(t.tenant_id, t.place, t.step, t.id, t.type, m.conversation_id,
        CASE WHEN t.type = 'message.created' THEN left(v.data::text, -1) || ',"conversation":' || s.data || '}'
            ELSE v.data::text END)::log_draft)
    INTO drafts
    FROM told t
    JOIN messages m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
    CROSS JOIN LATERAL message_json(m) v
    LEFT JOIN LATERAL (
        SELECT w.data FROM conversations c CROSS JOIN LATERAL conversation_json(c) w
        WHERE c.tenant_id = m.tenant_id AND c.id = m.conversation_id LIMIT 1) s ON t.type = 'message.created';
    RETURN drafts;
END
$$;

-- customer.created, customer.updated and conversation.created.
CREATE FUNCTION draft_people(
    incoming ingest_message[], fresh boolean[], customer uuid[], conversation uuid[], renewed uuid[])
RETURNS log_draft[]
LANGUAGE plpgsql
AS $$
DECLARE
    people log_draft[];
    opened log_draft[];
BEGIN
    WITH told AS (
        SELECT m.tenant_id, m.place, 1 AS step, m.customer_id AS id, 'customer.created' AS type, m.customer_id
        FROM unnest(incoming) m WHERE fresh[m.place] AND m.customer_id = customer[m.place]
        UNION ALL
        SELECT d.tenant_id, 0, 4, gen_random_uuid(), 'customer.updated', d.customer_id
        FROM (
            SELECT DISTINCT m.tenant_id, customer[m.place] AS customer_id FROM unnest(incoming) m
            WHERE fresh[m.place] AND customer[m.place] = ANY (renewed)) d
    )
    SELECT array_agg(ROW(t.tenant_id, t.place, t.step, t.id, t.type, NULL, v.data)::log_draft) INTO people
    FROM told t JOIN customers k ON k.tenant_id = t.tenant_id AND k.id = t.customer_id
    CROSS JOIN LATERAL customer_json(k) v;

    SELECT array_agg(ROW(m.tenant_id, m.place, 2, c.id, 'conversation.created', c.id, v.data)::log_draft) INTO opened
    FROM unnest(incoming) m
    JOIN conversations c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
    CROSS JOIN LATERAL conversation_json(c) v
    WHERE fresh[m.place] AND m.conversation_id = conversation[m.place];
    RETURN people || opened;
END
$$;

-- Writes the entries of one transaction to the logs of its tenants. The heads stay locked until the commit, which
-- is what makes seq gap-free and in commit order. What was committed until they are locked is seen by what follows.
CREATE FUNCTION ingest_log(
    incoming ingest_message[], fresh boolean[], customer uuid[], conversation uuid[], renewed uuid[],
    news ingest_status[], fresh_news boolean[], changed uuid[])
RETURNS SETOF events
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    drafts log_draft[] := '{}';
    somebody_new boolean;
    in_full boolean;
BEGIN
    PERFORM FROM tenant_heads h WHERE h.tenant_id IN (
        SELECT m.tenant_id FROM unnest(incoming) m WHERE fresh[m.place]
        UNION SELECT n.tenant_id FROM unnest(news) n WHERE fresh_news[n.place])
    ORDER BY h.tenant_id FOR NO KEY UPDATE OF h;

    -- To set a query up costs more than to run it for a few messages: those for what is rare wait until it is there.
    SELECT bool_or(m.customer_id = customer[m.place] OR m.conversation_id = conversation[m.place]),
        bool_or(m.in_reply_to IS NOT NULL OR EXISTS (
            SELECT FROM messages r WHERE r.tenant_id = m.tenant_id AND r.channel_id = m.channel_id
                AND r.in_reply_to = m.external_id))
    INTO somebody_new, in_full
    FROM unnest(incoming) m WHERE fresh[m.place];
    IF true = ANY (fresh) THEN
        drafts := draft_new_messages(incoming, fresh, conversation, changed);
    END IF;
    IF in_full OR cardinality(changed) > 0 THEN
        drafts := drafts || draft_messages_in_full(incoming, fresh, news, fresh_news, changed);
    END IF;
    IF somebody_new OR cardinality(renewed) > 0 THEN
        drafts := drafts || draft_people(incoming, fresh, customer, conversation, renewed);
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
CREATE FUNCTION ingest(webhooks ingest_webhook[], incoming ingest_message[], news ingest_status[], echo uuid[])
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
    IF true = ANY (fresh) THEN
        SELECT c.found_ids, c.grown INTO customer, renewed FROM ingest_customers(incoming, fresh) c;
        renewed := renewed || ingest_names(incoming, fresh, customer);
        conversation := ingest_conversations(incoming, fresh, customer);
        PERFORM ingest_messages(incoming, fresh, conversation);
    END IF;
    IF cardinality(news) > 0 THEN
        fresh_news := ingest_statuses(news);
    END IF;
    IF true = ANY (fresh_news) OR cardinality(waited) > 0 THEN
        changed := ingest_fold(incoming, waited, news, fresh_news);
    END IF;
    PERFORM ingest_ledger(webhooks, incoming, fresh, news, fresh_news);
    IF true = ANY (fresh) OR cardinality(changed) > 0 THEN
        RETURN QUERY
        SELECT e.tenant_id, e.seq, e.id, e.type, e.conversation_id, e.created_at,
            CASE WHEN e.tenant_id = ANY (echo) THEN e.data::text END
        FROM ingest_log(incoming, fresh, customer, conversation, renewed, news, fresh_news, changed) e
        ORDER BY e.tenant_id, e.seq;
    END IF;
END
$$;
ALTER FUNCTION ingest OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION ingest FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest TO postgate_hook;
