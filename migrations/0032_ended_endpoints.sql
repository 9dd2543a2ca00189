-- What is still owed to endpoints that were removed is given up, a batch at a time; then their lanes go. Returns how
-- many deliveries were given up: as many as were asked for means that there may be more.
GRANT DELETE ON webhook_lanes TO postgate_writer;

CREATE FUNCTION end_deliveries(most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    gone record;
    ended integer;
    total integer := 0;
BEGIN
    FOR gone IN
        SELECT l.tenant_id, l.endpoint_id
        FROM webhook_lanes l JOIN webhook_endpoints e ON e.tenant_id = l.tenant_id AND e.id = l.endpoint_id
        WHERE e.deleted_at IS NOT NULL
        ORDER BY l.tenant_id, l.endpoint_id LIMIT 100 FOR NO KEY UPDATE OF l SKIP LOCKED
    LOOP
        EXIT WHEN total >= most;
        UPDATE webhook_deliveries d
        SET status = 'FAILED', next_attempt_at = NULL, finished_at = now(), error_kind = 'endpoint_deleted',
            error = 'the endpoint was removed'
        WHERE d.tenant_id = gone.tenant_id AND d.id IN (
            SELECT o.id FROM webhook_deliveries o
            WHERE o.tenant_id = gone.tenant_id AND o.endpoint_id = gone.endpoint_id AND o.next_attempt_at IS NOT NULL
            LIMIT most - total);
        GET DIAGNOSTICS ended = ROW_COUNT;
        total := total + ended;
        IF total < most THEN
            DELETE FROM webhook_lanes l WHERE l.tenant_id = gone.tenant_id AND l.endpoint_id = gone.endpoint_id;
        END IF;
    END LOOP;
    RETURN total;
END
$$;
ALTER FUNCTION end_deliveries(integer) OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION end_deliveries(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_deliveries(integer) TO postgate_hook;
