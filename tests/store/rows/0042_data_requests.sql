INSERT INTO data_requests (tenant_id, id, kind, customer_id)
SELECT tenant_id, gen_random_uuid(), 'export', id FROM customers WHERE tenant_id = :tenant LIMIT 1;
INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
SELECT tenant_id, id, 'address', '+12025550142' FROM data_requests WHERE tenant_id = :tenant;
