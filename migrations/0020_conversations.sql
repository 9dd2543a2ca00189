-- How agents share the work: who is there, whose turn it is, notes that call somebody, canned replies, drafts, saved
-- views, and what each of them has read.

ALTER TABLE memberships
    ADD COLUMN availability text NOT NULL DEFAULT 'online'
        CONSTRAINT availability_is_known CHECK (availability IN ('online', 'away'));
GRANT UPDATE (availability) ON memberships TO postgate_app;

-- A team can hand its conversations out: to the member whose turn it is, and who has fewer open ones than this.
ALTER TABLE teams
    ADD COLUMN auto_assign boolean NOT NULL DEFAULT false,
    ADD COLUMN capacity integer CONSTRAINT capacity_is_positive CHECK (capacity > 0);
CREATE INDEX teams_that_assign ON teams (tenant_id) WHERE auto_assign AND deleted_at IS NULL;
CREATE POLICY writer ON teams TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT ON teams TO postgate_writer;
ALTER TABLE team_members ADD COLUMN assigned_at timestamptz;  -- when it was this member's turn last
GRANT UPDATE (assigned_at) ON team_members TO postgate_app;

-- What is written to a channel begins as its team's.
ALTER TABLE channels
    ADD COLUMN team_id uuid,
    ADD CONSTRAINT channels_team FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id);
CREATE INDEX channels_of_a_team ON channels (tenant_id, team_id) WHERE team_id IS NOT NULL;
CREATE FUNCTION begin_in_team() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT h.team_id INTO NEW.team_id FROM channels h WHERE h.tenant_id = NEW.tenant_id AND h.id = NEW.channel_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER begin_in_team BEFORE INSERT ON conversations FOR EACH ROW WHEN (NEW.team_id IS NULL)
    EXECUTE FUNCTION begin_in_team();

-- The list of what is somebody's or a team's, and of what nobody has, in the order of "conversation_list".
CREATE INDEX conversations_of_an_assignee
    ON conversations (tenant_id, assignee_id, status, last_message_at DESC, id DESC) WHERE assignee_id IS NOT NULL;
CREATE INDEX conversations_of_a_team
    ON conversations (tenant_id, team_id, status, last_message_at DESC, id DESC) WHERE team_id IS NOT NULL;
CREATE INDEX conversations_to_assign ON conversations (tenant_id, team_id, last_message_at, id)
    WHERE assignee_id IS NULL AND status = 'open' AND team_id IS NOT NULL;
-- Of the whole server, not of a tenant: whoever wakes conversations looks at the next ones.
CREATE INDEX conversations_to_wake ON conversations (snoozed_until) WHERE status = 'snoozed';

-- Conversations that a customer's message has opened again, until the line on it is in their thread. Ingest only
-- leaves word: an agent's own change writes its line itself.
CREATE TABLE reopenings (
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    reopened_at timestamptz NOT NULL,
    before text NOT NULL,        -- the status it had
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, conversation_id, reopened_at),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
);
CALL protect('reopenings', 'SELECT, DELETE', 'SELECT, INSERT');
CREATE FUNCTION leave_word_of_reopening() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO reopenings (tenant_id, conversation_id, reopened_at, before)
    VALUES (NEW.tenant_id, NEW.id, date_trunc('milliseconds', now()), OLD.status) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER leave_word_of_reopening AFTER UPDATE OF status ON conversations FOR EACH ROW
    WHEN (OLD.status <> 'open' AND NEW.status = 'open' AND CURRENT_USER = 'postgate_writer')
    EXECUTE FUNCTION leave_word_of_reopening();

-- A label or team that was removed is taken off what has it by and by.
CREATE INDEX labels_removed ON labels (tenant_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX teams_removed ON teams (tenant_id) WHERE deleted_at IS NOT NULL;
CREATE POLICY writer ON labels TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT ON labels TO postgate_writer;

-- What is to be done by itself, over all tenants: the bare minimum, for workers that do it tenant by tenant. Several may
-- be told the same; each takes its lock before it acts. "wait" is in seconds; at most zero means now.
CREATE FUNCTION errands(wanted integer)
RETURNS TABLE (kind text, tenant_id uuid, about uuid, wait double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
(SELECT 'wake', c.tenant_id, c.id, extract(epoch FROM c.snoozed_until - clock_timestamp())::double precision
FROM conversations c WHERE c.status = 'snoozed' AND c.deleted_at IS NULL ORDER BY c.snoozed_until LIMIT wanted)
UNION ALL
(SELECT DISTINCT 'reopened', r.tenant_id, r.conversation_id, 0::double precision FROM reopenings r LIMIT wanted)
UNION ALL
(SELECT DISTINCT 'assign', t.tenant_id, NULL::uuid, 0::double precision
FROM teams t
WHERE t.auto_assign AND t.deleted_at IS NULL AND EXISTS (
    SELECT FROM conversations c WHERE c.tenant_id = t.tenant_id AND c.team_id = t.id AND c.assignee_id IS NULL
        AND c.status = 'open' AND c.deleted_at IS NULL))
UNION ALL
(SELECT 'team', t.tenant_id, t.id, 0::double precision
FROM teams t
WHERE t.deleted_at IS NOT NULL
    AND EXISTS (SELECT FROM conversations c
        WHERE c.tenant_id = t.tenant_id AND c.team_id = t.id AND c.deleted_at IS NULL))
UNION ALL
(SELECT 'label', l.tenant_id, l.id, 0::double precision
FROM labels l
WHERE l.deleted_at IS NOT NULL AND (
    EXISTS (SELECT FROM conversation_labels x
        JOIN conversations c ON c.tenant_id = x.tenant_id AND c.id = x.conversation_id AND c.deleted_at IS NULL
        WHERE x.tenant_id = l.tenant_id AND x.label_id = l.id)
    OR EXISTS (SELECT FROM customer_labels c WHERE c.tenant_id = l.tenant_id AND c.label_id = l.id)))
$$;
ALTER FUNCTION errands(integer) OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION errands(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION errands(integer) TO postgate_hook;

-- Notes that call a member, until it has seen them and after.
CREATE TABLE mentions (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    message_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seen_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, message_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
);
CREATE INDEX mentions_by_time ON mentions (tenant_id, user_id, created_at DESC, message_id DESC);
CREATE INDEX mentions_not_seen ON mentions (tenant_id, user_id, conversation_id) WHERE seen_at IS NULL;
CREATE INDEX mentions_of_a_note ON mentions (tenant_id, message_id);
CALL protect('mentions', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE canned_replies (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    owner_id uuid,               -- null: everybody's
    shortcut text NOT NULL CONSTRAINT shortcut_is_one_word CHECK (shortcut ~ '^[a-z0-9][a-z0-9_-]*$'),
    name text NOT NULL CONSTRAINT canned_reply_has_a_name CHECK (name <> ''),
    text text NOT NULL CONSTRAINT canned_reply_has_a_text CHECK (text <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id)
);
CREATE UNIQUE INDEX one_shared_reply_of_a_shortcut ON canned_replies (tenant_id, shortcut)
    WHERE owner_id IS NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX one_own_reply_of_a_shortcut ON canned_replies (tenant_id, owner_id, shortcut)
    WHERE owner_id IS NOT NULL AND deleted_at IS NULL;
CALL protect('canned_replies', 'SELECT, INSERT, UPDATE');

-- What an agent has begun to write. A draft that was sent or thrown away stays as an empty one, so that a late copy of
-- it does not come back.
CREATE TABLE drafts (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    version bigint NOT NULL,     -- made by the client; the higher one wins
    content jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, conversation_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
);
CREATE INDEX drafts_by_time ON drafts (tenant_id, user_id, updated_at DESC, conversation_id DESC)
    WHERE content IS NOT NULL;
CALL protect('drafts', 'SELECT, INSERT, UPDATE');

CREATE TABLE views (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    id uuid NOT NULL,
    owner_id uuid,               -- null: everybody's
    name text NOT NULL CONSTRAINT view_has_a_name CHECK (name <> ''),
    filters jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id)
);
CALL protect('views', 'SELECT, INSERT, UPDATE');

-- How far each member has read each conversation.
CREATE TABLE reads (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    read_up_to timestamptz,      -- the time of the newest message that was there; null: marked as unread
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, conversation_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
);
CREATE INDEX reads_by_time ON reads (tenant_id, user_id, updated_at DESC, conversation_id DESC);
CALL protect('reads', 'SELECT, INSERT, UPDATE');

-- As before, with whether conversations may be handed to them.
CREATE OR REPLACE FUNCTION member_json(m memberships) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('usr_', m.user_id),
        'name', u.name,
        'email', u.email,
        'role', m.role,
        'extra_permissions', m.extra_permissions,
        'status', m.status,
        'availability', m.availability,
        'created_at', iso(m.created_at),
        'updated_at', iso(greatest(m.updated_at, u.updated_at)))
    FROM users u WHERE u.id = m.user_id;
END;

-- As before, with how a team hands out what comes in, and where that comes from.
CREATE OR REPLACE FUNCTION team_json(t teams) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('team_', t.id),
        'name', t.name,
        'member_ids', (
            SELECT coalesce(json_agg(public_id('usr_', m.user_id) ORDER BY m.user_id), '[]')
            FROM team_members m WHERE m.tenant_id = t.tenant_id AND m.team_id = t.id),
        'channel_ids', (
            SELECT coalesce(json_agg(public_id('ch_', h.id) ORDER BY h.id), '[]')
            FROM channels h WHERE h.tenant_id = t.tenant_id AND h.team_id = t.id AND h.deleted_at IS NULL),
        'auto_assign', t.auto_assign,
        'capacity', t.capacity,
        'created_at', iso(t.created_at),
        'updated_at', iso(t.updated_at),
        'deleted_at', iso(t.deleted_at));
END;

CREATE FUNCTION canned_reply_json(r canned_replies) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('can_', r.id),
        'owner_id', public_id('usr_', r.owner_id),
        'shortcut', r.shortcut,
        'name', r.name,
        'text', r.text,
        'created_at', iso(r.created_at),
        'updated_at', iso(r.updated_at),
        'deleted_at', iso(r.deleted_at));
END;

CREATE FUNCTION view_json(v views) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'id', public_id('view_', v.id),
        'owner_id', public_id('usr_', v.owner_id),
        'name', v.name,
        'filters', v.filters,
        'created_at', iso(v.created_at),
        'updated_at', iso(v.updated_at),
        'deleted_at', iso(v.deleted_at));
END;

CREATE FUNCTION draft_json(d drafts) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'conversation_id', public_id('cnv_', d.conversation_id),
        'version', d.version,
        'content', d.content,
        'updated_at', iso(d.updated_at));
END;

CREATE FUNCTION read_json(r reads) RETURNS TABLE (data json)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT json_build_object(
        'conversation_id', public_id('cnv_', r.conversation_id),
        'read_up_to', iso(r.read_up_to),
        'updated_at', iso(r.updated_at));
END;
