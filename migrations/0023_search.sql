-- Search: the words of messages, customers and subjects, kept apart from them and made from the tenant's log.
--
-- Full text under row-level security reads all rows: "@@" may leak, so no index is used for it. The words are therefore
-- a table of their own that only the role "postgate_search" reads, in the functions below; they answer with ids, and
-- whoever asks then reads the rows of these ids under its own policies.
--
-- Every lexeme begins with eleven letters: the kind, the tenant, the week. So the index of all tenants' words is, for
-- one tenant, as small as its own; and the newest matches are found week by week, without looking at all of a common
-- word. Ingest does nothing for it: "search_catch_up" reads the log a moment later, and what it has not read yet is
-- searched in the log itself.

CREATE TEXT SEARCH CONFIGURATION postgate_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION postgate_words
    ALTER MAPPING FOR word, numword, hword_part, hword_numpart WITH public.unaccent, simple;
-- Parts are indexed, not wholes: "jane@example.org" is three words in a row.
ALTER TEXT SEARCH CONFIGURATION postgate_words
    DROP MAPPING FOR email, url, url_path, host, file, hword, numhword, asciihword;

CREATE TABLE search_documents (
    tenant_id uuid NOT NULL,     -- a document is only ever made of a tenant's row, so it needs no reference
    kind text NOT NULL CONSTRAINT search_kind_is_known CHECK (kind IN ('m', 'c', 's')),  -- message, customer, subject
    at timestamptz NOT NULL,     -- when the message was written, the customer or the conversation made
    id uuid NOT NULL,            -- of the message, the customer, the conversation
    words tsvector NOT NULL,
    names text,                  -- a customer's, in lower case, for those that are misspelt
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, kind, at, id)
);
CALL protect('search_documents', '', 'SELECT, INSERT, UPDATE, DELETE');
-- A list of what is not in the index yet would have to be read by every search.
CREATE INDEX search_by_words ON search_documents USING gin (words) WITH (fastupdate = off);
CREATE INDEX search_by_names ON search_documents USING gin (tenant_id, names gin_trgm_ops) WHERE kind = 'c';

-- How far each tenant's log is in the documents.
CREATE TABLE search_heads (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    indexed_seq bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CALL protect('search_heads', '', 'SELECT, INSERT, UPDATE');

GRANT SELECT ON search_documents, search_heads, events TO postgate_search;
CREATE POLICY search ON search_documents FOR SELECT TO postgate_search USING (true);
CREATE POLICY search ON search_heads FOR SELECT TO postgate_search USING (tenant_id = (SELECT current_tenant()));
CREATE POLICY search ON events FOR SELECT TO postgate_search USING (tenant_id = (SELECT current_tenant()));

CREATE FUNCTION search_week(at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(0, floor(extract(epoch FROM at - timestamptz '1970-01-01T00:00:00Z') / 604800))::integer;

CREATE FUNCTION search_prefix(kind text, tenant uuid, week integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN kind || translate(right(tenant::text, 6) || lpad(to_hex(week), 4, '0'), '0123456789', 'ghijklmnop');

-- A text as its words are read: bounded, without the characters that make one token of many words, and with each
-- character by itself in scripts that leave no space between words.
CREATE FUNCTION search_plain(body text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    plain text := replace(replace(replace(replace(replace(replace(replace(replace(replace(left(body, 20000),
        '@', ' '), '.', ' '), '/', ' '), '-', ' '), '_', ' '), ':', ' '), '&', ' '), '<', ' '), '+', ' ');
    unspaced constant text := '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff'
        '\U00020000-\U0003ffff]';
BEGIN
    IF octet_length(plain) <> length(plain) THEN
        plain := normalize(plain, NFKC);
        IF plain ~ unspaced THEN
            plain := regexp_replace(plain, '(' || unspaced || ')', ' \1 ', 'g');
        END IF;
    END IF;
    IF octet_length(plain) > 1000 THEN  -- a lexeme has at most 2,046 bytes
        plain := regexp_replace(plain, '(\S{100})', '\1 ', 'g');
    END IF;
    RETURN plain;
END
$$;

-- The words of a row, those of "title" counting for more.
CREATE FUNCTION search_words(kind text, tenant uuid, at timestamptz, title text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    found tsvector := to_tsvector('public.postgate_words', search_plain(coalesce(body, '')));
BEGIN
    IF title IS NOT NULL THEN
        found := setweight(to_tsvector('public.postgate_words', search_plain(title)), 'A') || found;
    END IF;
    RETURN replace(' ' || found::text, ' ''', ' ''' || search_prefix(kind, tenant, search_week(at)))::tsvector;
END
$$;

-- All ends of a phone number, so that any digits in the middle of it are the beginning of one.
CREATE FUNCTION search_digits(number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT string_agg(substr(d.digits, place), ' ')
    FROM (SELECT left(regexp_replace(number, '\D', '', 'g'), 20) AS digits) d,
        generate_series(1, greatest(length(d.digits) - 2, 1)) place);

-- A name as it is compared with others.
CREATE FUNCTION search_name(name text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN lower(public.unaccent('public.unaccent', left(name, 200)));

-- What an entry of the log says about a document; "gone" when it is to be found no longer.
CREATE FUNCTION search_told(type text, data json)
RETURNS TABLE (kind text, id uuid, at timestamptz, title text, body text, names text, gone boolean)
LANGUAGE sql STABLE
AS $$
SELECT 'm', substr(x.id, 5)::uuid, x.occurred_at, x.subject, concat_ws(' ', x.text, (
        SELECT string_agg(a.value ->> 'filename', ' ') FROM json_array_elements(x.attachments) a)),
    NULL, x.deleted_at IS NOT NULL
FROM json_to_record(data) AS x (id text, occurred_at timestamptz, subject text, text text, attachments json,
    deleted_at text)
WHERE type IN ('message.created', 'message.updated', 'message.deleted', 'note.created', 'note.updated', 'note.deleted')
UNION ALL
SELECT 'c', substr(x.id, 5)::uuid, x.created_at, concat_ws(' ', x.name, x.business_name, x.customer_code), (
        SELECT string_agg(CASE WHEN i.value ->> 'kind' IN ('phone', 'whatsapp') THEN search_digits(i.value ->> 'value')
            ELSE i.value ->> 'value' END, ' ') FROM json_array_elements(x.identities) i),
    nullif(search_name(concat_ws(' ', x.name, x.business_name)), ''),
    x.deleted_at IS NOT NULL OR x.status = 'merged'
FROM json_to_record(data) AS x (id text, created_at timestamptz, name text, business_name text, customer_code text,
    identities json, status text, deleted_at text)
WHERE type IN ('customer.created', 'customer.updated', 'customer.merged')
UNION ALL
SELECT 's', substr(x.id, 5)::uuid, x.created_at, x.subject, NULL, NULL, false
FROM json_to_record(data) AS x (id text, created_at timestamptz, subject text)
WHERE type IN ('conversation.created', 'conversation.updated') AND x.subject IS NOT NULL
$$;

-- The last word of a tenant's log on each document that is not up to date, of the newest thousand entries.
CREATE FUNCTION search_tail(tenant uuid)
RETURNS TABLE (kind text, id uuid, at timestamptz, title text, body text, names text, gone boolean)
LANGUAGE plpgsql STABLE ROWS 10
AS $$
#variable_conflict use_column
DECLARE
    indexed bigint := coalesce((SELECT s.indexed_seq FROM search_heads s WHERE s.tenant_id = tenant), 0);
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (t.kind, t.id) t.kind, t.id, t.at, t.title, t.body, t.names, t.gone
    FROM (
        SELECT e.seq, e.type, e.data FROM events e WHERE e.tenant_id = tenant AND e.seq > indexed
        ORDER BY e.seq DESC LIMIT 1000) e
    CROSS JOIN LATERAL search_told(e.type, e.data) t
    ORDER BY t.kind, t.id, e.seq DESC;
END
$$;

-- What is searched for, as the text of a tsquery whose lexemes begin with "~" (which no word holds) in the place of
-- kind, tenant and week. Null when nothing is left to search for.
CREATE FUNCTION search_query(terms text[], prefixes boolean[], excluded boolean[]) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    lexemes text;
    wanted text[] := '{}';
    unwanted text[] := '{}';
BEGIN
    FOR place IN 1..cardinality(terms) LOOP
        lexemes := replace(' ' || phraseto_tsquery('public.postgate_words', search_plain(terms[place]))::text, ' ''',
            ' ''~');
        IF lexemes = ' ' THEN
            CONTINUE;
        END IF;
        lexemes := '(' || lexemes || CASE WHEN prefixes[place] THEN ':*' ELSE '' END || ')';
        IF excluded[place] THEN
            unwanted := unwanted || ('!' || lexemes);
        ELSE
            wanted := wanted || lexemes;
        END IF;
    END LOOP;
    RETURN CASE WHEN wanted <> '{}' THEN array_to_string(wanted || unwanted, ' & ') END;
END
$$;

CREATE FUNCTION search_query_of(query text, kind text, tenant uuid, week integer) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(query, '''~', '''' || search_prefix(kind, tenant, week))::tsquery;

-- The newest documents of the current tenant that match, before a position; the newest first.
CREATE FUNCTION search_matches(
    sort text, terms text[], prefixes boolean[], excluded boolean[], before_at timestamptz, before_id uuid,
    wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = public, pg_temp
-- The two ways below are the only good ones: along the key, and by words within a week.
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := current_tenant();
    query text := search_query(terms, prefixes, excluded);
    walk integer := wanted * 2 + 800;   -- documents are looked at one by one, for words that most of them hold
    walked integer;
    stale uuid[];
    far_at timestamptz;
    far_id uuid;
    found_ids uuid[];
    found_times timestamptz[];
    found_ranks real[];
BEGIN
    IF tenant IS NULL OR query IS NULL THEN
        RETURN;
    END IF;
    WITH tail AS MATERIALIZED (
        SELECT t.id, t.at, t.gone, search_words(t.kind, tenant, t.at, t.title, t.body) AS words
        FROM search_tail(tenant) t WHERE t.kind = sort
    ), found AS (
        SELECT t.id, t.at, ts_rank(t.words, q.q) AS rank
        FROM tail t CROSS JOIN LATERAL search_query_of(query, sort, tenant, search_week(t.at)) q (q)
        WHERE NOT t.gone AND t.words @@ q.q AND (t.at, t.id) < (before_at, before_id)
    )
    SELECT (SELECT coalesce(array_agg(t.id), '{}') FROM tail t),
        coalesce(array_agg(f.id), '{}'), coalesce(array_agg(f.at), '{}'), coalesce(array_agg(f.rank), '{}')
    INTO stale, found_ids, found_times, found_ranks FROM found f;

    WITH near AS MATERIALIZED (
        SELECT d.id, d.at, d.words, search_week(d.at) AS week FROM search_documents d
        WHERE d.tenant_id = tenant AND d.kind = sort AND (d.at, d.id) < (before_at, before_id)
        ORDER BY d.at DESC, d.id DESC LIMIT walk
    ), queries AS MATERIALIZED (
        SELECT w.week, search_query_of(query, sort, tenant, w.week) AS q FROM (SELECT DISTINCT n.week FROM near n) w
    ), found AS (
        SELECT n.id, n.at, ts_rank(n.words, q.q) AS rank FROM near n JOIN queries q ON q.week = n.week
        WHERE n.words @@ q.q AND n.id <> ALL (stale)
    )
    SELECT n.walked, n.at, n.id, found_ids || f.ids, found_times || f.times, found_ranks || f.ranks
    INTO walked, far_at, far_id, found_ids, found_times, found_ranks
    FROM (SELECT coalesce(array_agg(f.id), '{}') AS ids, coalesce(array_agg(f.at), '{}') AS times,
        coalesce(array_agg(f.rank), '{}') AS ranks FROM found f) f
    LEFT JOIN LATERAL (
        SELECT count(*) OVER () AS walked, n.at, n.id FROM near n ORDER BY n.at, n.id LIMIT 1) n ON true;

    IF walked = walk AND cardinality(found_ids) < wanted THEN
        RETURN QUERY
        WITH RECURSIVE weeks AS (
            SELECT (SELECT search_week(d.at) FROM search_documents d
                WHERE d.tenant_id = tenant AND d.kind = sort AND (d.at, d.id) < (far_at, far_id)
                ORDER BY d.at DESC, d.id DESC LIMIT 1) AS week
            UNION ALL
            SELECT (SELECT search_week(d.at) FROM search_documents d
                WHERE d.tenant_id = tenant AND d.kind = sort AND d.at < to_timestamp(w.week * 604800.0)
                ORDER BY d.at DESC, d.id DESC LIMIT 1)
            FROM weeks w WHERE w.week > 0
        ), far AS (
            SELECT one.id, one.at, one.rank
            FROM weeks w
            CROSS JOIN LATERAL search_in_week(query, sort, tenant, w.week, far_at, far_id, wanted) one
            WHERE w.week IS NOT NULL AND one.id <> ALL (stale)
            LIMIT wanted - cardinality(found_ids)
        )
        SELECT u.id, u.at, u.rank FROM unnest(found_ids, found_times, found_ranks) AS u (id, at, rank)
        UNION ALL
        SELECT f.id, f.at, f.rank FROM far f
        ORDER BY 2 DESC, 1 DESC LIMIT wanted;
    ELSE
        RETURN QUERY
        SELECT u.id, u.at, u.rank FROM unnest(found_ids, found_times, found_ranks) AS u (id, at, rank)
        ORDER BY u.at DESC, u.id DESC LIMIT wanted;
    END IF;
END
$$;

-- The newest matches within a week. The tenant is compared such that no index can be led by it: the words are.
CREATE FUNCTION search_in_week(
    query text, sort text, tenant uuid, week integer, before_at timestamptz, before_id uuid, wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 20
AS $$
DECLARE
    q tsquery := search_query_of(query, sort, tenant, week);
BEGIN
    RETURN QUERY
    SELECT d.id, d.at, ts_rank(d.words, q) FROM search_documents d
    WHERE d.words @@ q AND d.tenant_id IS NOT DISTINCT FROM tenant AND (d.at, d.id) < (before_at, before_id)
    ORDER BY d.at DESC, d.id DESC LIMIT wanted;
END
$$;

-- Customers of the current tenant whose names look like a text, the likest first.
CREATE FUNCTION search_lookalikes(name text, wanted integer) RETURNS TABLE (id uuid, likeness real)
LANGUAGE sql STABLE ROWS 20 SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET jit = off SET pg_trgm.word_similarity_threshold = 0.45
AS $$
WITH tail AS MATERIALIZED (
    SELECT t.id, t.names, t.gone FROM search_tail(current_tenant()) t WHERE t.kind = 'c'
)
SELECT d.id, word_similarity(search_name(name), d.names) FROM search_documents d
WHERE d.kind = 'c' AND d.tenant_id = current_tenant() AND search_name(name) <% d.names
  AND d.id NOT IN (SELECT t.id FROM tail t)
UNION ALL
SELECT t.id, word_similarity(search_name(name), t.names) FROM tail t
WHERE NOT t.gone AND search_name(name) <% t.names
ORDER BY 2 DESC, 1 LIMIT wanted
$$;

-- Brings the documents up to date with the logs of all tenants; returns how many entries were read.
CREATE FUNCTION search_catch_up(wanted integer) RETURNS integer
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

-- Makes the documents of the current tenant from its rows, whatever its log says.
CREATE FUNCTION search_from_rows() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO search_documents (tenant_id, kind, at, id, words)
SELECT m.tenant_id, 'm', x.at, m.id, search_words('m', m.tenant_id, x.at, m.subject, concat_ws(' ', m.text, (
    SELECT string_agg(a.filename, ' ') FROM attachments a WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id)))
FROM messages m, date_trunc('milliseconds', m.occurred_at) AS x (at)
WHERE m.tenant_id = current_tenant() AND m.deleted_at IS NULL AND m.kind <> 'activity'
ON CONFLICT DO NOTHING;
INSERT INTO search_documents (tenant_id, kind, at, id, words, names)
SELECT k.tenant_id, t.kind, t.at, t.id, search_words('c', k.tenant_id, t.at, t.title, t.body), t.names
FROM customers k, customer_json(k) j, search_told('customer.created', j.data) t
WHERE k.tenant_id = current_tenant() AND NOT t.gone
ON CONFLICT DO NOTHING;
INSERT INTO search_documents (tenant_id, kind, at, id, words)
SELECT c.tenant_id, 's', x.at, c.id, search_words('s', c.tenant_id, x.at, c.subject, NULL)
FROM conversations c, date_trunc('milliseconds', c.created_at) AS x (at)
WHERE c.tenant_id = current_tenant() AND c.deleted_at IS NULL AND c.subject IS NOT NULL
ON CONFLICT DO NOTHING;
INSERT INTO search_heads (tenant_id, indexed_seq) SELECT h.tenant_id, h.last_seq FROM tenant_heads h
WHERE h.tenant_id = current_tenant()
ON CONFLICT (tenant_id) DO UPDATE SET indexed_seq = excluded.indexed_seq
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['search_matches(text, text[], boolean[], boolean[], timestamptz, uuid, integer)',
        'search_lookalikes(text, integer)', 'search_catch_up(integer)', 'search_from_rows()']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO %I', signature,
            CASE WHEN signature ~ '^search_(matches|lookalikes)' THEN 'postgate_search' ELSE 'postgate_writer' END);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION search_matches(text, text[], boolean[], boolean[], timestamptz, uuid, integer)
    TO postgate_app;
GRANT EXECUTE ON FUNCTION search_lookalikes(text, integer), search_from_rows() TO postgate_app;
GRANT EXECUTE ON FUNCTION search_catch_up(integer) TO postgate_hook;

-- The list of conversations stays as quick with many of them: each filter has its own stretch of an index, in the
-- order of "conversation_list".
CREATE INDEX conversations_unread ON conversations (tenant_id, status, last_message_at DESC, id DESC)
    WHERE unread_count > 0;
CREATE INDEX conversations_of_nobody ON conversations (tenant_id, status, last_message_at DESC, id DESC)
    WHERE assignee_id IS NULL;
CREATE INDEX conversations_of_a_channel
    ON conversations (tenant_id, channel_id, status, last_message_at DESC, id DESC);
CREATE INDEX conversations_of_a_priority
    ON conversations (tenant_id, priority, status, last_message_at DESC, id DESC) WHERE priority <> 'normal';

-- What is there already, when this comes to a database that has been used.
SET LOCAL ROLE postgate_writer;
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT t.id FROM tenants t LOOP
        PERFORM set_config('app.tenant_id', tenant::text, true);
        PERFORM search_from_rows();
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END
$$;
SET LOCAL ROLE postgate_owner;
