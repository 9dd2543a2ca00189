-- Search: as quick with ten million messages. Of a week that holds more matches than are wanted only a slice is read.
--
-- A word that one message in fifty holds is found too seldom in the first look along the key, and far too often in the
-- newest week of a large tenant. How often tells how long a slice holds enough of it.

-- The newest matches of a time within one week, of what the words and the key name together. With values that Postgres
-- does not look at it takes both, however many tenants there are and whatever it last knew of them.
CREATE FUNCTION search_in_slice(
    query text, sort text, tenant uuid, stale uuid[], since timestamptz, before_at timestamptz, before_id uuid,
    wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET enable_indexscan = off
AS $$
DECLARE
    q tsquery := search_query_of(query, sort, tenant, search_week(since));
BEGIN
    RETURN QUERY
    SELECT d.id, d.at, ts_rank(d.words, q) FROM search_documents d
    WHERE d.words @@ q AND d.tenant_id = tenant AND d.kind = sort AND d.at >= since
      AND (d.at, d.id) < (before_at, before_id) AND d.id <> ALL (stale)
    ORDER BY d.at DESC, d.id DESC LIMIT wanted;
END
$$;

-- The same, looking at the documents one by one until there are enough.
CREATE FUNCTION search_along(
    query text, sort text, tenant uuid, stale uuid[], since timestamptz, before_at timestamptz, before_id uuid,
    wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
    q tsquery := search_query_of(query, sort, tenant, search_week(since));
BEGIN
    RETURN QUERY
    SELECT n.id, n.at, ts_rank(n.words, q) FROM (
        SELECT d.id, d.at, d.words FROM search_documents d
        WHERE d.words @@ q AND d.tenant_id = tenant AND d.kind = sort AND d.at >= since
          AND (d.at, d.id) < (before_at, before_id) AND d.id <> ALL (stale)
        ORDER BY d.at DESC, d.id DESC LIMIT wanted) n;
END
$$;

-- The newest matches within a week. The tenant is compared such that no index can be led by it: the words are.
DROP FUNCTION search_in_week(text, text, uuid, integer, timestamptz, uuid, integer);
CREATE FUNCTION search_in_week(
    query text, sort text, tenant uuid, stale uuid[], week integer, before_at timestamptz, before_id uuid,
    wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 20
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    q tsquery := search_query_of(query, sort, tenant, week);
BEGIN
    RETURN QUERY
    SELECT n.id, n.at, ts_rank(n.words, q) FROM (
        SELECT d.id, d.at, d.words FROM search_documents d
        WHERE d.words @@ q AND d.tenant_id IS NOT DISTINCT FROM tenant AND (d.at, d.id) < (before_at, before_id)
          AND d.id <> ALL (stale)
        ORDER BY d.at DESC, d.id DESC LIMIT wanted) n;
END
$$;

-- The newest matches before a position, in no order, from where a walk along the key has ended.
--
-- What costs least is done next, by what is known of how often there are matches: to look at documents one by one until
-- there are enough, to read the entries of both indexes for a slice that holds enough, or to read all matches of a week.
-- In documents looked at, an entry of the index of words counts for a half, one of the key for a sixth.
CREATE FUNCTION search_far(
    query text, sort text, tenant uuid, stale uuid[], walked_from timestamptz, walked integer, matching integer,
    before_at timestamptz, before_id uuid, wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 100
AS $$
#variable_conflict use_column
DECLARE
    documents float8 := walked;   -- looked at so far, as far as is known
    matches float8 := matching;   -- among them
    per_second float8 := walked / greatest(extract(epoch FROM walked_from - before_at), 0.001);
    ahead float8;    -- documents of this week that are older
    ahead_matching float8;
    enough float8;   -- documents among which there should be enough
    one_by_one float8;
    by_both float8;
    by_words float8;
    found integer;
    newest timestamptz;
    week integer;
    since timestamptz;
BEGIN
    WHILE wanted > 0 LOOP
        SELECT d.at INTO newest FROM search_documents d
        WHERE d.tenant_id = tenant AND d.kind = sort AND (d.at, d.id) < (before_at, before_id)
        ORDER BY d.at DESC, d.id DESC LIMIT 1;
        EXIT WHEN newest IS NULL;
        week := search_week(newest);
        since := to_timestamp(week * 604800.0);
        ahead := per_second * extract(epoch FROM newest - since);
        ahead_matching := ahead * (matches + 1) / documents;
        enough := wanted * 1.5 * documents / (matches + 1);
        one_by_one := enough;
        by_both := enough / 6 + ahead_matching / 2;
        by_words := ahead_matching * 1.5;
        IF by_words <= least(one_by_one, by_both) THEN
            RETURN QUERY SELECT * FROM search_in_week(query, sort, tenant, stale, week, before_at, before_id, wanted);
            EXIT WHEN week = 0;  -- with all that is older than 1970
        ELSE
            since := greatest(since, newest - make_interval(secs => enough / per_second));
            ahead := least(ahead, enough);
            IF one_by_one <= by_both THEN
                RETURN QUERY SELECT * FROM search_along(query, sort, tenant, stale, since, before_at, before_id,
                    wanted);
            ELSE
                RETURN QUERY SELECT * FROM search_in_slice(query, sort, tenant, stale, since, before_at, before_id,
                    wanted);
            END IF;
        END IF;
        GET DIAGNOSTICS found = ROW_COUNT;
        wanted := wanted - found;
        documents := documents + ahead;
        matches := matches + found;
        before_at := since;
        before_id := '00000000-0000-0000-0000-000000000000';
    END LOOP;
END
$$;

-- The newest documents of the current tenant that match, before a position; the newest first.
CREATE OR REPLACE FUNCTION search_matches(
    sort text, terms text[], prefixes boolean[], excluded boolean[], before_at timestamptz, before_id uuid,
    wanted integer)
RETURNS TABLE (id uuid, at timestamptz, rank real)
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = public, pg_temp
-- The ways above are the only good ones: by words within a week, along the key, and by both.
SET enable_seqscan = off SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := current_tenant();
    query text := search_query(terms, prefixes, excluded);
    walk integer := wanted * 2 + 800;   -- documents are looked at one by one, for words that most of them hold
    walked integer;
    walked_from timestamptz;
    stale uuid[];
    far_at timestamptz;
    far_id uuid;
    found_ids uuid[];
    found_times timestamptz[];
    found_ranks real[];
    matching integer;
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
    SELECT n.walked, n.walked_from, n.at, n.id, f.matching, found_ids || f.ids, found_times || f.times,
        found_ranks || f.ranks
    INTO walked, walked_from, far_at, far_id, matching, found_ids, found_times, found_ranks
    FROM (SELECT count(*) AS matching, coalesce(array_agg(f.id), '{}') AS ids, coalesce(array_agg(f.at), '{}') AS times,
        coalesce(array_agg(f.rank), '{}') AS ranks FROM found f) f
    LEFT JOIN LATERAL (
        SELECT count(*) OVER () AS walked, max(n.at) OVER () AS walked_from, n.at, n.id FROM near n
        ORDER BY n.at, n.id LIMIT 1) n ON true;

    IF walked = walk THEN
        SELECT found_ids || coalesce(array_agg(f.id), '{}'), found_times || coalesce(array_agg(f.at), '{}'),
            found_ranks || coalesce(array_agg(f.rank), '{}')
        INTO found_ids, found_times, found_ranks
        FROM (
            -- What the log says of older documents takes no place of theirs.
            SELECT wanted - count(*)::integer AS missing FROM unnest(found_ids, found_times) AS u (id, at)
            WHERE (u.at, u.id) >= (far_at, far_id)) m
        CROSS JOIN LATERAL search_far(query, sort, tenant, stale, walked_from, walked, matching, far_at, far_id,
            m.missing) f;
    END IF;
    RETURN QUERY
    SELECT u.id, u.at, u.rank FROM unnest(found_ids, found_times, found_ranks) AS u (id, at, rank)
    ORDER BY u.at DESC, u.id DESC LIMIT wanted;
END
$$;
