INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, since, until, after_id, total)
SELECT tenant_id, gen_random_uuid(), id, 'recover', now() - interval '1 day', now(),
    '00000000-0000-0000-0000-000000000000', 1
FROM webhook_endpoints WHERE tenant_id = :tenant;
