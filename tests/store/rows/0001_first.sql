-- :tenant is the tenant that gets these rows.
INSERT INTO sessions (tenant_id, token_hash, id, user_id, expires_at)
SELECT tenant_id, uuid_send(user_id), user_id, user_id, now() + interval '1 day'
FROM memberships WHERE tenant_id = :tenant;
INSERT INTO api_keys (tenant_id, id, prefix, key_hash, name, scopes)
VALUES (:tenant, gen_random_uuid(), '12345678', uuid_send(:tenant), 'Spare', '{inbox.read}');
INSERT INTO external_message_mappings (tenant_id, channel_id, external_id, message_id)
SELECT tenant_id, channel_id, external_id, id FROM messages WHERE tenant_id = :tenant;
INSERT INTO message_statuses (tenant_id, channel_id, external_id, key, status, rank, occurred_at)
SELECT tenant_id, channel_id, external_id, 'k', 'sent', 1, now() FROM messages WHERE tenant_id = :tenant;
INSERT INTO message_changes (tenant_id, channel_id, external_id, kind, key, text, occurred_at)
SELECT tenant_id, channel_id, external_id, 'edit', 'k', 'later', now() FROM messages WHERE tenant_id = :tenant;
INSERT INTO consents (tenant_id, address, channel_id, category, key, word, told_at)
SELECT tenant_id, sender_address, channel_id, 'all', 'k', 'stop', now() FROM messages WHERE tenant_id = :tenant;
INSERT INTO channel_alarms (tenant_id, id, integration_id, key, level, sentence, subtype, occurred_at)
SELECT tenant_id, id, integration_id, id::text, 'warning', 'Low quality.', 'quality', now()
FROM channels WHERE tenant_id = :tenant;
INSERT INTO mail_threads (tenant_id, channel_id, message_id, conversation_id)
SELECT tenant_id, channel_id, 'm@example.org', id FROM conversations WHERE tenant_id = :tenant;
INSERT INTO message_templates (tenant_id, id, integration_id, name, language, status)
SELECT tenant_id, id, id, 'welcome', 'en', 'approved' FROM external_integrations WHERE tenant_id = :tenant;
