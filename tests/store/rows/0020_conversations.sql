INSERT INTO reopenings (tenant_id, conversation_id, reopened_at, before)
SELECT tenant_id, id, now(), 'resolved' FROM conversations WHERE tenant_id = :tenant;
INSERT INTO mentions (tenant_id, user_id, message_id, conversation_id)
SELECT m.tenant_id, p.user_id, m.id, m.conversation_id
FROM messages m JOIN memberships p ON p.tenant_id = m.tenant_id WHERE m.tenant_id = :tenant;
INSERT INTO canned_replies (tenant_id, id, shortcut, name, text)
VALUES (:tenant, gen_random_uuid(), 'hours', 'Opening hours', 'We are open from nine to five.');
INSERT INTO drafts (tenant_id, user_id, conversation_id, version, content)
SELECT c.tenant_id, p.user_id, c.id, 1, '{"text": "Dear"}'
FROM conversations c JOIN memberships p ON p.tenant_id = c.tenant_id WHERE c.tenant_id = :tenant;
INSERT INTO views (tenant_id, id, name) VALUES (:tenant, gen_random_uuid(), 'Urgent');
INSERT INTO reads (tenant_id, user_id, conversation_id, read_up_to)
SELECT c.tenant_id, p.user_id, c.id, c.last_message_at
FROM conversations c JOIN memberships p ON p.tenant_id = c.tenant_id WHERE c.tenant_id = :tenant;
