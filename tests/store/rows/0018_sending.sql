INSERT INTO sends (tenant_id, message_id, conversation_id, channel_id, reference, content)
SELECT tenant_id, id, conversation_id, channel_id, 'msg_1', '{}' FROM messages WHERE tenant_id = :tenant LIMIT 1;
INSERT INTO send_lanes (tenant_id, channel_id, per_second)
SELECT tenant_id, id, 1 FROM channels WHERE tenant_id = :tenant LIMIT 1;
INSERT INTO idempotency_keys (tenant_id, caller, key, request, answer)
SELECT tenant_id, 'usr_1', 'click-1', '\x01', '{}' FROM memberships WHERE tenant_id = :tenant;
