-- What a message costs less: words are read many at a time.

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
