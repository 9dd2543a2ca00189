-- Sending: what waits to be sent, who works on it, how fast each channel may go; and requests that count once.

-- One row for each message that agents write, from the click to the provider's word. What it holds beside the
-- message's own text is kept, so that a failed one can be sent again.
--
-- "calling" is committed before the provider is called. Whoever finds such a row whose lease has ended knows that the
-- message may have been sent, and sends it no more.
CREATE TABLE sends (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,  -- those of a conversation go out in this order
    reference text NOT NULL,     -- what the provider is told to call it, and tells us again with its statuses
    round smallint NOT NULL DEFAULT 1,             -- how often somebody asked for it to be sent
    content jsonb NOT NULL,      -- template, buttons, files by link …; see gateway/model/sending.py
    state text NOT NULL DEFAULT 'queued' CONSTRAINT send_state_is_known
        CHECK (state IN ('queued', 'calling', 'sent', 'unknown', 'failed', 'canceled')),
    attempts smallint NOT NULL DEFAULT 0,          -- of this round
    queued_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),  -- while somebody works on it, the end of the lease
    lease_token uuid,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id),
    UNIQUE (tenant_id, reference),
    CONSTRAINT lease_and_token_come_together CHECK ((lease_token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT only_the_leased_are_called CHECK (state <> 'calling' OR lease_token IS NOT NULL),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX sends_of_a_channel ON sends (tenant_id, channel_id, next_attempt_at, position) WHERE state = 'queued';
CREATE INDEX sends_of_a_conversation ON sends (tenant_id, conversation_id, position)
    WHERE state IN ('queued', 'calling');
CREATE INDEX sends_in_flight ON sends (tenant_id, channel_id, lease_until) WHERE lease_until IS NOT NULL;
-- Of the whole server, not of a tenant: calls that may have lost their worker.
CREATE INDEX sends_in_call ON sends (lease_until) WHERE state = 'calling';
CALL protect('sends', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

-- A channel that something is to be sent on. Its row is locked by whoever takes sends of it.
CREATE TABLE send_lanes (
    tenant_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    per_second real NOT NULL CONSTRAINT pace_is_positive CHECK (per_second >= 1),
    due_at timestamptz,          -- not later than the first of its sends; null: nothing waits
    served_at timestamptz NOT NULL DEFAULT '-infinity',  -- the longest unserved come first
    paced_until timestamptz NOT NULL DEFAULT '-infinity',
    slowed_until timestamptz NOT NULL DEFAULT '-infinity',  -- the provider asked us to wait
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel_id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id)
) WITH (fillfactor = 50);
-- Of the whole server, not of a tenant: the channels where something waits.
CREATE INDEX lanes_by_time ON send_lanes (due_at) WHERE due_at IS NOT NULL;
CALL protect('send_lanes', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

-- Requests that carried an Idempotency-Key, with the answers that they got. Whoever repeats one waits here for the
-- first one's commit.
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    caller text NOT NULL,
    key text NOT NULL,
    request bytea NOT NULL,      -- a digest
    answer text,                 -- JSON; null only until the request's commit
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, caller, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CALL protect('idempotency_keys', 'SELECT, INSERT, UPDATE', 'SELECT, DELETE');

GRANT INSERT ON mail_threads, message_html TO postgate_app;

-- Leases sends that are due to a worker, of all tenants: first those whose worker died in a call ("lost"), then new
-- ones, channel by channel. Tenants take turns, and the channels of each; the longest unserved come first. Neither a
-- channel nor a tenant has more in flight than it may, so that one whose provider hangs holds up nobody else.
CREATE FUNCTION claim_sends(wanted integer, lease interval, per_channel integer, per_tenant integer)
RETURNS TABLE (tenant_id uuid, message_id uuid, token uuid, lost boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    lane send_lanes;
    places integer := wanted;
    room integer;
    taken integer;
BEGIN
    RETURN QUERY
    WITH ended AS (
        SELECT s.tenant_id, s.message_id FROM sends s
        WHERE s.state = 'calling' AND s.lease_until < now()
        ORDER BY s.lease_until LIMIT places FOR UPDATE SKIP LOCKED
    )
    UPDATE sends s SET lease_token = gen_random_uuid(), lease_until = now() + lease
    FROM ended e WHERE s.tenant_id = e.tenant_id AND s.message_id = e.message_id
    RETURNING s.tenant_id, s.message_id, s.lease_token, true;
    GET DIAGNOSTICS taken = ROW_COUNT;
    places := places - taken;

    FOR lane IN
        SELECT l.* FROM (
            SELECT d.tenant_id, d.channel_id, d.served_at,
                row_number() OVER (PARTITION BY d.tenant_id ORDER BY d.served_at) AS turn
            FROM send_lanes d
            WHERE d.due_at <= now() AND d.slowed_until <= now() AND d.paced_until <= now() + interval '1 second') t
        JOIN send_lanes l ON l.tenant_id = t.tenant_id AND l.channel_id = t.channel_id
        JOIN tenants n ON n.id = l.tenant_id AND n.status = 'active'
        ORDER BY t.turn, t.served_at LIMIT 100
        FOR UPDATE OF l SKIP LOCKED
    LOOP
        EXIT WHEN places <= 0;
        -- In one second a channel takes as many as its pace says; what it did not use before is lost.
        room := least(places, 8,
            per_channel - (SELECT count(*) FROM sends s WHERE s.tenant_id = lane.tenant_id
                AND s.channel_id = lane.channel_id AND s.lease_until > now()),
            per_tenant - (SELECT count(*) FROM sends s WHERE s.tenant_id = lane.tenant_id AND s.lease_until > now()),
            floor(extract(epoch FROM now() + interval '1 second' - greatest(lane.paced_until, now()))
                * lane.per_second));
        taken := 0;
        IF room > 0 THEN
            RETURN QUERY
            WITH chosen AS (
                SELECT s.tenant_id, s.message_id FROM sends s
                WHERE s.tenant_id = lane.tenant_id AND s.channel_id = lane.channel_id AND s.state = 'queued'
                  AND s.next_attempt_at <= now()
                  -- The first of its conversation. As NOT EXISTS it is a join, which on a table whose statistics are
                  -- not there yet reads all rows of the tenant for each.
                  AND s.position = (
                    SELECT min(e.position) FROM sends e
                    WHERE e.tenant_id = s.tenant_id AND e.conversation_id = s.conversation_id
                      AND e.state IN ('queued', 'calling'))
                ORDER BY s.next_attempt_at, s.position LIMIT room FOR UPDATE SKIP LOCKED
            )
            UPDATE sends s
            SET lease_token = gen_random_uuid(), lease_until = now() + lease, next_attempt_at = now() + lease
            FROM chosen c WHERE s.tenant_id = c.tenant_id AND s.message_id = c.message_id
            RETURNING s.tenant_id, s.message_id, s.lease_token, false;
            GET DIAGNOSTICS taken = ROW_COUNT;
        END IF;
        UPDATE send_lanes l
        SET served_at = now(),
            paced_until = greatest(l.paced_until, now()) + taken / l.per_second * interval '1 second',
            due_at = (SELECT min(s.next_attempt_at) FROM sends s WHERE s.tenant_id = l.tenant_id
                AND s.channel_id = l.channel_id AND s.state = 'queued')
        WHERE l.tenant_id = lane.tenant_id AND l.channel_id = lane.channel_id;
        places := places - taken;
    END LOOP;
END
$$;

-- How much waits, for the metrics: sends that are queued, those in flight, and the seconds that the oldest is overdue.
CREATE FUNCTION sends_waiting() RETURNS TABLE (queued bigint, in_flight bigint, overdue double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT count(*) FILTER (WHERE s.lease_until IS NULL), count(*) FILTER (WHERE s.lease_until > now()),
    coalesce(extract(epoch FROM now() - min(s.next_attempt_at) FILTER (WHERE s.state = 'queued')), 0)
FROM sends s WHERE s.state IN ('queued', 'calling')
$$;

CREATE FUNCTION forget_idempotency_keys(age interval) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DELETE FROM idempotency_keys WHERE created_at < now() - age
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['claim_sends(integer, interval, integer, integer)', 'sends_waiting()',
        'forget_idempotency_keys(interval)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;

-- A status that comes before its message is held under the provider's id; it may also say under which reference we
-- sent the message. That finds the message whose call was never answered.
ALTER TABLE external_message_mappings ADD COLUMN reference text;
CREATE INDEX held_by_reference ON external_message_mappings (tenant_id, channel_id, reference)
    WHERE reference IS NOT NULL AND message_id IS NULL;

-- The provider has a message after all whose call was never answered. Its row in "sends" is locked by the caller.
CREATE FUNCTION adopt_send(tenant uuid, channel uuid, message uuid, external text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE external_message_mappings x SET message_id = message, reference = NULL
    WHERE x.tenant_id = tenant AND x.channel_id = channel AND x.external_id = external;
    UPDATE sends s SET state = 'sent', lease_token = NULL, lease_until = NULL
    WHERE s.tenant_id = tenant AND s.message_id = message;
    UPDATE messages m
    SET external_id = external, status = 'sent', status_rank = 2, error = NULL,
        status_at = m.status_at - 'unknown' || jsonb_build_object('sent', iso(now()))
    WHERE m.tenant_id = tenant AND m.id = message;
END
$$;

-- Notes the references of messages that nobody knows by their provider's id yet, and adopts those of which it is only
-- unknown whether they were sent. Whoever is being sent just now is not touched: its worker looks here when it gets no
-- answer. Both lock the row of the send, so that whichever is second sees what the other did.
CREATE FUNCTION ingest_marks(news ingest_status[], marks text[], fresh_news boolean[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT DISTINCT ON (x.tenant_id, x.channel_id, x.external_id)
            x.tenant_id, x.channel_id, x.external_id, marks[n.place] AS mark
        FROM unnest(news) n
        JOIN external_message_mappings x ON x.tenant_id = n.tenant_id AND x.channel_id = n.channel_id
            AND x.external_id = n.external_id
        WHERE marks[n.place] IS NOT NULL AND fresh_news[n.place] AND x.message_id IS NULL
        ORDER BY x.tenant_id, x.channel_id, x.external_id
    LOOP
        UPDATE external_message_mappings x SET reference = held.mark
        WHERE x.tenant_id = held.tenant_id AND x.channel_id = held.channel_id AND x.external_id = held.external_id
          AND x.message_id IS NULL;
        CONTINUE WHEN NOT FOUND;
        PERFORM adopt_send(s.tenant_id, s.channel_id, s.message_id, held.external_id)
        FROM (
            SELECT * FROM sends l
            WHERE l.tenant_id = held.tenant_id AND l.reference = held.mark AND l.channel_id = held.channel_id
            FOR UPDATE) s
        WHERE s.state = 'unknown';
    END LOOP;
END
$$;

-- As before; but of a message that was sent anew only what is told of its latest sending counts.
CREATE OR REPLACE FUNCTION ingest_fold(
    incoming ingest_message[], waited uuid[], news ingest_status[], fresh_news boolean[]) RETURNS uuid[]
LANGUAGE plpgsql
AS $$
DECLARE
    changed uuid[];
BEGIN
    WITH touched AS MATERIALIZED (
        SELECT x.tenant_id, x.channel_id, x.external_id, x.message_id
        FROM (
            SELECT n.tenant_id, n.channel_id, n.external_id FROM unnest(news) n WHERE fresh_news[n.place]
            UNION
            SELECT m.tenant_id, m.channel_id, m.external_id FROM unnest(incoming) m WHERE m.id = ANY (waited)) k
        JOIN external_message_mappings x ON x.tenant_id = k.tenant_id AND x.channel_id = k.channel_id
            AND x.external_id = k.external_id
        WHERE x.message_id IS NOT NULL
    ), folded AS MATERIALIZED (
        SELECT t.tenant_id, t.message_id, t.external_id, f.*
        FROM touched t
        CROSS JOIN LATERAL (
            SELECT (array_agg(s.status ORDER BY s.rank DESC, s.status))[1] AS status, max(s.rank) AS rank,
                (array_agg(s.error ORDER BY s.rank DESC, s.status))[1] AS error,
                jsonb_object_agg(s.status, iso(s.first_at)) AS status_at
            FROM (
                SELECT a.status, max(a.rank) AS rank, min(a.occurred_at) AS first_at,
                    (array_agg(a.error ORDER BY a.occurred_at, a.key))[1] AS error
                FROM message_statuses a
                WHERE a.tenant_id = t.tenant_id AND a.channel_id = t.channel_id
                  AND a.external_id = t.external_id
                GROUP BY a.status) s) f
    ), locked AS MATERIALIZED (
        SELECT m.tenant_id, m.id FROM messages m JOIN folded f ON f.tenant_id = m.tenant_id AND f.message_id = m.id
        ORDER BY m.tenant_id, m.id FOR NO KEY UPDATE OF m
    ), updated AS (
        UPDATE messages m
        SET status = CASE WHEN f.rank >= m.status_rank THEN f.status ELSE m.status END,
            error = CASE WHEN f.rank >= m.status_rank THEN f.error ELSE m.error END,
            status_rank = greatest(m.status_rank, f.rank),
            status_at = m.status_at || f.status_at
        FROM folded f JOIN locked l ON l.tenant_id = f.tenant_id AND l.id = f.message_id
        WHERE m.tenant_id = f.tenant_id AND m.id = f.message_id AND m.external_id = f.external_id
          AND (f.rank > m.status_rank OR m.status_at <> m.status_at || f.status_at)
        RETURNING m.id
    )
    SELECT coalesce(array_agg(u.id), '{}') INTO changed FROM updated u;
    RETURN changed;
END
$$;

-- As before, with the references under which we sent what statuses are about: by place, null where none was told.
CREATE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    marks text[], notes ingest_note[], echo uuid[])
RETURNS TABLE (
    tenant_id uuid, seq bigint, id uuid, type text, conversation_id uuid, created_at timestamptz, data text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
-- Plans are made while tables are small and kept while they grow: allow only those that stay right.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET enable_material = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    won uuid[];                      -- messages whose external id was free
    waited uuid[] := '{}';           -- those whose statuses were here first
    fresh boolean[] := '{}';
    customer uuid[] := '{}';
    renewed uuid[] := '{}';          -- known customers whose name or identities changed
    conversation uuid[] := '{}';
    fresh_news boolean[] := '{}';
    changed uuid[] := '{}';          -- messages whose status changed
    -- What only notes and aliases need stays null without them: even to look at one more variable takes time.
    met uuid[];                      -- known customers who write under another spelling
    fresh_notes boolean[];
    people ingest_row[];             -- customers whom notes made or gave an address
    touched ingest_row[];            -- messages whose edits and revokes are to be looked at
    turned message_changes[];        -- edits and revokes that turned out to be by somebody else, or not to be
    rewritten uuid[];                -- messages that look different after edits and revokes
BEGIN
    IF cardinality(incoming) > 0 THEN
        -- Claim the external ids. Who loses a race waits here for the winner's commit and then finds its row.
        WITH claimed AS (
            INSERT INTO external_message_mappings AS x (tenant_id, channel_id, external_id, message_id)
            SELECT DISTINCT ON (m.tenant_id, m.channel_id, m.external_id)
                m.tenant_id, m.channel_id, m.external_id, m.id
            FROM unnest(incoming) m
            ORDER BY m.tenant_id, m.channel_id, m.external_id, m.place
            ON CONFLICT ON CONSTRAINT external_message_mappings_pkey DO UPDATE SET message_id = excluded.message_id
                WHERE x.message_id IS NULL
            RETURNING x.message_id, x.xmax <> 0 AS was_held
        )
        SELECT coalesce(array_agg(c.message_id), '{}'),
            coalesce(array_agg(c.message_id) FILTER (WHERE c.was_held), '{}')
        INTO won, waited FROM claimed c;
        SELECT array_agg(m.id = ANY (won) ORDER BY m.place) INTO fresh FROM unnest(incoming) m;
    END IF;
    IF cardinality(notes) > 0 OR cardinality(aliases) > 0 THEN
        IF cardinality(notes) > 0 THEN
            SELECT a.fresh_notes, a.people INTO fresh_notes, people FROM ingest_addresses(notes) a;
        END IF;
        met := ingest_aliases(incoming, fresh, aliases);
    END IF;
    IF true = ANY (fresh) THEN
        SELECT c.found_ids, c.grown INTO customer, renewed FROM ingest_customers(incoming, fresh) c;
        renewed := renewed || met || ingest_names(incoming, fresh, customer);
        conversation := ingest_conversations(incoming, fresh, customer);
        PERFORM ingest_messages(incoming, fresh, conversation);
    END IF;
    IF cardinality(news) > 0 THEN
        fresh_news := ingest_statuses(news);
        IF cardinality(marks) > 0 THEN
            PERFORM ingest_marks(news, marks, fresh_news);
        END IF;
    END IF;
    IF true = ANY (fresh_news) OR cardinality(waited) > 0 THEN
        changed := ingest_fold(incoming, waited, news, fresh_news);
    END IF;
    IF cardinality(notes) > 0 OR cardinality(waited) > 0 OR cardinality(renewed) > 0 THEN
        IF cardinality(notes) > 0 THEN
            fresh_notes := ingest_notes(webhooks, notes, fresh_notes);
        END IF;
        touched := ingest_touched(incoming, waited, renewed, people, notes, fresh_notes);
        IF cardinality(touched) > 0 THEN
            turned := ingest_judge(touched);
            rewritten := ingest_rewrite(touched);
        END IF;
    END IF;
    PERFORM ingest_ledger(webhooks, incoming, fresh, news, fresh_news, notes, fresh_notes);
    IF cardinality(notes) > 0 OR cardinality(turned) > 0 THEN
        PERFORM ingest_recount(webhooks, notes, fresh_notes, turned);
    END IF;
    IF true = ANY (fresh) OR cardinality(changed) > 0 OR true = ANY (fresh_notes) THEN
        RETURN QUERY
        SELECT e.tenant_id, e.seq, e.id, e.type, e.conversation_id, e.created_at,
            CASE WHEN e.tenant_id = ANY (echo) THEN e.data::text END
        FROM ingest_log(incoming, fresh, customer, conversation, renewed, news, fresh_news, changed, notes,
            fresh_notes, rewritten, people) e
        ORDER BY e.tenant_id, e.seq;
    END IF;
END
$$;
ALTER FUNCTION
    ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], text[], ingest_note[], uuid[])
    OWNER TO postgate_writer;
REVOKE EXECUTE ON FUNCTION
    ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], text[], ingest_note[], uuid[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    ingest(ingest_webhook[], ingest_message[], ingest_alias[], ingest_status[], text[], ingest_note[], uuid[])
    TO postgate_hook;

-- For gateways of the version before, which store webhooks while new ones are rolled out.
CREATE OR REPLACE FUNCTION ingest(
    webhooks ingest_webhook[], incoming ingest_message[], aliases ingest_alias[], news ingest_status[],
    notes ingest_note[], echo uuid[])
RETURNS TABLE (
    tenant_id uuid, seq bigint, id uuid, type text, conversation_id uuid, created_at timestamptz, data text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT * FROM ingest(webhooks, incoming, aliases, news, '{}'::text[], notes, echo)
$$;
