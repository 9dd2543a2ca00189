-- Chores: what one process of all has to do now and then, and when each was done last.

CREATE TABLE chores (
    name text PRIMARY KEY CONSTRAINT chore_has_a_short_name CHECK (name ~ '^[a-z][a-z_]{0,40}$'),
    next_at timestamptz NOT NULL,
    worker uuid,
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

-- Whether whoever asks is to do a chore: it is due, and is nobody else's for as long as the lease is.
CREATE FUNCTION claim_chore(chore text, claimant uuid, lease interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('postgate chore ' || chore, 0)) THEN
        RETURN false;  -- somebody else is just claiming it
    END IF;
    INSERT INTO chores AS c (name, next_at, worker) VALUES (chore, now() + lease, claimant)
    ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at, worker = excluded.worker WHERE c.next_at <= now();
    RETURN FOUND;
END
$$;

-- Keeps a chore for longer; false when it is somebody else's by now.
CREATE FUNCTION keep_chore(chore text, claimant uuid, lease interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE chores c SET next_at = now() + lease WHERE c.name = chore AND c.worker = claimant;
    RETURN FOUND;
END
$$;

-- Notes how a chore went, and when it is due again; nothing when it is somebody else's by now.
CREATE FUNCTION note_chore(chore text, claimant uuid, went_well boolean, again interval) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
UPDATE chores c SET next_at = now() + again, worker = NULL,
    succeeded_at = CASE WHEN went_well THEN now() ELSE c.succeeded_at END,
    failures = CASE WHEN went_well THEN 0 ELSE c.failures + 1 END
WHERE c.name = chore AND c.worker = claimant
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['chores_ahead(text[])', 'claim_chore(text, uuid, interval)',
        'keep_chore(text, uuid, interval)', 'note_chore(text, uuid, boolean, interval)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO postgate_writer', signature);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postgate_hook', signature);
    END LOOP;
END
$$;
