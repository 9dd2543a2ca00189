INSERT INTO erasure_keys (tenant_id, key_id, sealed)
SELECT tenant_id, id, '\x00' FROM encryption_keys WHERE tenant_id = :tenant LIMIT 1;
INSERT INTO erased_messages (tenant_id, digest) VALUES (:tenant, gen_random_uuid());
