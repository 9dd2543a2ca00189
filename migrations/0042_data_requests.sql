-- Requests of customers about their data: what is known of somebody, put into one archive, or erased; and more kinds of
-- things that a tenant keeps only for a while.
--
-- An erasure goes on in steps, each a short transaction that notes in its request how far it came: who is killed in
-- between is followed by another. What a later step needs of what an earlier one takes away lies in "erasure_marks"
-- until the end. Rows of customers, conversations and messages are emptied, the others removed (decision 24).

CREATE TABLE data_requests (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT data_request_kind_is_known CHECK (kind IN ('export', 'erasure')),
    customer_id uuid NOT NULL,   -- no reference: the request outlives whatever becomes of the row
    user_id uuid,                -- who asked; null: a program with an API key
    state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT data_request_state_is_known CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    step text NOT NULL DEFAULT '',           -- what is done next; empty: the first
    places jsonb NOT NULL DEFAULT '{}',      -- how far the steps came that go through a whole table
    counts jsonb NOT NULL DEFAULT '{}',      -- rows by table: in the archive, or erased
    error text,
    file_id uuid,                -- the archive, while there is one; it goes by itself
    size_bytes bigint,
    expires_at timestamptz,      -- of the archive
    lease uuid,
    lease_until timestamptz,
    tries smallint NOT NULL DEFAULT 0,       -- since its last progress
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id)
);
CREATE UNIQUE INDEX one_erasure_of_a_customer ON data_requests (tenant_id, customer_id) WHERE kind = 'erasure';
-- Of the whole server, not of a tenant: the queue. It holds what is not done.
CREATE INDEX data_requests_to_do ON data_requests (lease_until) WHERE state IN ('waiting', 'running');
CALL protect('data_requests', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

CREATE TABLE erasure_marks (
    tenant_id uuid NOT NULL,
    request_id uuid NOT NULL,
    kind text NOT NULL CONSTRAINT erasure_mark_kind_is_known
        CHECK (kind IN ('customer', 'conversation', 'message', 'address', 'name', 'outside', 'moment', 'file')),
    value text NOT NULL,         -- an id; an address; a provider's id of a message; when a webhook came
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, request_id, kind, value),
    FOREIGN KEY (tenant_id, request_id) REFERENCES data_requests (tenant_id, id)
);
CALL protect('erasure_marks', 'SELECT, INSERT, DELETE', 'SELECT, INSERT');

-- What the functions below take away, and could not until now.
GRANT DELETE ON attachments, external_message_mappings, message_changes, message_html, message_statuses,
    conversation_labels, customer_labels, mail_threads, reopenings, consents TO postgate_writer;
GRANT UPDATE ON events, old_events, webhook_attempts TO postgate_writer;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['customer_merges', 'customer_merge_links', 'customer_notes', 'drafts', 'mentions', 'reads']
    LOOP
        EXECUTE format('CREATE POLICY writer ON %I TO postgate_writer USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT, DELETE ON %I TO postgate_writer', name);
    END LOOP;
END
$$;
-- Leases a request to a worker. One that dies loses its lease and nothing else.
CREATE FUNCTION claim_data_request(worker uuid, duration interval) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT r.tenant_id, r.id FROM data_requests r
    WHERE r.state IN ('waiting', 'running') AND (r.lease_until IS NULL OR r.lease_until < now())
    ORDER BY r.lease_until NULLS FIRST, r.id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE data_requests r
SET state = 'running', lease = worker, lease_until = now() + duration, tries = r.tries + 1
FROM due WHERE r.tenant_id = due.tenant_id AND r.id = due.id
RETURNING r.tenant_id, r.id
$$;
ALTER FUNCTION claim_data_request(uuid, interval) OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION claim_data_request(uuid, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_data_request(uuid, interval) TO postgate_hook;

CREATE FUNCTION data_request_json(r data_requests) RETURNS TABLE (data json)
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
        'size', r.size_bytes,
        'expires_at', iso(r.expires_at),
        'created_at', iso(r.created_at),
        'finished_at', iso(r.finished_at));
END;

-- An address that must not be written to, and is to be known no longer: it can be compared, and not be read.
CREATE FUNCTION address_digest(tenant uuid, address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'sha256:' || encode(sha256(convert_to(tenant::text || ' ' || address, 'UTF8')), 'hex');

-- The current tenant, if it has such an erasure and that is not done; whoever asks otherwise has lost it to another.
CREATE FUNCTION erasure_tenant(request uuid) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    found uuid;
BEGIN
    SELECT r.tenant_id INTO found FROM data_requests r
    WHERE r.tenant_id = current_tenant() AND r.id = request AND r.kind = 'erasure' AND r.state = 'running';
    IF found IS NULL THEN
        RAISE no_data_found USING MESSAGE = 'there is no such erasure';
    END IF;
    RETURN found;
END
$$;

-- Takes from messages all that somebody wrote or sent, and what hangs on them; what is left tells that there were some.
CREATE FUNCTION empty_messages(tenant uuid, ids uuid[]) RETURNS TABLE (name text, gone bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    held uuid[];
    letters record;
    counted bigint;
BEGIN
    -- Whoever makes words of the log just now is done before, and finds nothing there afterwards.
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate search', 0));
    DELETE FROM search_documents d USING messages m
    WHERE m.tenant_id = tenant AND m.id = ANY (ids) AND d.tenant_id = tenant AND d.kind = 'm' AND d.id = m.id
      AND d.at >= m.occurred_at - interval '1 ms' AND d.at <= m.occurred_at + interval '1 ms';
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'search_documents', counted;
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
REVOKE EXECUTE ON FUNCTION empty_messages(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION empty_messages(uuid, uuid[]) TO postgate_writer;

-- Takes from conversations what is no message.
CREATE FUNCTION empty_conversations(tenant uuid, ids uuid[]) RETURNS TABLE (name text, gone bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    counted bigint;
    held uuid[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('postgate search', 0));
    PERFORM FROM conversations c WHERE c.tenant_id = tenant AND c.id = ANY (ids) ORDER BY c.id FOR NO KEY UPDATE;
    DELETE FROM search_documents d USING conversations c
    WHERE c.tenant_id = tenant AND c.id = ANY (ids) AND d.tenant_id = tenant AND d.kind = 's' AND d.id = c.id
      AND d.at >= c.created_at - interval '1 ms' AND d.at <= c.created_at + interval '1 ms';
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'search_documents', counted;
    -- Files that were to go with a reply that nobody sent.
    SELECT coalesce(array_agg(DISTINCT uuid(substr(f.id, 6))), '{}') INTO held
    FROM drafts d CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(d.content -> 'attachment_ids') WHEN 'array' THEN d.content -> 'attachment_ids' ELSE '[]' END)
        AS f (id)
    WHERE d.tenant_id = tenant AND d.conversation_id = ANY (ids) AND f.id ~ '^file_[0-9a-f]{32}$';
    UPDATE files f SET expires_at = now() WHERE f.tenant_id = tenant AND f.id = ANY (held)
      AND NOT EXISTS (SELECT FROM attachments a WHERE a.tenant_id = tenant AND a.file_id = f.id);
    DELETE FROM drafts d WHERE d.tenant_id = tenant AND d.conversation_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'drafts', counted;
    DELETE FROM reads r WHERE r.tenant_id = tenant AND r.conversation_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'reads', counted;
    DELETE FROM reopenings o WHERE o.tenant_id = tenant AND o.conversation_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'reopenings', counted;
    DELETE FROM conversation_labels l WHERE l.tenant_id = tenant AND l.conversation_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'conversation_labels', counted;
    DELETE FROM mail_threads t WHERE t.tenant_id = tenant AND t.conversation_id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'mail_threads', counted;
    UPDATE conversations c
    SET subject = NULL, unread_count = 0, window_expires_at = NULL, deleted_at = coalesce(c.deleted_at, now()),
        threading = 'merged'
    WHERE c.tenant_id = tenant AND c.id = ANY (ids);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'conversations', counted;
END
$$;
REVOKE EXECUTE ON FUNCTION empty_conversations(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION empty_conversations(uuid, uuid[]) TO postgate_writer;

-- Looks through the next messages for mails that the customer wrote into somebody else's thread, and marks them. Answers
-- how many it looked at and the id of the last one.
CREATE FUNCTION mark_strays(request uuid, after_id uuid, most integer, OUT looked bigint, OUT last_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    tenant uuid := erasure_tenant(request);
    addresses text[] := ARRAY(
        SELECT k.value FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'address');
BEGIN
    WITH next AS MATERIALIZED (
        SELECT m.id, m.medium = 'email' AND m.direction = 'inbound' AND lower(m.sender_address) = ANY (addresses) AS theirs
        FROM messages m WHERE m.tenant_id = tenant AND m.id > after_id ORDER BY m.id LIMIT most
    ), marked AS (
        INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
        SELECT tenant, request, 'message', s.id FROM next s WHERE s.theirs
        ON CONFLICT DO NOTHING
    )
    SELECT count(*), (SELECT s.id FROM next s ORDER BY s.id DESC LIMIT 1) INTO looked, last_id FROM next;
END
$$;

-- Looks through the next entries of the log and puts a word in place of each that tells of the customer; its seq and its
-- id stay, so that nobody sees a hole. What receivers answered when such an entry was delivered goes, too. Answers up to
-- which seq it looked.
CREATE FUNCTION erase_events(request uuid, after_seq bigint, most integer)
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
    UPDATE webhook_deliveries d SET error = NULL
    WHERE d.tenant_id = tenant AND d.id = ANY (owed) AND d.next_attempt_at IS NULL AND d.error IS NOT NULL;
    RETURN QUERY SELECT until, 'webhook_deliveries', cardinality(owed)::bigint;
    UPDATE webhook_attempts a SET response_body = NULL, response_headers = NULL, error = NULL
    WHERE a.tenant_id = tenant AND a.delivery_id = ANY (owed);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT until, 'webhook_attempts', counted;
END
$$;

-- Empties the next messages of the customer; none: all are.
CREATE FUNCTION erase_messages(request uuid, most integer) RETURNS TABLE (name text, gone bigint)
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
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'conversation'
        UNION ALL
        SELECT m.id FROM erasure_marks k
        JOIN messages m ON m.tenant_id = tenant AND m.id = k.value::uuid AND m.status <> 'erased'
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'message'
        LIMIT most) w;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
    SELECT DISTINCT tenant, request, f.kind, f.value
    FROM messages m CROSS JOIN LATERAL (
        SELECT 'outside' AS kind, m.external_id AS value WHERE m.external_id IS NOT NULL
        UNION ALL
        SELECT 'moment', m.received_at::text WHERE m.direction = 'inbound'
        UNION ALL
        -- A number that was taken off the card since; a mail may be by somebody else who takes part.
        SELECT 'address', m.sender_address WHERE m.direction = 'inbound' AND m.medium <> 'email' AND m.sender_address <> ''
        UNION ALL
        SELECT 'file', a.file_id::text FROM attachments a
        WHERE a.tenant_id = tenant AND a.message_id = m.id AND a.file_id IS NOT NULL) f
    WHERE m.tenant_id = tenant AND m.id = ANY (ids)
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT e.name, e.gone FROM empty_messages(tenant, ids) e;
END
$$;

-- Empties the conversations and the cards of the customer, and what hangs on them. Of a word against being written to
-- remains that it was said, under a digest of the address.
CREATE FUNCTION erase_customer(request uuid) RETURNS TABLE (name text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
    tenant uuid := erasure_tenant(request);
    people uuid[] := ARRAY(
        SELECT k.value::uuid FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'customer');
    threads uuid[] := ARRAY(
        SELECT k.value::uuid FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'conversation');
    addresses text[] := ARRAY(
        SELECT k.value FROM erasure_marks k
        WHERE k.tenant_id = tenant AND k.request_id = request AND k.kind = 'address');
    asked_at timestamptz := (SELECT r.created_at FROM data_requests r WHERE r.tenant_id = tenant AND r.id = request);
    merges uuid[];
    words bigint;
    counted bigint;
BEGIN
    INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
    SELECT DISTINCT tenant, request, 'file', substr(f.id, 6)::uuid::text
    FROM drafts d CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(d.content -> 'attachment_ids') WHEN 'array' THEN d.content -> 'attachment_ids' ELSE '[]' END)
        AS f (id)
    WHERE d.tenant_id = tenant AND d.conversation_id = ANY (threads) AND f.id ~ '^file_[0-9a-f]{32}$'
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT e.name, e.gone FROM empty_conversations(tenant, threads) e;
    DELETE FROM customer_notes n WHERE n.tenant_id = tenant AND n.customer_id = ANY (people);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'customer_notes', counted;
    DELETE FROM pii_detection_results p WHERE p.tenant_id = tenant AND p.customer_id = ANY (people);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'pii_detection_results', counted;
    DELETE FROM customer_labels l WHERE l.tenant_id = tenant AND l.customer_id = ANY (people);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'customer_labels', counted;
    SELECT coalesce(array_agg(g.id), '{}') INTO merges FROM customer_merges g
    WHERE g.tenant_id = tenant AND (g.customer_id = ANY (people) OR g.merged_id = ANY (people));
    DELETE FROM customer_merge_links l WHERE l.tenant_id = tenant AND l.merge_id = ANY (merges);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'customer_merge_links', counted;
    DELETE FROM customer_merges g WHERE g.tenant_id = tenant AND g.id = ANY (merges);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'customer_merges', counted;
    -- What waits for a message that never came.
    DELETE FROM message_changes g WHERE g.tenant_id = tenant AND g.authors && addresses;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'message_changes', counted;
    WITH told AS MATERIALIZED (
        SELECT DISTINCT ON (o.address, o.channel_id, o.category) o.address, o.channel_id, o.category, o.word, o.told_at
        FROM consents o WHERE o.tenant_id = tenant AND o.address = ANY (addresses) AND o.created_at <= asked_at
        ORDER BY o.address, o.channel_id, o.category, o.told_at DESC, o.word DESC
    ), gone AS (
        DELETE FROM consents o
        WHERE o.tenant_id = tenant AND o.address = ANY (addresses) AND o.created_at <= asked_at
        RETURNING 1
    ), kept AS (
        INSERT INTO consents AS c (tenant_id, address, channel_id, category, key, word, told_at)
        SELECT tenant, address_digest(tenant, t.address), t.channel_id, t.category, 'erased', 'stop', t.told_at
        FROM told t WHERE t.word = 'stop'
        ON CONFLICT (tenant_id, address, channel_id, category, key) DO UPDATE
        SET told_at = greatest(c.told_at, excluded.told_at)
    )
    SELECT count(*) INTO words FROM gone;
    RETURN QUERY SELECT 'consents', words;
    DELETE FROM search_documents d USING customers k
    WHERE k.tenant_id = tenant AND k.id = ANY (people) AND d.tenant_id = tenant AND d.kind = 'c' AND d.id = k.id
      AND d.at >= k.created_at - interval '1 ms' AND d.at <= k.created_at + interval '1 ms';
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'search_documents', counted;
    -- Answers to programs that show one of these, kept for two days in case they ask again.
    DELETE FROM idempotency_keys i USING erasure_marks k
    WHERE i.tenant_id = tenant AND k.tenant_id = tenant AND k.request_id = erase_customer.request
      AND k.kind IN ('customer', 'conversation', 'message') AND position(replace(k.value, '-', '') IN i.answer) > 0;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN QUERY SELECT 'idempotency_keys', counted;
    RETURN QUERY SELECT 'customers', cardinality(people)::bigint;
END
$$;
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['mark_strays(uuid, uuid, integer)', 'erase_events(uuid, bigint, integer)',
        'erase_messages(uuid, integer)', 'erase_customer(uuid)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_app', signature);
    END LOOP;
END
$$;

-- As before, and what somebody said whose data was erased since counts for whoever has that address now.
CREATE OR REPLACE FUNCTION opt_outs_of(customer customers)
RETURNS TABLE (channel_id uuid, address text, category text, opted_out_at timestamptz)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT latest.channel_id, latest.value, latest.category, latest.told_at
    FROM (
        SELECT DISTINCT ON (o.channel_id, known.value, o.category)
            o.channel_id, known.value, o.category, o.told_at, o.word
        FROM (
            SELECT DISTINCT i.value FROM customer_identities i
            WHERE i.tenant_id = customer.tenant_id AND i.customer_id = customer.id) known
        JOIN consents o ON o.tenant_id = customer.tenant_id
            AND o.address IN (known.value, address_digest(customer.tenant_id, known.value))
        -- Two words at the same moment: rather not write than write unasked.
        ORDER BY o.channel_id, known.value, o.category, o.told_at DESC, o.word DESC) latest
    WHERE latest.word = 'stop';
END;

-- More kinds that a tenant may keep for a while only; null: as long as it exists.
ALTER TABLE retention
    ADD COLUMN conversations_days integer CONSTRAINT conversations_are_kept_for_a_month_to_ten_years
        CHECK (conversations_days BETWEEN 30 AND 3650),
    ADD COLUMN attachments_days integer CONSTRAINT attachments_are_kept_for_a_week_to_ten_years
        CHECK (attachments_days BETWEEN 7 AND 3650),
    ADD COLUMN notes_days integer CONSTRAINT notes_are_kept_for_a_week_to_ten_years
        CHECK (notes_days BETWEEN 7 AND 3650);

-- The tenants that keep one of these for a while only.
CREATE FUNCTION retention_by_choice()
RETURNS TABLE (tenant_id uuid, slug text, conversations_days integer, attachments_days integer, notes_days integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT t.id, t.slug, r.conversations_days, r.attachments_days, r.notes_days
FROM retention r JOIN tenants t ON t.id = r.tenant_id
WHERE coalesce(r.conversations_days, r.attachments_days, r.notes_days) IS NOT NULL
ORDER BY t.id
$$;

-- The lowest id of things that were made at a moment or later.
CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Empties some resolved conversations without a message since a moment: their messages first, up to a number, then
-- themselves. Answers how many of each; none: there are no more.
CREATE FUNCTION forget_conversations(
    tenant uuid, before timestamptz, most integer, OUT conversations bigint, OUT messages bigint)
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
        PERFORM FROM empty_messages(tenant, ids);
    ELSIF threads <> '{}' THEN
        PERFORM FROM empty_conversations(tenant, threads);
        conversations := cardinality(threads);
    END IF;
END
$$;

-- Lets go of some files of messages that came before a moment; their bytes go with the next tidying of files.
CREATE FUNCTION forget_attachments(tenant uuid, before timestamptz, most integer, OUT removed bigint, OUT bytes bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH old AS MATERIALIZED (
    SELECT f.id FROM files f
    WHERE f.tenant_id = tenant AND f.id < first_id_at(before) AND f.expires_at IS NULL ORDER BY f.id LIMIT most
), loosened AS (
    UPDATE attachments a SET file_id = NULL, state = 'expired', error = 'It was kept for as long as this workspace says.'
    FROM old o WHERE a.tenant_id = tenant AND a.file_id = o.id
), gone AS (
    UPDATE files f SET expires_at = now() FROM old o WHERE f.tenant_id = tenant AND f.id = o.id
    RETURNING f.size_bytes
)
SELECT count(*), coalesce(sum(g.size_bytes), 0)::bigint FROM gone g
$$;

-- Removes some notes on customers that were written before a moment.
CREATE FUNCTION forget_notes(tenant uuid, before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
WITH old AS MATERIALIZED (
    SELECT n.id FROM customer_notes n WHERE n.tenant_id = tenant AND n.id < first_id_at(before) ORDER BY n.id LIMIT most
), gone AS (
    DELETE FROM customer_notes n USING old o WHERE n.tenant_id = tenant AND n.id = o.id RETURNING 1
)
SELECT count(*) FROM gone
$$;

-- What of these would go of the current tenant, as retention_preview tells of the others. Null: nothing goes.
CREATE FUNCTION choice_preview(conversations_days integer, attachments_days integer, notes_days integer, most integer)
RETURNS TABLE (kind text, amount bigint, oldest timestamptz, held bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
SELECT 'conversations', count(*) FILTER (WHERE c.status = 'resolved'),
    min(c.last_message_at) FILTER (WHERE c.status = 'resolved'), count(*) FILTER (WHERE c.status <> 'resolved')
FROM (
    SELECT c.status, c.last_message_at FROM unnest('{open,pending,snoozed,resolved}'::text[]) s
    CROSS JOIN LATERAL (
        SELECT c.status, c.last_message_at FROM conversations c
        WHERE c.tenant_id = current_tenant() AND c.status = s AND c.deleted_at IS NULL
          AND c.last_message_at < now() - conversations_days * interval '1 day'
        LIMIT most) c) c
UNION ALL
SELECT 'attachments', count(*), min(f.created_at), 0
FROM (
    SELECT f.created_at FROM files f
    WHERE f.tenant_id = current_tenant() AND f.expires_at IS NULL
      AND f.id < first_id_at(now() - attachments_days * interval '1 day')
    ORDER BY f.id LIMIT most) f
UNION ALL
SELECT 'notes', count(*), min(n.created_at), 0
FROM (
    SELECT n.created_at FROM customer_notes n
    WHERE n.tenant_id = current_tenant() AND n.id < first_id_at(now() - notes_days * interval '1 day')
    ORDER BY n.id LIMIT most) n
$$;
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['retention_by_choice()', 'forget_conversations(uuid, timestamptz, integer)',
        'forget_attachments(uuid, timestamptz, integer)', 'forget_notes(uuid, timestamptz, integer)',
        'choice_preview(integer, integer, integer, integer)'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION retention_by_choice, forget_conversations, forget_attachments, forget_notes TO postgate_hook;
GRANT EXECUTE ON FUNCTION choice_preview TO postgate_app;
