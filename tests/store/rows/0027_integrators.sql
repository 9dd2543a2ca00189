INSERT INTO webhook_endpoints (tenant_id, id, url, key_id, sealed, since_seq)
SELECT tenant_id, gen_random_uuid(), 'https://integrator.example.org/hooks', id, '\x00', 0
FROM encryption_keys WHERE tenant_id = :tenant LIMIT 1;
INSERT INTO delivery_heads (tenant_id, dispatched_seq) VALUES (:tenant, 0);
INSERT INTO webhook_lanes (tenant_id, endpoint_id) SELECT tenant_id, id FROM webhook_endpoints WHERE tenant_id = :tenant;
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, next_attempt_at)
SELECT tenant_id, gen_random_uuid(), id, gen_random_uuid(), 'message.created', 1, now()
FROM webhook_endpoints WHERE tenant_id = :tenant;
INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, total_ms, request_url,
    request_headers)
SELECT tenant_id, now(), id, endpoint_id, 1, 'success', 12, 'https://integrator.example.org/hooks', '{}'
FROM webhook_deliveries WHERE tenant_id = :tenant;
INSERT INTO webhook_minutes (tenant_id, endpoint_id, minute, succeeded, failed, latencies)
SELECT tenant_id, id, date_trunc('minute', now()), 1, 0, '{0,1,0,0,0,0,0,0,0,0,0,0}'
FROM webhook_endpoints WHERE tenant_id = :tenant;
