-- The ingest call with notes: ledger, log, and the one function that the writer calls.

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
