-- :tenant is the tenant that gets these rows.
INSERT INTO teams (tenant_id, id, name) VALUES (:tenant, gen_random_uuid(), 'Sales');
INSERT INTO team_members (tenant_id, team_id, user_id)
SELECT t.tenant_id, t.id, m.user_id FROM teams t JOIN memberships m ON m.tenant_id = t.tenant_id WHERE t.tenant_id = :tenant;
INSERT INTO labels (tenant_id, id, name, color) VALUES (:tenant, gen_random_uuid(), 'Urgent', 'red');
INSERT INTO events (tenant_id, seq, id, type, data)
SELECT l.tenant_id, 1, l.id, 'label.updated', v.data FROM labels l, label_json(l) v WHERE l.tenant_id = :tenant;
UPDATE tenant_heads SET last_seq = 1 WHERE tenant_id = :tenant;
INSERT INTO conversation_labels (tenant_id, conversation_id, label_id)
SELECT l.tenant_id, c.id, l.id FROM labels l JOIN conversations c ON c.tenant_id = l.tenant_id WHERE l.tenant_id = :tenant;
INSERT INTO customer_labels (tenant_id, customer_id, label_id)
SELECT l.tenant_id, c.id, l.id FROM labels l JOIN customers c ON c.tenant_id = l.tenant_id WHERE l.tenant_id = :tenant;
