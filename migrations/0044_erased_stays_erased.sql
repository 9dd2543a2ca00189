-- What was erased stays erased when a provider tells it again: of each erased message a digest of its provider's id is
-- kept, under a key of the tenant that only gateways can open, and what names such a message is not stored any more.

-- The key of the digests; made with the tenant's first erasure, and sealed anew when keys are exchanged.
CREATE TABLE erasure_keys (
    tenant_id uuid NOT NULL,
    key_id uuid NOT NULL,        -- the data key that it is sealed with
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id),
    FOREIGN KEY (tenant_id, key_id) REFERENCES encryption_keys (tenant_id, id)
);
CALL protect('erasure_keys', 'SELECT, INSERT', 'SELECT, INSERT, UPDATE');

CREATE TABLE erased_messages (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    digest uuid NOT NULL,        -- half an HMAC-SHA256: gateway/store/erased.py; no id of anything
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX erased_messages_by_age ON erased_messages (tenant_id, created_at);
CALL protect('erased_messages', 'SELECT, INSERT', 'SELECT, INSERT, DELETE');

-- Whether the tenant has digests: it stands where every writer of the log looks anyway.
ALTER TABLE tenant_heads ADD COLUMN remembers boolean NOT NULL DEFAULT false;

-- An item that a tenant which remembers was told of, and the digest that it would have if it was erased.
CREATE TYPE ingest_repeat AS (tenant_id uuid, digest uuid);

-- Sends a call back to its caller, for the digests of some tenants' items.
CREATE FUNCTION ingest_asks(tenants uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'these tenants remember what they erased'
        USING ERRCODE = 'PGE02', DETAIL = array_to_string(tenants, ',');
END
$$;
REVOKE EXECUTE ON FUNCTION ingest_asks(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest_asks(uuid[]) TO postgate_writer;

-- As before; what was erased is refused whole (PGE01, with the digests), and so is an item of a tenant that has erased
-- something which the caller does not know of (PGE02, with the tenants). Nothing is stored then: the caller leaves it
-- out, or brings the digests, and calls again.
-- repeats: of the items of tenants that are known to remember. knowing: those tenants; null: the caller knows of no
-- digests at all. emptied: places of webhooks that held what was erased: their content is not kept.
CREATE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    marks text[], notes ingest_note[], echo uuid[], keys uuid[],
    repeats ingest_repeat[], knowing uuid[], emptied integer[])
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
    erased text;                     -- digests of what is told again after it was erased
    unknowing uuid[];                -- tenants of whose erased messages the caller does not know
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
                SELECT c.name FROM customers c
                WHERE c.tenant_id = m.tenant_id AND c.id = p.customer_id LIMIT 1) k ON true
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
    -- All ids are claimed by now: whoever erased one of these in the same moment has committed, or waits for us.
    IF cardinality(repeats) > 0 THEN
        SELECT string_agg(DISTINCT g.digest::text, ',') INTO erased FROM unnest(repeats) r
        JOIN erased_messages g ON g.tenant_id = r.tenant_id AND g.digest = r.digest;
        IF erased IS NOT NULL THEN
            RAISE EXCEPTION 'this was erased' USING ERRCODE = 'PGE01', DETAIL = erased;
        END IF;
    END IF;
    PERFORM ingest_ledger(webhooks, incoming, fresh, news, fresh_news, notes, fresh_notes, keys);
    IF cardinality(emptied) > 0 THEN
        -- One that is replayed counted what is left out now as stored, before.
        UPDATE inbound_webhooks b
        SET body = '', key_id = NULL, url = split_part(b.url, '?', 1), headers = '{}', error_detail = NULL,
            stored = least(b.stored, w.item_count), duplicate = w.item_count - least(b.stored, w.item_count),
            received = w.item_count + b.ignored + b.quarantined,
            state = webhook_state(least(b.stored, w.item_count), w.item_count - least(b.stored, w.item_count),
                b.quarantined)
        FROM (
            SELECT (webhooks[e]).tenant_id, (webhooks[e]).received_at, (webhooks[e]).id, (webhooks[e]).item_count
            FROM unnest(emptied) e) w
        WHERE b.tenant_id = w.tenant_id AND b.received_at = w.received_at AND b.id = w.id;
    END IF;
    IF cardinality(notes) > 0 OR cardinality(turned) > 0 THEN
        PERFORM ingest_recount(webhooks, notes, fresh_notes, turned);
    END IF;
    IF all_known AND cardinality(news) = 0 AND cardinality(waited) = 0 AND NOT with_replies THEN
        -- What was committed until the heads are locked is seen by what follows: a reply that was here before what it
        -- answers among it.
        SELECT array_agg(l.tenant_id) FILTER (WHERE l.remembers AND l.tenant_id <> ALL (knowing)) INTO unknowing
        FROM (
            SELECT h.tenant_id, h.remembers FROM tenant_heads h
            WHERE h.tenant_id = ANY (tenants) ORDER BY h.tenant_id FOR NO KEY UPDATE) l;
        IF unknowing IS NOT NULL THEN
            PERFORM ingest_asks(unknowing);
        END IF;
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
    IF true = ANY (fresh) OR true = ANY (fresh_news) OR true = ANY (fresh_notes) THEN
        SELECT array_agg(h.tenant_id) INTO unknowing FROM tenant_heads h
        WHERE h.tenant_id IN (SELECT w.tenant_id FROM unnest(webhooks) w)
          AND h.remembers AND h.tenant_id <> ALL (knowing);
        IF unknowing IS NOT NULL THEN
            PERFORM ingest_asks(unknowing);
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

-- For gateways of the version before: they store what was erased anew, as they did.
CREATE OR REPLACE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    marks text[], notes ingest_note[], echo uuid[], keys uuid[])
RETURNS TABLE (
    tenant_id uuid, seq bigint, id uuid, type text, conversation_id uuid, created_at timestamptz, data text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT * FROM ingest(webhooks, incoming, aliases, news, marks, notes, echo, keys, '{}', NULL, '{}')
$$;

-- What an erasure has to know until its digests are made.
ALTER TABLE erasure_marks DROP CONSTRAINT erasure_mark_kind_is_known;
ALTER TABLE erasure_marks ADD CONSTRAINT erasure_mark_kind_is_known CHECK (kind IN (
    'customer', 'conversation', 'message', 'address', 'name', 'outside', 'moment', 'file', 'repeat'));

-- Providers' ids of some messages beside their own: those that a message had before it was sent anew, and those that we
-- were told under the reference that we sent it with, while nobody knew yet what they meant.
CREATE FUNCTION other_ids_of(tenant uuid, ids uuid[]) RETURNS TABLE (channel_id uuid, external_id text)
LANGUAGE sql STABLE
AS $$
SELECT x.channel_id, x.external_id FROM sends s
JOIN external_message_mappings x ON x.tenant_id = s.tenant_id AND x.channel_id = s.channel_id
    AND x.reference = s.reference AND x.message_id IS NULL
WHERE s.tenant_id = tenant AND s.message_id = ANY (ids)
UNION
SELECT x.channel_id, x.external_id FROM sends s
JOIN external_message_mappings x ON x.tenant_id = s.tenant_id AND x.channel_id = s.channel_id
    AND x.message_id = s.message_id
WHERE s.tenant_id = tenant AND s.message_id = ANY (ids) AND s.round > 1
$$;
REVOKE EXECUTE ON FUNCTION other_ids_of(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION other_ids_of(uuid, uuid[]) TO postgate_writer;

-- As before; and whoever tells of one of them in this moment is waited for, or finds them empty.
CREATE OR REPLACE FUNCTION empty_messages(tenant uuid, ids uuid[]) RETURNS TABLE (name text, gone bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    held uuid[];
    other record;
    counted bigint;
BEGIN
    -- Who stores a receipt or an edit of one just now has it locked, and is waited for; who comes later waits here.
    PERFORM FROM messages m WHERE m.tenant_id = tenant AND m.id = ANY (ids) ORDER BY m.id FOR UPDATE;
    -- Whoever makes words of the log just now is done before, and finds nothing there afterwards.
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate search', 0));
    DELETE FROM search_documents d USING messages m
    WHERE m.tenant_id = tenant AND m.id = ANY (ids) AND d.tenant_id = tenant AND d.kind = 'm' AND d.id = m.id
      AND d.at >= m.occurred_at - interval '1 ms' AND d.at <= m.occurred_at + interval '1 ms';
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'search_documents', counted;
    FOR other IN SELECT o.channel_id, o.external_id FROM other_ids_of(tenant, ids) o LOOP
        DELETE FROM message_statuses s
        WHERE s.tenant_id = tenant AND s.channel_id = other.channel_id AND s.external_id = other.external_id;
        DELETE FROM external_message_mappings x
        WHERE x.tenant_id = tenant AND x.channel_id = other.channel_id AND x.external_id = other.external_id;
    END LOOP;
    DELETE FROM sends s WHERE s.tenant_id = tenant AND s.message_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'sends', counted;
    DELETE FROM pii_detection_results p WHERE p.tenant_id = tenant AND p.message_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'pii_detection_results', counted;
    DELETE FROM mentions t WHERE t.tenant_id = tenant AND t.message_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'mentions', counted;
    DELETE FROM message_html h WHERE h.tenant_id = tenant AND h.message_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'message_html', counted;
    SELECT coalesce(array_agg(a.file_id) FILTER (WHERE a.file_id IS NOT NULL), '{}') INTO held
    FROM attachments a WHERE a.tenant_id = tenant AND a.message_id = ANY (ids);
    DELETE FROM attachments a WHERE a.tenant_id = tenant AND a.message_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'attachments', counted;
    UPDATE files f SET expires_at = now() WHERE f.tenant_id = tenant AND f.id = ANY (held)
      AND NOT EXISTS (SELECT FROM attachments a WHERE a.tenant_id = tenant AND a.file_id = f.id);
    DELETE FROM message_changes g USING messages m
    WHERE m.tenant_id = tenant AND m.id = ANY (ids) AND g.tenant_id = tenant AND g.channel_id = m.channel_id
      AND g.external_id = m.external_id;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'message_changes', counted;
    DELETE FROM message_statuses s USING messages m
    WHERE m.tenant_id = tenant AND m.id = ANY (ids) AND s.tenant_id = tenant AND s.channel_id = m.channel_id
      AND s.external_id = m.external_id;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'message_statuses', counted;
    DELETE FROM external_message_mappings x USING messages m
    WHERE m.tenant_id = tenant AND m.id = ANY (ids) AND x.tenant_id = tenant AND x.channel_id = m.channel_id
      AND x.external_id = m.external_id;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'external_message_mappings', counted;
    UPDATE messages m
    SET external_id = NULL, text = NULL, preview = '', parts = NULL, sender_name = NULL, sender_address = NULL,
        recipients = '{}', in_reply_to = NULL, subject = NULL, mail = NULL, extra = '{}', error = NULL, mentions = '{}',
        status = 'erased', deleted_at = coalesce(m.deleted_at, now())
    WHERE m.tenant_id = tenant AND m.id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'messages', counted;
END
$$;

-- As before; and who writes to a customer that is taken away in the same moment (so that no identity is added to them)
-- is made a new one, in a third round.
CREATE OR REPLACE FUNCTION ingest_customers(
    incoming ingest_message[], fresh boolean[], OUT found_ids uuid[], OUT grown uuid[])
LANGUAGE plpgsql
AS $$
DECLARE
    incomplete boolean;
    introduced uuid[] := '{}';
    met uuid[];
BEGIN
    grown := '{}';
    FOR attempt IN 1..3 LOOP
        SELECT array_agg(coalesce(p.customer_id, o.customer_id) ORDER BY m.place),
            bool_or(fresh[m.place] AND (p.customer_id IS NULL
                OR (m.identity_kind = 'bsuid' AND m.other_kind IS NOT NULL AND o.customer_id IS NULL)))
        INTO found_ids, incomplete
        FROM unnest(incoming) m
        LEFT JOIN customer_identities p ON fresh[m.place] AND p.tenant_id = m.tenant_id
            AND p.kind = m.identity_kind AND p.value = m.identity_value
        LEFT JOIN customer_identities o ON fresh[m.place] AND o.tenant_id = m.tenant_id
            AND o.kind = m.other_kind AND o.value = m.other_value;
        EXIT WHEN NOT incomplete OR attempt = 3;

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

-- Some of what would go of each kind, by the ids that the API shows; null: nothing goes. What is held is left out.
CREATE FUNCTION retention_examples(webhooks_days integer, deliveries_days integer, events_days integer,
    conversations_days integer, attachments_days integer, notes_days integer, most integer)
RETURNS TABLE (kind text, id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
(SELECT 'webhooks', public_id('whk_', w.id) FROM inbound_webhooks w
WHERE w.tenant_id = current_tenant() AND w.received_at < now() - webhooks_days * interval '1 day'
  AND w.state NOT IN ('pending', 'partial', 'quarantined')
ORDER BY w.received_at LIMIT most)
UNION ALL
(SELECT 'deliveries', public_id('dlv_', d.id) FROM webhook_deliveries d
WHERE d.tenant_id = current_tenant() AND d.id < first_id_at(now() - deliveries_days * interval '1 day')
  AND d.finished_at < now() - deliveries_days * interval '1 day'
ORDER BY d.id LIMIT most)
UNION ALL
(SELECT 'events', public_id('evt_', v.id) FROM tenant_heads h
JOIN all_events v ON v.tenant_id = h.tenant_id AND v.seq > h.floor_seq AND v.seq <= h.floor_seq + most
    AND v.seq <= log_forgettable(h.tenant_id, now() - events_days * interval '1 day')
WHERE h.tenant_id = current_tenant() ORDER BY v.seq)
UNION ALL
(SELECT 'conversations', public_id('cnv_', c.id) FROM conversations c
WHERE c.tenant_id = current_tenant() AND c.status = 'resolved' AND c.deleted_at IS NULL
  AND c.last_message_at < now() - conversations_days * interval '1 day'
ORDER BY c.last_message_at DESC, c.id DESC LIMIT most)
UNION ALL
(SELECT 'attachments', public_id('file_', f.id) FROM files f
WHERE f.tenant_id = current_tenant() AND f.expires_at IS NULL
  AND f.id < first_id_at(now() - attachments_days * interval '1 day')
ORDER BY f.id LIMIT most)
UNION ALL
(SELECT 'notes', public_id('cnt_', n.id) FROM customer_notes n
WHERE n.tenant_id = current_tenant() AND n.id < first_id_at(now() - notes_days * interval '1 day')
ORDER BY n.id LIMIT most)
$$;

-- What files of customers showed that were read, or cancelled, before a moment: their first rows, their names, and the
-- rows that could not be taken. The counts stay.
GRANT DELETE ON customer_import_problems TO postgate_writer;
CREATE FUNCTION forget_import_rows(before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS MATERIALIZED (
    SELECT i.tenant_id, i.id FROM customer_imports i
    WHERE i.finished_at < before AND i.sample <> '[]' LIMIT most FOR NO KEY UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM customer_import_problems p USING old o WHERE p.tenant_id = o.tenant_id AND p.import_id = o.id
), emptied AS (
    UPDATE customer_imports i SET sample = '[]', filename = 'customers.csv' FROM old o
    WHERE i.tenant_id = o.tenant_id AND i.id = o.id RETURNING 1
)
SELECT count(*) FROM emptied
$$;

-- Posts to shared apps that belonged to nobody, of before a moment.
GRANT DELETE ON unrouted_webhooks TO postgate_writer;
CREATE FUNCTION forget_unrouted(before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS MATERIALIZED (
    SELECT u.app_id, u.id FROM unrouted_webhooks u WHERE u.id < first_id_at(before) ORDER BY u.app_id, u.id LIMIT most
), gone AS (
    DELETE FROM unrouted_webhooks u USING old o WHERE u.app_id = o.app_id AND u.id = o.id RETURNING 1
)
SELECT count(*) FROM gone
$$;

-- What is wrong with a request, for programs; and what an erasure kept, by kind, for its certificate.
ALTER TABLE data_requests ADD COLUMN error_code text, ADD COLUMN kept jsonb;
CREATE OR REPLACE FUNCTION data_request_json(r data_requests) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('dsr_', r.id),
        'kind', r.kind,
        'customer_id', public_id('cus_', r.customer_id),
        'customer_name', (
            SELECT k.name FROM customers k WHERE k.tenant_id = r.tenant_id AND k.id = r.customer_id),
        'user_id', public_id('usr_', r.user_id),
        'state', r.state,
        'step', nullif(r.step, ''),
        'counts', r.counts,
        'error', r.error,
        'error_code', r.error_code,
        'size', r.size_bytes,
        'expires_at', iso(r.expires_at),
        'created_at', iso(r.created_at),
        'finished_at', iso(r.finished_at));
END;

-- How many messages of a running erasure a provider is being asked to send: what it answers tells their ids.
CREATE FUNCTION erasure_waits_for(request uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    tenant uuid := erasure_tenant(request);
BEGIN
    RETURN (
        SELECT count(*) FROM erasure_marks k
        JOIN sends s ON s.tenant_id = tenant AND s.conversation_id = k.value::uuid AND s.state = 'calling'
            AND s.lease_until > now()
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'conversation');
END
$$;

-- As erase_messages, but leaves those that are just being sent; and marks what would name the others again: channel,
-- whether it is a provider's id or the reference that we sent it with, and that itself.
CREATE FUNCTION erase_next_messages(request uuid, most integer) RETURNS TABLE (name text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    tenant uuid := erasure_tenant(request);
    ids uuid[];
BEGIN
    SELECT array_agg(w.id) INTO ids
    FROM (
        SELECT m.id FROM erasure_marks k
        JOIN messages m ON m.tenant_id = tenant AND m.conversation_id = k.value::uuid AND m.status <> 'erased'
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'conversation' AND NOT EXISTS (
            SELECT FROM sends s WHERE s.tenant_id = tenant AND s.message_id = m.id AND s.state = 'calling'
              AND s.lease_until > now())
        UNION ALL
        SELECT m.id FROM erasure_marks k
        JOIN messages m ON m.tenant_id = tenant AND m.id = k.value::uuid AND m.status <> 'erased'
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'message'
        LIMIT most) w;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    -- What is read of them now is what is erased: nobody learns an id of one in between.
    PERFORM FROM messages m WHERE m.tenant_id = tenant AND m.id = ANY (ids) ORDER BY m.id FOR UPDATE;
    INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
    SELECT DISTINCT tenant, request, f.kind, f.value
    FROM messages m CROSS JOIN LATERAL (
        SELECT 'outside' AS kind, m.external_id AS value WHERE m.external_id IS NOT NULL
        UNION ALL
        SELECT 'moment', m.received_at::text WHERE m.direction = 'inbound'
        UNION ALL
        -- A number that was taken off the card since; a mail may be by somebody else who takes part.
        SELECT 'address', m.sender_address
        WHERE m.direction = 'inbound' AND m.medium <> 'email' AND m.sender_address <> ''
        UNION ALL
        SELECT 'file', a.file_id::text FROM attachments a
        WHERE a.tenant_id = tenant AND a.message_id = m.id AND a.file_id IS NOT NULL) f
    WHERE m.tenant_id = tenant AND m.id = ANY (ids)
    ON CONFLICT DO NOTHING;
    INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
    SELECT tenant, request, 'repeat', concat_ws(' ', n.channel_id, n.kind, n.value)
    FROM names_of_messages(tenant, ids) n
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT e.name, e.gone FROM empty_messages(tenant, ids) e;
END
$$;

-- What names some messages from outside: providers' ids of them, and the references that they were sent with.
CREATE FUNCTION names_of_messages(tenant uuid, ids uuid[]) RETURNS TABLE (channel_id uuid, kind text, value text)
LANGUAGE sql STABLE
AS $$
SELECT m.channel_id, 'id', m.external_id FROM messages m
WHERE m.tenant_id = tenant AND m.id = ANY (ids) AND m.external_id IS NOT NULL
UNION
SELECT o.channel_id, 'id', o.external_id FROM other_ids_of(tenant, ids) o
UNION
SELECT s.channel_id, 'reference', s.reference FROM sends s WHERE s.tenant_id = tenant AND s.message_id = ANY (ids)
$$;
REVOKE EXECUTE ON FUNCTION names_of_messages(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION names_of_messages(uuid, uuid[]) TO postgate_writer;

-- As forget_conversations, and tells what would name these messages again.
CREATE FUNCTION forget_threads(tenant uuid, before timestamptz, most integer,
    OUT conversations bigint, OUT messages bigint, OUT channels uuid[], OUT kinds text[], OUT names text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    threads uuid[] := ARRAY(
        SELECT c.id FROM conversations c
        WHERE c.tenant_id = tenant AND c.status = 'resolved' AND c.last_message_at < before AND c.deleted_at IS NULL
        ORDER BY c.last_message_at DESC, c.id DESC LIMIT 50 FOR UPDATE SKIP LOCKED);
    ids uuid[] := ARRAY(
        SELECT m.id FROM unnest(threads) t
        JOIN messages m ON m.tenant_id = tenant AND m.conversation_id = t AND m.status <> 'erased' LIMIT most);
BEGIN
    conversations := 0;
    messages := cardinality(ids);
    IF messages > 0 THEN
        SELECT array_agg(n.channel_id), array_agg(n.kind), array_agg(n.value) INTO channels, kinds, names
        FROM names_of_messages(tenant, ids) n;
        PERFORM FROM empty_messages(tenant, ids);
    ELSIF threads <> '{}' THEN
        PERFORM FROM empty_conversations(tenant, threads);
        conversations := cardinality(threads);
    END IF;
END
$$;

-- The key of a tenant's digests, sealed, and the data key that opens it; none: it has erased nothing yet.
CREATE FUNCTION erasure_key_of(tenant uuid) RETURNS TABLE (sealed bytea, wrapped_key bytea, master_key_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT e.sealed, k.wrapped_key, k.master_key_id FROM erasure_keys e
JOIN encryption_keys k ON k.tenant_id = e.tenant_id AND k.id = e.key_id WHERE e.tenant_id = tenant
$$;

-- From now on a tenant remembers. Who was first made the key that counts.
CREATE FUNCTION keep_erasure_key(tenant uuid, data_key uuid, value bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO erasure_keys (tenant_id, key_id, sealed) VALUES (tenant, data_key, value) ON CONFLICT DO NOTHING;
UPDATE tenant_heads h SET remembers = true WHERE h.tenant_id = tenant AND NOT h.remembers;
$$;
CREATE FUNCTION remember_erased(tenant uuid, digests uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO erased_messages (tenant_id, digest) SELECT DISTINCT tenant, d FROM unnest(digests) d ORDER BY 2
ON CONFLICT DO NOTHING
$$;

-- Removes some digests that were made before a moment: nobody tells of those messages any more.
CREATE FUNCTION forget_erased(tenant uuid, before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH old AS MATERIALIZED (
    SELECT g.digest FROM erased_messages g WHERE g.tenant_id = tenant AND g.created_at < before
    ORDER BY g.created_at LIMIT most
), gone AS (
    DELETE FROM erased_messages g USING old o WHERE g.tenant_id = tenant AND g.digest = o.digest RETURNING 1
)
SELECT count(*) FROM gone
$$;

-- As before, but of files that came before somebody was to be erased nothing is taken until it is known whether they
-- name them: they would make them anew.
CREATE OR REPLACE FUNCTION claim_customer_import(worker uuid, duration interval, after uuid)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT i.tenant_id, i.id FROM customer_imports i
    WHERE i.state IN ('checking', 'running') AND (i.lease_until IS NULL OR i.lease_until < now())
      AND NOT EXISTS (
        SELECT FROM data_requests r WHERE r.tenant_id = i.tenant_id AND r.kind = 'erasure'
          AND r.state IN ('waiting', 'running') AND r.created_at >= i.created_at)
    ORDER BY i.tenant_id <= after NULLS FIRST, i.tenant_id, i.lease_until NULLS FIRST, i.id
    LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE customer_imports i SET lease = worker, lease_until = now() + duration, tries = i.tries + 1
FROM due WHERE i.tenant_id = due.tenant_id AND i.id = due.id
RETURNING i.tenant_id, i.id
$$;

-- When the entry of the log was erased that a delivery tells of. What its endpoint answers to what had left by then is
-- not kept; the minute is for clocks that differ.
ALTER TABLE webhook_deliveries ADD COLUMN erased_at timestamptz;
CREATE FUNCTION attempt_may_tell(d webhook_deliveries, started_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE
RETURN d.erased_at IS NULL OR started_at > d.erased_at + interval '1 minute';

-- As before, for deliveries of what was erased since they were begun.
CREATE OR REPLACE FUNCTION record_attempts(moment timestamptz, attempts json, lanes json, some_failed boolean)
RETURNS TABLE (tenant_id uuid, recorded uuid, seq bigint, event_id uuid, data text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    written uuid[];
    exhausted record;
BEGIN
    PERFORM FROM json_to_recordset(lanes) AS o (tenant_id uuid, endpoint_id uuid)
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id
    ORDER BY l.tenant_id, l.endpoint_id FOR NO KEY UPDATE OF l;

    WITH told AS MATERIALIZED (
        SELECT t.* FROM json_to_recordset(attempts) AS t (tenant_id uuid, endpoint_id uuid, token uuid,
            delivery_id uuid, status text, next_at timestamptz, counts boolean, code integer, error_kind text,
            error text, started_at timestamptz, address text, dns_ms real, connect_ms real, tls_ms real,
            first_byte_ms real, total_ms real, tls_version text, tls_expires_at timestamptz, url text,
            request_headers text, response_headers text, response_body text)
        JOIN webhook_lanes l ON l.tenant_id = t.tenant_id AND l.endpoint_id = t.endpoint_id
            AND l.lease_token = t.token
    ), done AS (
        UPDATE webhook_deliveries d
        SET status = t.status, next_attempt_at = t.next_at, attempts = d.attempts + 1,
            tries = d.tries + CASE WHEN t.counts THEN 1 ELSE 0 END, response_status_code = t.code,
            error_kind = t.error_kind,
            error = CASE WHEN attempt_may_tell(d, t.started_at) THEN t.error END, last_attempt_at = t.started_at,
            finished_at = CASE WHEN t.next_at IS NULL THEN moment END
        FROM told t
        WHERE d.tenant_id = t.tenant_id AND d.id = t.delivery_id AND d.next_attempt_at IS NOT NULL
        RETURNING d.attempts AS number, attempt_may_tell(d, t.started_at) AS may_tell, t.*
    ), kept AS (
        INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, status_code,
            error_kind, error, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, tls_version,
            tls_expires_at, request_url, request_headers, response_headers, response_body)
        SELECT n.tenant_id, n.started_at, n.delivery_id, n.endpoint_id, n.number,
            CASE WHEN n.status = 'SUCCESS' THEN 'success' ELSE 'failure' END, n.code, n.error_kind,
            CASE WHEN n.may_tell THEN n.error END, n.address,
            n.dns_ms, n.connect_ms, n.tls_ms, n.first_byte_ms, n.total_ms, n.tls_version, n.tls_expires_at, n.url,
            n.request_headers::json, CASE WHEN n.may_tell THEN n.response_headers::json END,
            CASE WHEN n.may_tell THEN n.response_body END
        FROM done n
        ON CONFLICT DO NOTHING
    )
    SELECT array_agg(n.delivery_id) INTO written FROM done n;

    UPDATE webhook_lanes l
    SET cap = o.cap, failures = o.failures, failing_since = o.failing_since,
        -- Less than this worker wrote there: somebody wants the endpoint tried, and is heard in a moment.
        backoff_until = CASE WHEN l.backoff_until < o.known_backoff - interval '1 ms' THEN l.backoff_until
            ELSE o.backoff_until END,
        last_success_at = CASE WHEN o.succeeded > 0 THEN moment ELSE l.last_success_at END,
        last_failure_at = CASE WHEN o.failed > 0 THEN moment ELSE l.last_failure_at END
    FROM json_to_recordset(lanes) AS o (tenant_id uuid, endpoint_id uuid, token uuid, cap real, failures integer,
        backoff_until timestamptz, known_backoff timestamptz, failing_since timestamptz, succeeded integer,
        failed integer)
    WHERE l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token;

    INSERT INTO webhook_minutes AS m (tenant_id, endpoint_id, minute, succeeded, failed, latencies)
    SELECT o.tenant_id, o.endpoint_id, date_trunc('minute', moment), o.succeeded, o.failed, o.latencies
    FROM json_to_recordset(lanes) AS o (tenant_id uuid, endpoint_id uuid, token uuid, succeeded integer,
        failed integer, latencies integer[])
    JOIN webhook_lanes l ON l.tenant_id = o.tenant_id AND l.endpoint_id = o.endpoint_id AND l.lease_token = o.token
    WHERE o.succeeded + o.failed > 0
    ORDER BY o.tenant_id, o.endpoint_id
    ON CONFLICT (tenant_id, endpoint_id, minute) DO UPDATE
    SET succeeded = m.succeeded + excluded.succeeded, failed = m.failed + excluded.failed,
        latencies = (SELECT array_agg(a.old + a.new ORDER BY a.place)
            FROM unnest(m.latencies, excluded.latencies) WITH ORDINALITY AS a (old, new, place));

    RETURN QUERY SELECT NULL::uuid, w.id, NULL::bigint, NULL::uuid, NULL::text FROM unnest(written) AS w (id);

    IF NOT some_failed THEN
        RETURN;
    END IF;
    -- That a delivery is given up is told in the log; not of what tells of such itself: that would have no end.
    FOR exhausted IN
        SELECT d.tenant_id, array_agg(d.id ORDER BY d.id) AS ids, count(*) AS several
        FROM json_to_recordset(attempts) AS t (tenant_id uuid, delivery_id uuid, status text)
        JOIN webhook_deliveries d ON d.tenant_id = t.tenant_id AND d.id = t.delivery_id
        WHERE t.status = 'FAILED' AND t.delivery_id = ANY (written) AND d.kind = 'event'
          AND d.event_type <> ALL ('{delivery.exhausted,webhook_endpoint.updated}')
        GROUP BY d.tenant_id ORDER BY d.tenant_id
    LOOP
        RETURN QUERY
        WITH head AS (
            UPDATE tenant_heads h SET last_seq = last_seq + exhausted.several WHERE h.tenant_id = exhausted.tenant_id
            RETURNING h.last_seq - exhausted.several AS base
        )
        INSERT INTO events AS v (tenant_id, seq, id, type, data, created_at)
        SELECT exhausted.tenant_id, head.base + x.place, uuid_of(moment), 'delivery.exhausted', j.data, moment
        FROM head, unnest(exhausted.ids) WITH ORDINALITY AS x (id, place)
        JOIN webhook_deliveries d ON d.tenant_id = exhausted.tenant_id AND d.id = x.id
        CROSS JOIN LATERAL delivery_json(d) j (data)
        ORDER BY x.place
        RETURNING v.tenant_id, NULL::uuid, v.seq, v.id, v.data::text;
    END LOOP;
END
$$;

-- As before, and notes which deliveries may be on their way.
CREATE OR REPLACE FUNCTION erase_events(request uuid, after_seq bigint, most integer)
RETURNS TABLE (upto bigint, name text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    tenant uuid := erasure_tenant(request);
    threads uuid[] := ARRAY(
        SELECT k.value::uuid FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'conversation');
    needles text[] := ARRAY(
        SELECT CASE k.kind WHEN 'customer' THEN public_id('cus_', k.value::uuid)
            ELSE public_id('msg_', k.value::uuid) END
        FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind IN ('customer', 'message'));
    head tenant_heads;
    until bigint;
    told uuid[];
    owed uuid[];
    counted bigint;
BEGIN
    -- Nobody moves entries from one table to the other meanwhile.
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate old log ' || tenant, 0));
    SELECT * INTO head FROM tenant_heads h WHERE h.tenant_id = tenant;
    until := least(greatest(after_seq, head.floor_seq) + most, head.last_seq);
    IF until <= after_seq THEN
        RETURN;
    END IF;
    SELECT coalesce(array_agg(v.id), '{}') INTO told
    FROM (
        SELECT e.id, e.type, e.conversation_id, e.data FROM events e
        WHERE e.tenant_id = tenant AND e.seq > after_seq AND e.seq <= until
        UNION ALL
        SELECT o.id, o.type, o.conversation_id, o.data FROM old_events o
        WHERE after_seq < head.old_seq AND o.tenant_id = tenant AND o.seq > after_seq AND o.seq <= until) v
    WHERE v.type NOT IN ('event.erased', 'customer.erased') AND (v.conversation_id = ANY (threads) OR EXISTS (
        SELECT FROM unnest(needles) n WHERE position(n IN v.data::text) > 0));
    UPDATE events e
    SET type = 'event.erased', conversation_id = NULL, data = json_build_object('was', e.type)
    WHERE e.tenant_id = tenant AND e.seq > after_seq AND e.seq <= until AND e.id = ANY (told);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT until, 'events', counted;
    UPDATE old_events o
    SET type = 'event.erased', conversation_id = NULL, data = json_build_object('was', o.type)
    WHERE o.tenant_id = tenant AND o.seq > after_seq AND o.seq <= until AND o.id = ANY (told);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT until, 'old_events', counted;
    SELECT coalesce(array_agg(d.id), '{}') INTO owed FROM webhook_deliveries d
    WHERE d.tenant_id = tenant AND d.event_id = ANY (told);
    UPDATE webhook_deliveries d SET erased_at = now()
    WHERE d.tenant_id = tenant AND d.id = ANY (owed) AND d.next_attempt_at IS NOT NULL;
    UPDATE webhook_deliveries d SET error = NULL
    WHERE d.tenant_id = tenant AND d.id = ANY (owed) AND d.next_attempt_at IS NULL AND d.error IS NOT NULL;
    RETURN QUERY SELECT until, 'webhook_deliveries', cardinality(owed)::bigint;
    UPDATE webhook_attempts a SET response_body = NULL, response_headers = NULL, error = NULL
    WHERE a.tenant_id = tenant AND a.delivery_id = ANY (owed);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT until, 'webhook_attempts', counted;
END
$$;

-- Takes from the next messages what others wrote down of them in the moment in which they were emptied: words of search
-- from entries of the log that were erased afterwards, files that were fetched, findings.
CREATE FUNCTION erase_late_rows(request uuid, after_id uuid, most integer)
RETURNS TABLE (upto uuid, name text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    tenant uuid := erasure_tenant(request);
    ids uuid[];
BEGIN
    SELECT array_agg(w.id ORDER BY w.id) INTO ids
    FROM (
        SELECT m.id FROM erasure_marks k
        JOIN messages m ON m.tenant_id = tenant AND m.conversation_id = k.value::uuid
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'conversation' AND m.id > after_id
        UNION
        SELECT k.value::uuid FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'message' AND k.value::uuid > after_id
        ORDER BY 1 LIMIT most) w;
    IF ids IS NOT NULL THEN
        -- Files of theirs go with the step that follows.
        INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
        SELECT DISTINCT tenant, request, 'file', a.file_id::text FROM attachments a
        WHERE a.tenant_id = tenant AND a.message_id = ANY (ids) AND a.file_id IS NOT NULL
        ON CONFLICT DO NOTHING;
        RETURN QUERY SELECT ids[cardinality(ids)], e.name, e.gone FROM empty_messages(tenant, ids) e;
    END IF;
END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['erase_next_messages(uuid, integer)', 'erasure_waits_for(uuid)',
        'erase_late_rows(uuid, uuid, integer)',
        'retention_examples(integer, integer, integer, integer, integer, integer, integer)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_app', signature);
    END LOOP;
    FOREACH signature IN ARRAY ARRAY['forget_threads(uuid, timestamptz, integer)', 'erasure_key_of(uuid)',
        'keep_erasure_key(uuid, uuid, bytea)', 'remember_erased(uuid, uuid[])',
        'forget_erased(uuid, timestamptz, integer)', 'forget_import_rows(timestamptz, integer)',
        'forget_unrouted(timestamptz, integer)', 'ingest(ingest_webhook[], ingest_message[], ingest_alias[],'
        ' ingest_status[], text[], ingest_note[], uuid[], uuid[], ingest_repeat[], uuid[], integer[])'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
