-- What names a record is found by the index of records, whatever the planner thinks of the others.
--
-- Once the plan was made without knowing which records are asked for (after a few calls; before Postgres 18 always), it
-- could read all rows of the tenant instead, by the key, whose columns stood beside the records. Now they stand apart.

CREATE OR REPLACE FUNCTION accesses_to(
    records uuid[], wanted_actor uuid, wanted_operations text[], wanted_tables text[], since timestamptz,
    until timestamptz, behind timestamptz, behind_id uuid, most integer
) RETURNS SETOF data_access_audit
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET jit = off
AS $$
WITH named AS MATERIALIZED (
    SELECT * FROM data_access_audit a
    WHERE a.record_ids && records AND (a.tenant_id = (SELECT current_tenant())) IS TRUE
)
SELECT * FROM named a
WHERE a.created_at >= coalesce(since, '-infinity') AND a.created_at < coalesce(until, 'infinity')
  AND (a.created_at, a.id) < (behind, behind_id)
  AND (wanted_actor IS NULL OR a.actor_id = wanted_actor)
  AND (wanted_operations IS NULL OR a.operation = ANY (wanted_operations))
  AND (wanted_tables IS NULL OR a.table_name = ANY (wanted_tables))
ORDER BY a.created_at DESC, a.id DESC LIMIT most
$$;
