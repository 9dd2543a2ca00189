INSERT INTO data_access_audit (tenant_id, id, created_at, actor, actor_id, operation, action, table_name, record_ids, contains_pii, ip, user_agent, request_id)
SELECT tenant_id, gen_random_uuid(), now(), 'member', user_id, 'read', 'get_customer', 'customers', ARRAY[gen_random_uuid()], true, '192.0.2.7', 'test', 'abc' FROM memberships WHERE tenant_id = :tenant LIMIT 1;
