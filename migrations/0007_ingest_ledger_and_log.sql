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
-- stored before.
CREATE FUNCTION ingest_ledger(
    webhooks ingest_webhook[], incoming ingest_message[], fresh boolean[], news ingest_status[],
    fresh_news boolean[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    item_count integer[] := array_fill(0, ARRAY[cardinality(webhooks)]);
    stored_count integer[] := array_fill(0, ARRAY[cardinality(webhooks)]);
    item record;
BEGIN
    FOR item IN SELECT i.webhook, fresh[i.place] AS is_new FROM unnest(incoming) i
        UNION ALL SELECT n.webhook, fresh_news[n.place] FROM unnest(news) n
    LOOP
        item_count[item.webhook] := item_count[item.webhook] + 1;
        IF item.is_new THEN
            stored_count[item.webhook] := stored_count[item.webhook] + 1;
        END IF;
    END LOOP;

    INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
        verdict, state, received, stored, duplicate, ignored, quarantined, items, error_code, error_detail)
    SELECT w.tenant_id, w.received_at, w.id, w.integration_id, w.provider, w.method, w.url, w.headers::jsonb, w.body,
        w.verdict,
        CASE WHEN w.pending THEN 'pending'
            ELSE webhook_state(stored_count[w.place], item_count[w.place] - stored_count[w.place], w.quarantined) END,
        item_count[w.place] + w.ignored + w.quarantined, stored_count[w.place],
        item_count[w.place] - stored_count[w.place], w.ignored,
        w.quarantined, w.items::jsonb, w.error_code, w.error_detail
    FROM ROWS FROM (unnest(webhooks)) WITH ORDINALITY AS w (tenant_id, id, received_at, integration_id, provider,
        method, url, headers, body, verdict, pending, known, ignored, quarantined, items, error_code, error_detail,
        place)
    WHERE NOT w.known;

    IF EXISTS (SELECT FROM unnest(webhooks) w WHERE w.known) THEN
        UPDATE inbound_webhooks b
        SET stored = n.stored, duplicate = n.duplicate, ignored = w.ignored, quarantined = w.quarantined,
            received = n.stored + n.duplicate + w.ignored + w.quarantined,
            state = webhook_state(n.stored, n.duplicate, w.quarantined), lease_until = NULL,
            items = w.items::jsonb, error_code = w.error_code, error_detail = w.error_detail
        FROM ROWS FROM (unnest(webhooks)) WITH ORDINALITY AS w (tenant_id, id, received_at, integration_id,
            provider, method, url, headers, body, verdict, pending, known, ignored, quarantined, items, error_code,
            error_detail, place)
        CROSS JOIN LATERAL (
            SELECT o.stored + stored_count[w.place] AS stored,
                greatest(item_count[w.place] - stored_count[w.place] - o.stored, 0) AS duplicate
            FROM inbound_webhooks o
            WHERE o.tenant_id = w.tenant_id AND o.received_at = w.received_at AND o.id = w.id) n
        WHERE w.known AND b.tenant_id = w.tenant_id AND b.received_at = w.received_at AND b.id = w.id;
    END IF;
END
$$;

-- Writes the entries of one transaction to the logs of its tenants. The heads stay locked until the commit, which
-- is what makes seq gap-free and in commit order.
CREATE FUNCTION ingest_log(
    incoming ingest_message[], fresh boolean[], customer uuid[], conversation uuid[], renewed uuid[],
    waited uuid[], news ingest_status[], fresh_news boolean[], changed uuid[])
RETURNS SETOF events
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM tenant_heads h WHERE h.tenant_id IN (
        SELECT m.tenant_id FROM unnest(incoming) m WHERE fresh[m.place]
        UNION SELECT n.tenant_id FROM unnest(news) n WHERE fresh_news[n.place])
    ORDER BY h.tenant_id FOR NO KEY UPDATE OF h;

    RETURN QUERY
    WITH new_message AS MATERIALIZED (
        SELECT m.place, m.tenant_id, m.id, m.channel_id, m.external_id,
            conversation[m.place] AS conversation_id, customer[m.place] AS customer_id,
            m.conversation_id = conversation[m.place] AS opens, m.customer_id = customer[m.place] AS introduces,
            -- Rendering in the database costs four times as much: only for what could not be known before.
            CASE WHEN m.in_reply_to IS NULL AND NOT m.id = ANY (waited) AND cardinality(news) = 0 THEN
                '{"conversation_id":"' || public_id('cnv_', conversation[m.place]) || '",' || m.view
            END AS view
        FROM unnest(incoming) m WHERE fresh[m.place]
    ), snapshot AS MATERIALIZED (
        SELECT c.tenant_id, c.id, v.data::text AS data
        FROM (SELECT DISTINCT n.tenant_id, n.conversation_id FROM new_message n) d
        JOIN conversations c ON c.tenant_id = d.tenant_id AND c.id = d.conversation_id
        CROSS JOIN LATERAL conversation_json(c) v
    ), person AS (
        SELECT n.tenant_id, n.place, 1 AS step, n.customer_id AS event_id, 'customer.created' AS type, n.customer_id
        FROM new_message n WHERE n.introduces
        UNION ALL
        SELECT d.tenant_id, 0, 4, gen_random_uuid(), 'customer.updated', d.customer_id
        FROM (SELECT DISTINCT n.tenant_id, n.customer_id FROM new_message n WHERE n.customer_id = ANY (renewed)) d
    ), in_full AS (
        SELECT n.tenant_id, n.place, 3 AS step, n.id AS event_id, 'message.created' AS type, n.id AS message_id
        FROM new_message n WHERE n.view IS NULL
        UNION ALL
        -- Replies that were here before what they answer: now they can name it.
        SELECT n.tenant_id, n.place, 5, gen_random_uuid(), 'message.updated', r.id
        FROM new_message n
        CROSS JOIN LATERAL (
            SELECT m.id FROM messages m
            WHERE m.tenant_id = n.tenant_id AND m.channel_id = n.channel_id AND m.in_reply_to = n.external_id
            ORDER BY m.id LIMIT 1000) r
        WHERE NOT EXISTS (SELECT FROM new_message f WHERE f.id = r.id)
        UNION ALL
        SELECT d.tenant_id, 1000000 + d.place, 6, d.event_id, 'message.status_changed', d.message_id
        FROM (
            SELECT x.tenant_id, x.message_id, min(n.place) AS place,
                (array_agg(n.id ORDER BY n.place))[1] AS event_id
            FROM unnest(news) n
            JOIN external_message_mappings x ON x.tenant_id = n.tenant_id AND x.channel_id = n.channel_id
                AND x.external_id = n.external_id
            WHERE fresh_news[n.place] AND x.message_id = ANY (changed)
              AND NOT EXISTS (SELECT FROM new_message f WHERE f.id = x.message_id)
            GROUP BY 1, 2) d
    ), entry AS MATERIALIZED (
        SELECT p.tenant_id, p.place, p.step, p.event_id AS id, p.type, NULL::uuid AS conversation_id, v.data
        FROM person p JOIN customers k ON k.tenant_id = p.tenant_id AND k.id = p.customer_id
        CROSS JOIN LATERAL customer_json(k) v
        UNION ALL
        SELECT n.tenant_id, n.place, 2, n.conversation_id, 'conversation.created', n.conversation_id, s.data::json
        FROM new_message n JOIN snapshot s ON s.tenant_id = n.tenant_id AND s.id = n.conversation_id WHERE n.opens
        UNION ALL
        SELECT n.tenant_id, n.place, 3, n.id, 'message.created', n.conversation_id,
            (n.view || ',"conversation":' || s.data || '}')::json
        FROM new_message n JOIN snapshot s ON s.tenant_id = n.tenant_id AND s.id = n.conversation_id
        WHERE n.view IS NOT NULL
        UNION ALL
        SELECT f.tenant_id, f.place, f.step, f.event_id, f.type, m.conversation_id,
            CASE WHEN s.data IS NULL THEN v.data
                ELSE (left(v.data::text, -1) || ',"conversation":' || s.data || '}')::json END
        FROM in_full f
        JOIN messages m ON m.tenant_id = f.tenant_id AND m.id = f.message_id
        CROSS JOIN LATERAL message_json(m) v
        LEFT JOIN snapshot s ON f.type = 'message.created' AND s.tenant_id = m.tenant_id AND s.id = m.conversation_id
    ), head AS (
        UPDATE tenant_heads h SET last_seq = h.last_seq + e.entries
        FROM (SELECT e.tenant_id, count(*) AS entries FROM entry e GROUP BY 1) e
        WHERE h.tenant_id = e.tenant_id
        RETURNING h.tenant_id, h.last_seq - e.entries AS base
    )
    INSERT INTO events AS v (tenant_id, seq, id, type, conversation_id, data)
    SELECT e.tenant_id, h.base + row_number() OVER (PARTITION BY e.tenant_id ORDER BY e.place, e.step, e.id), e.id,
        e.type, e.conversation_id, e.data
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
        FROM ingest_log(incoming, fresh, customer, conversation, renewed, waited, news, fresh_news, changed) e
        ORDER BY e.tenant_id, e.seq;
    END IF;
END
$$;
ALTER FUNCTION ingest OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION ingest FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest TO postgate_hook;
