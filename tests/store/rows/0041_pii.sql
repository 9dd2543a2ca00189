INSERT INTO pii_detection_rules (tenant_id, id, kind, name, pattern, enabled)
VALUES (:tenant, gen_random_uuid(), 'custom', 'Member number', 'MN-999999', true);
INSERT INTO pii_heads (tenant_id, read_seq) VALUES (:tenant, 0) ON CONFLICT DO NOTHING;
INSERT INTO pii_detection_results (tenant_id, id, kind, detector, customer_id, field, start_at, end_at, confidence, sample)
SELECT tenant_id, gen_random_uuid(), 'iban', 'DE', id, 'name', 0, 22, 0.99, '•••••••••••••••••• 3000' FROM customers
WHERE tenant_id = :tenant LIMIT 1;
