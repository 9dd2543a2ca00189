INSERT INTO old_events (tenant_id, seq, id, type, data, created_at)
VALUES (:tenant, 0, gen_random_uuid(), 'customer.created', '{}', now() - interval '40 days');
INSERT INTO retention (tenant_id, webhooks_days) VALUES (:tenant, 60);
