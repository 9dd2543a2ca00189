INSERT INTO files (tenant_id, id, sha256, size_bytes, mime_type, storage_key, state)
VALUES (:tenant, gen_random_uuid(), repeat('ab', 32), 1, 'image/png', 'x', 'stored');
