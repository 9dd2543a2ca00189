-- Customers as agents keep them: notes, the tenant's own fields, two made one and two again, lists, and imports.

ALTER TABLE customers
    -- By which lists are sorted. A comparison of lower(name) itself may not use an index under row-level security.
    ADD COLUMN sort_name text COLLATE "C"
        GENERATED ALWAYS AS (left(lower(coalesce(name, business_name, '')), 60)) STORED;
CREATE INDEX customers_by_age ON customers (tenant_id, status, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX customers_by_name ON customers (tenant_id, status, sort_name, id) WHERE deleted_at IS NULL;
-- Whoever was merged or deleted keeps the code in their row; it counts for nobody then.
CREATE UNIQUE INDEX one_customer_of_a_code ON customers (tenant_id, customer_code)
    WHERE deleted_at IS NULL AND status <> 'merged';

CREATE TABLE custom_fields (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    key text NOT NULL CONSTRAINT key_is_a_lower_case_word CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    name text NOT NULL CONSTRAINT field_has_a_name CHECK (name <> ''),
    type text NOT NULL
        CONSTRAINT field_type_is_known CHECK (type IN ('text', 'number', 'date', 'boolean', 'choice')),
    choices text[] NOT NULL DEFAULT '{}',
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key),     -- also of deleted ones: whoever makes it anew gets its values back
    CONSTRAINT only_a_choice_has_choices CHECK ((type = 'choice') = (choices <> '{}'))
);
CALL protect('custom_fields', 'SELECT, INSERT, UPDATE');

CREATE TABLE customer_notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    author_id uuid,              -- null: a program with an API key
    text text NOT NULL CONSTRAINT note_is_not_empty CHECK (text <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, author_id) REFERENCES memberships (tenant_id, user_id)
);
CREATE INDEX notes_of_a_customer ON customer_notes (tenant_id, customer_id, created_at DESC, id DESC);
CALL protect('customer_notes', 'SELECT, INSERT, UPDATE');

-- Two customers who turned out to be one.
CREATE TABLE customer_merges (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,   -- who stays
    merged_id uuid NOT NULL,     -- who leads there now
    merged_status text NOT NULL, -- and was that before
    user_id uuid,                -- null: a program with an API key
    undone_at timestamptz,
    undone_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id),
    FOREIGN KEY (tenant_id, undone_by) REFERENCES memberships (tenant_id, user_id)
);
CREATE UNIQUE INDEX merged_once_at_a_time ON customer_merges (tenant_id, merged_id) WHERE undone_at IS NULL;
CREATE INDEX merges_into_a_customer ON customer_merges (tenant_id, customer_id, created_at DESC, id DESC);
CALL protect('customer_merges', 'SELECT, INSERT, UPDATE');

-- What a merge took from one customer to the other; to undo it, the same goes back.
CREATE TABLE customer_merge_links (
    tenant_id uuid NOT NULL,
    merge_id uuid NOT NULL,
    kind text NOT NULL
        CONSTRAINT link_kind_is_known CHECK (kind IN ('identity', 'conversation', 'note', 'label', 'field')),
    key text NOT NULL,           -- the id of what was taken, an identity's kind and value, a field's key
    was text,                    -- a conversation's threading before; the value that a field took, as JSON;
                                 -- label: "new" if the other had not got it already
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, merge_id, kind, key),
    FOREIGN KEY (tenant_id, merge_id) REFERENCES customer_merges (tenant_id, id)
);
CALL protect('customer_merge_links', 'SELECT, INSERT, UPDATE');

-- A file of customers on its way in. It is kept as it was uploaded until all of it is read, or nobody will read it.
CREATE TABLE customer_imports (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    user_id uuid,                -- null: a program with an API key
    filename text NOT NULL,
    encoding text NOT NULL,
    delimiter text NOT NULL,
    columns text[] NOT NULL,     -- the names in the first row
    sample jsonb NOT NULL,       -- the next few rows
    plan jsonb NOT NULL,         -- what each column holds, and what else somebody chose
    state text NOT NULL DEFAULT 'uploaded' CONSTRAINT import_state_is_known CHECK (
        state IN ('uploaded', 'checking', 'checked', 'running', 'done', 'failed', 'cancelled')),
    error text,
    rows_total integer NOT NULL,
    rows_done integer NOT NULL DEFAULT 0,   -- rows are read in order; those up to this one are done
    created integer NOT NULL DEFAULT 0,
    updated integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    lease uuid,                  -- of the worker that reads it
    lease_until timestamptz,
    tries smallint NOT NULL DEFAULT 0,      -- to read it since its last progress
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id),
    CONSTRAINT every_row_is_accounted_for CHECK (rows_done = created + updated + skipped + failed)
);
CREATE INDEX imports_by_time ON customer_imports (tenant_id, created_at DESC, id DESC);
-- Of the whole server, not of a tenant: the queue of imports, and files that nobody will read.
CREATE INDEX imports_to_run ON customer_imports (lease_until) WHERE state IN ('checking', 'running');
CREATE INDEX imports_left ON customer_imports (updated_at) WHERE state IN ('uploaded', 'checked');
CALL protect('customer_imports', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

CREATE TABLE customer_import_pieces (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL,
    bytes bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, import_id, number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES customer_imports (tenant_id, id)
);
CALL protect('customer_import_pieces', 'SELECT, INSERT, DELETE', 'SELECT, DELETE');

-- Rows that could not be taken, as they stood in the file.
CREATE TABLE customer_import_problems (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    row_number integer NOT NULL, -- 1 is the first after the names
    column_name text,            -- null: it is about the whole row
    detail text NOT NULL,
    cells text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, import_id, row_number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES customer_imports (tenant_id, id)
);
CALL protect('customer_import_problems', 'SELECT, INSERT, DELETE', 'SELECT');

-- Leases an import to a worker. One that dies loses its lease and nothing else; a file that nobody gets through fails.
CREATE FUNCTION claim_customer_import(worker uuid, duration interval) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH due AS (
    SELECT i.tenant_id, i.id FROM customer_imports i
    WHERE i.state IN ('checking', 'running') AND (i.lease_until IS NULL OR i.lease_until < now())
    ORDER BY i.lease_until NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE customer_imports i SET lease = worker, lease_until = now() + duration, tries = i.tries + 1
FROM due WHERE i.tenant_id = due.tenant_id AND i.id = due.id
RETURNING i.tenant_id, i.id
$$;

-- Cancels imports that nobody has started for a week; says how many, at most 100.
CREATE FUNCTION forget_customer_imports() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
WITH old AS (
    SELECT i.tenant_id, i.id FROM customer_imports i
    WHERE i.state IN ('uploaded', 'checked') AND i.updated_at < now() - interval '7 days'
    ORDER BY i.updated_at LIMIT 100 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM customer_import_pieces p USING old WHERE p.tenant_id = old.tenant_id AND p.import_id = old.id
), cancelled AS (
    UPDATE customer_imports i SET state = 'cancelled', finished_at = now() FROM old
    WHERE i.tenant_id = old.tenant_id AND i.id = old.id
    RETURNING 1
)
SELECT count(*) FROM cancelled
$$;
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['claim_customer_import(uuid, interval)', 'forget_customer_imports()'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;

CREATE FUNCTION customer_import_json(i customer_imports) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('imp_', i.id),
        'user_id', public_id('usr_', i.user_id),
        'filename', i.filename,
        'encoding', i.encoding,
        'delimiter', i.delimiter,
        'columns', i.columns,
        'sample', i.sample,
        'plan', i.plan,
        'state', i.state,
        'error', i.error,
        'rows_total', i.rows_total,
        'rows_done', i.rows_done,
        'created', i.created,
        'updated', i.updated,
        'skipped', i.skipped,
        'failed', i.failed,
        'created_at', iso(i.created_at),
        'finished_at', iso(i.finished_at));
END;

-- "merged": of a customer who was merged into one that has a conversation at this channel already. New messages go to
-- that one.
ALTER TABLE conversations
    DROP CONSTRAINT threading_is_known,
    ADD CONSTRAINT threading_is_known CHECK (threading IN ('customer', 'mail', 'merged'));

-- Who somebody is who may have been merged. Waits for whoever merges, unmerges or deletes just now. Null: deleted.
CREATE FUNCTION customer_now(tenant uuid, customer uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    found record;
BEGIN
    LOOP
        SELECT k.merged_into, k.deleted_at INTO found FROM customers k
        WHERE k.tenant_id = tenant AND k.id = customer FOR KEY SHARE;
        IF found.merged_into IS NULL THEN
            RETURN CASE WHEN found.deleted_at IS NULL THEN customer END;
        END IF;
        customer := found.merged_into;
    END LOOP;
END
$$;

-- An address that a message brings while its customer is being merged belongs to who they are then; of one who is
-- deleted at that moment it is nobody's.
CREATE FUNCTION identify_as_now() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.customer_id := customer_now(NEW.tenant_id, NEW.customer_id);
    IF NEW.customer_id IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER as_now BEFORE INSERT ON customer_identities FOR EACH ROW EXECUTE FUNCTION identify_as_now();

CREATE FUNCTION customer_note_json(n customer_notes) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('cnt_', n.id),
        'customer_id', public_id('cus_', n.customer_id),
        'author_id', public_id('usr_', n.author_id),
        'text', CASE WHEN n.deleted_at IS NULL THEN n.text ELSE '' END,
        'created_at', iso(n.created_at),
        'edited_at', iso(n.edited_at),
        'deleted_at', iso(n.deleted_at));
END;

CREATE FUNCTION custom_field_json(f custom_fields) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('fld_', f.id),
        'key', f.key,
        'name', f.name,
        'type', f.type,
        'choices', f.choices,
        'position', f.position,
        'created_at', iso(f.created_at),
        'updated_at', iso(f.updated_at),
        'deleted_at', iso(f.deleted_at));
END;

CREATE FUNCTION customer_merge_json(g customer_merges) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('mrg_', g.id),
        'customer_id', public_id('cus_', g.customer_id),
        'merged_id', public_id('cus_', g.merged_id),
        'merged_name', (SELECT k.name FROM customers k WHERE k.tenant_id = g.tenant_id AND k.id = g.merged_id),
        'user_id', public_id('usr_', g.user_id),
        'created_at', iso(g.created_at),
        'undone_at', iso(g.undone_at),
        'undone_by', public_id('usr_', g.undone_by));
END;

-- As before; and a customer who is merged while they write is who they are then.
CREATE OR REPLACE FUNCTION ingest_mail_thread(m ingest_message, sender uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    thread uuid;
BEGIN
    -- Two mails of one thread at once must not open two conversations.
    PERFORM pg_advisory_xact_lock(hashtextextended(m.tenant_id::text || m.channel_id::text, 0));
    SELECT c.id INTO thread
    FROM unnest(m.message_ids) WITH ORDINALITY AS named (message_id, position)
    JOIN mail_threads t ON t.tenant_id = m.tenant_id AND t.channel_id = m.channel_id
        AND t.message_id = named.message_id
    JOIN conversations c ON c.tenant_id = m.tenant_id AND c.id = t.conversation_id
    WHERE c.customer_id = sender OR EXISTS (
        SELECT FROM customer_identities i
        WHERE i.tenant_id = m.tenant_id AND i.customer_id = c.customer_id AND i.kind = 'email'
          AND split_part(i.value, '@', 2) = split_part(m.identity_value, '@', 2))
    ORDER BY named.position LIMIT 1;
    IF thread IS NULL THEN
        thread := m.conversation_id;
        INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, subject, last_message_at)
        VALUES (m.tenant_id, thread, m.channel_id, coalesce(customer_now(m.tenant_id, sender), sender), 'mail',
            m.subject, m.occurred_at);
    END IF;
    INSERT INTO mail_threads (tenant_id, channel_id, message_id, conversation_id)
    SELECT DISTINCT m.tenant_id, m.channel_id, named, thread FROM unnest(m.message_ids) named ORDER BY 3
    ON CONFLICT DO NOTHING;
    RETURN thread;
END
$$;

CREATE OR REPLACE FUNCTION ingest_conversations(incoming ingest_message[], fresh boolean[], customer uuid[])
RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    found_ids uuid[];
    incomplete boolean;
    somebody_else boolean;
    letter ingest_message;
BEGIN
    FOR attempt IN 1..2 LOOP
        SELECT array_agg(c.id ORDER BY m.place),
            bool_or(c.id IS NULL AND fresh[m.place] AND m.medium <> 'email')
        INTO found_ids, incomplete
        FROM unnest(incoming) m
        LEFT JOIN LATERAL (
            SELECT k.id FROM conversations k
            WHERE k.threading = 'customer' AND k.tenant_id = m.tenant_id AND k.channel_id = m.channel_id
              AND k.customer_id = customer[m.place]
            LIMIT 1) c ON fresh[m.place] AND m.medium <> 'email';
        EXIT WHEN NOT incomplete OR attempt = 2;
        -- A customer who is being merged may have become another one since they were looked up.
        SELECT bool_or(n.gone) INTO somebody_else FROM (
            SELECT k.merged_into IS NOT NULL AS gone FROM customers k
            JOIN (SELECT DISTINCT m.tenant_id, customer[m.place] AS id FROM unnest(incoming) m WHERE fresh[m.place]) w
                ON k.tenant_id = w.tenant_id AND k.id = w.id
            ORDER BY k.tenant_id, k.id FOR KEY SHARE OF k) n;
        IF somebody_else THEN
            SELECT array_agg(coalesce(customer_now(m.tenant_id, customer[m.place]), customer[m.place]) ORDER BY m.place)
            INTO customer FROM unnest(incoming) m;
        END IF;
        INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, last_message_at)
        SELECT DISTINCT ON (m.tenant_id, m.channel_id, customer[m.place])
            m.tenant_id, m.conversation_id, m.channel_id, customer[m.place], 'customer', m.occurred_at
        FROM unnest(incoming) m
        WHERE fresh[m.place] AND m.medium <> 'email' AND found_ids[m.place] IS NULL
        ORDER BY m.tenant_id, m.channel_id, customer[m.place], m.place
        ON CONFLICT (tenant_id, channel_id, customer_id) WHERE threading = 'customer' DO NOTHING;
    END LOOP;
    FOREACH letter IN ARRAY incoming LOOP
        IF fresh[letter.place] AND letter.medium = 'email' THEN
            found_ids[letter.place] := ingest_mail_thread(letter, customer[letter.place]);
        END IF;
    END LOOP;

    PERFORM FROM conversations c
    JOIN (SELECT DISTINCT m.tenant_id, found_ids[m.place] AS id FROM unnest(incoming) m WHERE fresh[m.place]) n
        ON c.tenant_id = n.tenant_id AND c.id = n.id
    ORDER BY c.tenant_id, c.id FOR NO KEY UPDATE OF c;

    UPDATE conversations c
    SET unread_count = c.unread_count + n.unread,
        last_message_at = greatest(c.last_message_at, n.latest),
        window_expires_at = greatest(c.window_expires_at, n.window_expires_at),
        status = CASE WHEN n.unread > 0 THEN 'open' ELSE c.status END,
        snoozed_until = CASE WHEN n.unread = 0 THEN c.snoozed_until END
    FROM (
        SELECT m.tenant_id, found_ids[m.place] AS id, max(m.occurred_at) AS latest,
            count(*) FILTER (WHERE m.direction = 'inbound' AND NOT m.quiet) AS unread,
            max(m.occurred_at + m.window_seconds * interval '1 second') AS window_expires_at
        FROM unnest(incoming) m WHERE fresh[m.place] GROUP BY 1, 2) n
    WHERE c.tenant_id = n.tenant_id AND c.id = n.id;
    RETURN found_ids;
END
$$;
