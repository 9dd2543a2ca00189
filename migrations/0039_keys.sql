-- Keys: raw webhooks are sealed with their tenant's data key, keys are exchanged while everything runs, and a tenant's
-- keys can be destroyed.

-- The data key that a body, and the query of its URL, is sealed with (gateway/store/raw_webhooks.py); null: in clear, as
-- versions before stored it. No foreign key, which each webhook would pay for: a key that the ledger names is kept by
-- those who remove keys.
ALTER TABLE inbound_webhooks ADD COLUMN key_id uuid;

ALTER TABLE encryption_keys ADD COLUMN shredded_at timestamptz;  -- its bytes are gone since
GRANT UPDATE, DELETE ON encryption_keys TO postgate_writer;
GRANT UPDATE ON provider_apps, external_integrations, second_factors, tenants TO postgate_writer;

-- How far an exchange of keys has come. One at a time; it goes on where it was when whoever did it was killed.
CREATE TABLE key_rotations (
    id uuid PRIMARY KEY,
    data_keys boolean NOT NULL,            -- whether values are sealed anew, with new data keys
    step text NOT NULL DEFAULT '',         -- what it is at
    place text[],                          -- the last one there that is done, by its key
    counts jsonb NOT NULL DEFAULT '{}',    -- how many are done, by step
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_rotation_at_a_time ON key_rotations ((true)) WHERE finished_at IS NULL;
ALTER TABLE key_rotations ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_rotations FORCE ROW LEVEL SECURITY;
CREATE POLICY writer ON key_rotations TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON key_rotations TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON key_rotations FOR EACH ROW EXECUTE FUNCTION touch();

-- The data key that a tenant's raw webhooks are sealed with from now on.
CREATE FUNCTION data_key_of(tenant uuid) RETURNS TABLE (id uuid, wrapped_key bytea, master_key_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT k.id, k.wrapped_key, k.master_key_id FROM encryption_keys k
WHERE k.tenant_id = tenant AND k.shredded_at IS NULL ORDER BY k.created_at DESC, k.id LIMIT 1
$$;

-- As before; of a sealed body, the length of what is in it: without nonce and tag, nor the query that stands before it.
CREATE OR REPLACE FUNCTION webhook_json(w inbound_webhooks) RETURNS json
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', public_id('whk_', w.id),
    'provider', w.provider,
    'received_at', iso(w.received_at),
    'state', w.state,
    'counts', json_build_object('received', w.received, 'stored', w.stored, 'duplicate', w.duplicate,
        'ignored', w.ignored, 'quarantined', w.quarantined),
    'error', CASE WHEN w.error_code IS NOT NULL THEN
        json_build_object('code', w.error_code, 'detail', w.error_detail) END,
    'body_size', octet_length(w.body) - CASE WHEN w.key_id IS NULL THEN 0
        ELSE 28 + coalesce(substring(w.url FROM '[?]sealed=([0-9]+)$')::integer, 0) END,
    'report_only', w.verdict = 'report_only');

-- As claim_mails(wanted, lease, after), with what it takes to open a sealed one.
CREATE FUNCTION claim_raw_mails(wanted integer, lease interval, after uuid)
RETURNS TABLE (tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text,
    url text, headers text, body bytea, verdict text, attempts smallint, fetches smallint,
    key_id uuid, wrapped_key bytea, master_key_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    served uuid := coalesce(after, nobody);
    next_one uuid;
    places integer := wanted;
    taken integer;
    any_taken boolean := true;  -- since the first tenant was asked
BEGIN
    WHILE places > 0 LOOP
        SELECT w.tenant_id INTO next_one FROM inbound_webhooks w
        WHERE w.state = 'pending' AND w.tenant_id > served AND (w.lease_until IS NULL OR w.lease_until < now())
        ORDER BY w.tenant_id LIMIT 1;
        IF NOT FOUND THEN
            EXIT WHEN NOT any_taken;
            served := nobody;
            any_taken := false;
            CONTINUE;
        END IF;
        served := next_one;
        RETURN QUERY
        WITH due AS (
            SELECT w.tenant_id, w.received_at, w.id FROM inbound_webhooks w
            WHERE w.tenant_id = served AND w.state = 'pending' AND (w.lease_until IS NULL OR w.lease_until < now())
            ORDER BY w.received_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE inbound_webhooks w SET lease_until = now() + lease, attempts = least(w.attempts + 1, 1000)
        FROM due WHERE w.tenant_id = due.tenant_id AND w.received_at = due.received_at AND w.id = due.id
        RETURNING w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text,
            w.body, w.verdict, w.attempts, w.fetches, w.key_id,
            (SELECT k.wrapped_key FROM encryption_keys k WHERE k.tenant_id = w.tenant_id AND k.id = w.key_id),
            (SELECT k.master_key_id FROM encryption_keys k WHERE k.tenant_id = w.tenant_id AND k.id = w.key_id);
        GET DIAGNOSTICS taken = ROW_COUNT;
        places := places - taken;
        any_taken := any_taken OR taken > 0;
    END LOOP;
END
$$;

-- For gateways of the version before, which can't open sealed ones: they take those that are in clear.
CREATE OR REPLACE FUNCTION claim_mails(wanted integer, lease interval, after uuid)
RETURNS TABLE (tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text,
    url text, headers text, body bytea, verdict text, attempts smallint, fetches smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
    served uuid := coalesce(after, nobody);
    next_one uuid;
    places integer := wanted;
    taken integer;
    any_taken boolean := true;  -- since the first tenant was asked
BEGIN
    WHILE places > 0 LOOP
        SELECT w.tenant_id INTO next_one FROM inbound_webhooks w
        WHERE w.state = 'pending' AND w.key_id IS NULL AND w.tenant_id > served
          AND (w.lease_until IS NULL OR w.lease_until < now())
        ORDER BY w.tenant_id LIMIT 1;
        IF NOT FOUND THEN
            EXIT WHEN NOT any_taken;
            served := nobody;
            any_taken := false;
            CONTINUE;
        END IF;
        served := next_one;
        RETURN QUERY
        WITH due AS (
            SELECT w.tenant_id, w.received_at, w.id FROM inbound_webhooks w
            WHERE w.tenant_id = served AND w.state = 'pending' AND w.key_id IS NULL
              AND (w.lease_until IS NULL OR w.lease_until < now())
            ORDER BY w.received_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE inbound_webhooks w SET lease_until = now() + lease, attempts = least(w.attempts + 1, 1000)
        FROM due WHERE w.tenant_id = due.tenant_id AND w.received_at = due.received_at AND w.id = due.id
        RETURNING w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text,
            w.body, w.verdict, w.attempts, w.fetches;
        GET DIAGNOSTICS taken = ROW_COUNT;
        places := places - taken;
        any_taken := any_taken OR taken > 0;
    END LOOP;
END
$$;
CREATE OR REPLACE FUNCTION claim_mails(wanted integer, lease interval)
RETURNS TABLE (tenant_id uuid, id uuid, received_at timestamptz, integration_id uuid, provider text, method text,
    url text, headers text, body bytea, verdict text, attempts smallint, fetches smallint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT w.tenant_id, w.received_at, w.id FROM inbound_webhooks w
    WHERE w.state = 'pending' AND w.key_id IS NULL AND (w.lease_until IS NULL OR w.lease_until < now())
    ORDER BY w.received_at LIMIT wanted FOR UPDATE SKIP LOCKED
)
UPDATE inbound_webhooks w SET lease_until = now() + lease, attempts = least(w.attempts + 1, 1000)
FROM due WHERE w.tenant_id = due.tenant_id AND w.received_at = due.received_at AND w.id = due.id
RETURNING w.tenant_id, w.id, w.received_at, w.integration_id, w.provider, w.method, w.url, w.headers::text, w.body,
    w.verdict, w.attempts, w.fetches
$$;

-- As before, and notes which key each webhook is sealed with.
DROP FUNCTION ingest_ledger(ingest_webhook[], ingest_message[], boolean[], ingest_status[], boolean[], ingest_note[],
    boolean[]);
CREATE FUNCTION ingest_ledger(
    webhooks ingest_webhook[], incoming ingest_message[], fresh boolean[], news ingest_status[],
    fresh_news boolean[], notes ingest_note[], fresh_notes boolean[], keys uuid[]) RETURNS void
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
        key_id, verdict, state, received, stored, duplicate, ignored, quarantined, items, error_code, error_detail)
    SELECT w.tenant_id, w.received_at, w.id, w.integration_id, w.provider, w.method, w.url, w.headers::jsonb, w.body,
        keys[w.place], w.verdict,
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

-- As before; keys: by place of a webhook, the data key that its body is sealed with, null where it is in clear.
CREATE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    marks text[], notes ingest_note[], echo uuid[], keys uuid[])
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
    PERFORM ingest_ledger(webhooks, incoming, fresh, news, fresh_news, notes, fresh_notes, keys);
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

-- For gateways of the version before, which seal nothing.
CREATE OR REPLACE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    marks text[], notes ingest_note[], echo uuid[])
RETURNS TABLE (
    tenant_id uuid, seq bigint, id uuid, type text, conversation_id uuid, created_at timestamptz, data text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT * FROM ingest(webhooks, incoming, aliases, news, marks, notes, echo, '{}'::uuid[])
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['data_key_of(uuid)', 'claim_raw_mails(integer, interval, uuid)',
        'ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], text[], ingest_note[], uuid[], uuid[])']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
