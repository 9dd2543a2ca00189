-- Chores: what one process of all has to do now and then, and when each was done last.

CREATE TABLE chores (
    name text PRIMARY KEY CONSTRAINT chore_has_a_short_name CHECK (name ~ '^[a-z][a-z_]{0,40}$'),
    next_at timestamptz NOT NULL,
    succeeded_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE chores ENABLE ROW LEVEL SECURITY;
ALTER TABLE chores FORCE ROW LEVEL SECURITY;
CREATE POLICY writer ON chores TO postgate_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON chores TO postgate_writer;
CREATE TRIGGER touch BEFORE UPDATE ON chores FOR EACH ROW EXECUTE FUNCTION touch();

-- How long each of these chores need not be done yet, in seconds, and when it last was.
CREATE FUNCTION chores_ahead(names text[]) RETURNS TABLE (name text, wait double precision, succeeded_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
SELECT n.name, coalesce(extract(epoch FROM c.next_at - now()), 0)::double precision, c.succeeded_at
FROM unnest(names) AS n (name) LEFT JOIN chores c ON c.name = n.name
$$;

-- Whether whoever asks is to do a chore: it is due, and is nobody else's until this transaction ends.
CREATE FUNCTION claim_chore(chore text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate chore ' || chore, 0)) THEN
        RETURN false;
    END IF;
    -- The transaction waits for the chore itself, which is done elsewhere.
    PERFORM set_config('idle_in_transaction_session_timeout', '0', true);
    -- A statement of its own: it sees what whoever had the lock before has committed.
    RETURN NOT EXISTS (SELECT FROM chores c WHERE c.name = chore AND c.next_at > now());
END
$$;

-- Notes how a chore went, and when it is due again.
CREATE FUNCTION note_chore(chore text, went_well boolean, again interval) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
INSERT INTO chores AS c (name, next_at, succeeded_at, failures)
VALUES (chore, clock_timestamp() + again, CASE WHEN went_well THEN clock_timestamp() END,
    CASE WHEN went_well THEN 0 ELSE 1 END)
ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at,
    succeeded_at = coalesce(excluded.succeeded_at, c.succeeded_at),
    failures = CASE WHEN went_well THEN 0 ELSE c.failures + 1 END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['chores_ahead(text[])', 'claim_chore(text)',
        'note_chore(text, boolean, interval)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
