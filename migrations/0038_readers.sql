-- How far behind the readers of the logs are, of all tenants together: for metrics, and for whoever asks how it is.

-- Beside the hub, which every process knows itself: who shares events out among endpoints, and the words of search.
-- "seconds" is the age of the oldest entry that one has not read.
CREATE FUNCTION log_readers() RETURNS TABLE (reader text, tenants bigint, entries bigint, seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH place AS (
    SELECT 'delivery' AS reader, d.tenant_id, d.dispatched_seq AS seq FROM delivery_heads d
    UNION ALL
    SELECT 'search', t.tenant_id, coalesce(s.indexed_seq, 0)
    FROM tenant_heads t LEFT JOIN search_heads s ON s.tenant_id = t.tenant_id
), behind AS (
    SELECT p.reader, t.last_seq - p.seq AS entries, extract(epoch FROM now() - oldest.created_at) AS seconds
    FROM place p
    JOIN tenant_heads t ON t.tenant_id = p.tenant_id AND t.last_seq > p.seq
    LEFT JOIN LATERAL (
        SELECT e.created_at FROM events e
        WHERE e.tenant_id = p.tenant_id AND e.seq > p.seq ORDER BY e.seq LIMIT 1) oldest ON true
)
SELECT r.reader, count(b.entries), coalesce(sum(b.entries), 0)::bigint, coalesce(max(b.seconds), 0)::double precision
FROM (VALUES ('delivery'), ('search')) AS r (reader) LEFT JOIN behind b ON b.reader = r.reader
GROUP BY r.reader ORDER BY r.reader
$$;
ALTER FUNCTION log_readers() OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION log_readers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_readers() TO postgate_relay;
