INSERT INTO invitations (tenant_id, id, email, role, token_hash, mailed, invited_by, expires_at)
SELECT tenant_id, gen_random_uuid(), 'kim@example.org', 'operator', '\x01', true, user_id, now() + interval '7 days'
FROM memberships WHERE tenant_id = :tenant;
INSERT INTO second_factors (user_id, wrapped_key, master_key_id, secret_sealed)
SELECT user_id, '\x01', 'k', '\x01' FROM memberships WHERE tenant_id = :tenant;
INSERT INTO password_resets (user_id, token_hash, expires_at)
SELECT user_id, uuid_send(user_id), now() + interval '1 hour' FROM memberships WHERE tenant_id = :tenant;
