-- :tenant is the tenant that gets these rows.
INSERT INTO custom_fields (tenant_id, id, key, name, type) VALUES (:tenant, gen_random_uuid(), 'tier', 'Tier', 'text');
INSERT INTO customer_notes (tenant_id, id, customer_id, text)
SELECT tenant_id, id, id, 'Calls back on Mondays.' FROM customers WHERE tenant_id = :tenant;
INSERT INTO customer_merges (tenant_id, id, customer_id, merged_id, merged_status, undone_at)
SELECT tenant_id, id, id, id, 'active', now() FROM customers WHERE tenant_id = :tenant;
INSERT INTO customer_merge_links (tenant_id, merge_id, kind, key)
SELECT tenant_id, id, 'note', id FROM customer_merges WHERE tenant_id = :tenant;
INSERT INTO customer_imports (tenant_id, id, filename, encoding, delimiter, columns, sample, plan, rows_total)
VALUES (:tenant, gen_random_uuid(), 'customers.csv', 'utf-8', ',', '{name}', '[]',
    '{"targets": ["name"], "country": null, "label_ids": []}', 1);
INSERT INTO customer_import_pieces (tenant_id, import_id, number, bytes)
SELECT tenant_id, id, 0, 'name' FROM customer_imports WHERE tenant_id = :tenant;
INSERT INTO customer_import_problems (tenant_id, import_id, row_number, detail, cells)
SELECT tenant_id, id, 1, 'it is empty', '{}' FROM customer_imports WHERE tenant_id = :tenant;
