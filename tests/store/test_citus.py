"""The schema could be distributed by tenant: what stands in the way is named here, and nothing else does."""

from tests.conftest import Database

#: Small tables that every node would have a copy of: nothing of a tenant's is referred to from there.
REFERENCE = {
    "tenants", "users", "second_factors", "password_resets", "provider_apps", "unrouted_webhooks", "chores",
    "key_rotations",
    "schema_migrations",
}  # fmt: skip
#: Whose tenant is looked up by something else. To be copied to every node it has to lose its reference to
#: ``external_integrations``, which is distributed.
ROUTES = "app_routes"
#: Numbers from one sequence for all tenants: Citus takes them only as bigint.
SEQUENCES = {("customer_identities", "position", "integer"), ("sends", "position", "bigint")}
#: What is called for every webhook, frame, delivery or message that is sent, for several tenants in one call. On Citus
#: each would be called on a node, for the tenants of that node: "postgate work" and the writer once for each.
MANY_TENANTS = {
    "ingest", "dispatch_deliveries", "claim_lanes", "renew_lanes", "release_lanes", "endpoints_to_serve",
    "due_deliveries", "record_attempts", "claim_sends", "claim_mails", "claim_raw_mails", "claim_files",
    "search_catch_up", "errands",
    "recover_deliveries", "deliveries_waiting", "sends_waiting", "endpoints_to_mask", "logs_to_detect", "note_accesses",
}  # fmt: skip
#: Asked before a tenant is known, or by the operator; or by one process now and then.
SELDOM = {
    "add_password_reset", "add_person", "chores_ahead", "claim_chore", "keep_chore", "note_chore",
    "claim_customer_import", "claim_data_request", "forget_import_rows", "forget_unrouted", "retention_by_choice",
    "clear_month", "drop_month", "drop_attempts_partitions", "make_attempts_partition", "make_ledger_partition",
    "make_old_events_partition", "month_is_needed", "logs_to_move", "oldest_kept", "retention_of_all", "end_deliveries",
    "end_sessions_of", "sessions_of", "forget_customer_imports", "forget_deliveries", "forget_idempotency_keys",
    "forget_nonces", "forget_password_resets", "forget_sends", "forget_sessions", "forget_webhook_minutes",
    "invitations_of", "keep_unrouted", "log_readers", "login_of", "mail_claims", "mailboxes_of",
    "master_keys_in_use", "password_of",
    "password_reset_of", "route_of", "route_of_app", "route_of_hook", "routes_of_provider", "set_password_of",
    "stale_files", "tenants_of",
    "tenants_to_wake", "tenants_with_reopenings", "use_password_reset", "verify_person", "count_alarms",
    "changed_silences", "make_audit_partition", "drop_audit_month", "note_webhook_hours", "connections_with_logins",
}  # fmt: skip
#: They take the tenant from the transaction.
OWN = {
    "accesses_to", "choice_preview", "erase_customer", "erase_events", "erase_messages", "erase_next_messages",
    "erasure_waits_for", "erase_late_rows", "mark_strays",
    "retention_examples", "retention_preview", "search_from_rows", "search_lookalikes", "search_matches",
}  # fmt: skip

KEYS = """
SELECT i.indrelid::regclass::text AS name, i.indexrelid::regclass::text AS key,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
        AND a.attname = 'tenant_id') AS distributed, i.indisprimary
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND NOT c.relispartition
"""
REFERENCES = """
SELECT k.conrelid::regclass::text AS name, k.confrelid::regclass::text AS target, k.confdeltype::text AS action,
    (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND NOT c.relispartition
"""
TABLES = """
SELECT c.relname::text AS name, EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull
        AND a.atttypid = 'uuid'::regtype) AS has_tenant
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
IDENTITIES = """
SELECT a.attrelid::regclass::text, a.attname::text, format_type(a.atttypid, NULL) FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
  AND (a.attidentity <> '' OR EXISTS (SELECT FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
    AND pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval%'))
"""
FUNCTIONS = """
SELECT DISTINCT p.proname::text AS name, coalesce(p.proargnames[1], '') = 'tenant' AS of_one
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
"""
TRIGGERS = """
SELECT DISTINCT t.tgfoid::regproc::text AS name, pg_get_functiondef(t.tgfoid) AS body FROM pg_trigger t
WHERE NOT t.tgisinternal
"""


async def test_every_other_table_is_distributed_by_tenant(database: Database) -> None:
    found = {row["name"]: row["has_tenant"] for row in await database.fetch(TABLES)}
    assert {name for name, has_tenant in found.items() if not has_tenant} == REFERENCE
    assert len(found) > 50
    keys = await database.fetch(KEYS)
    assert {key["name"] for key in keys if not key["distributed"]} == REFERENCE | {ROUTES}
    assert {key["name"] for key in keys if key["indisprimary"]} == set(found)


async def test_references_stay_on_a_node(database: Database) -> None:
    """From a distributed table to another by the tenant, or to a copied one; never back, and none is set to null."""
    for key in await database.fetch(REFERENCES):
        if key["name"] == ROUTES:
            continue
        assert key["target"] in REFERENCE or (key["name"] not in REFERENCE and key["columns"][0] == "tenant_id"), key
        assert key["action"] in {"a", "r", "c"}, key


async def test_sequences_across_tenants_are_few(database: Database) -> None:
    assert {tuple(row) for row in await database.fetch(IDENTITIES)} == SEQUENCES


async def test_functions_take_one_tenant_or_are_named_with_a_reason(database: Database) -> None:
    found = await database.fetch(FUNCTIONS)
    of_many = {row["name"] for row in found if not row["of_one"]}
    assert of_many - MANY_TENANTS - SELDOM - OWN == set()
    assert of_many >= MANY_TENANTS | OWN
    assert {row["name"] for row in found if row["of_one"]} >= {"move_events", "forget_events", "take_nonce"}


async def test_triggers_write_in_the_tenant_of_their_row_only(database: Database) -> None:
    triggers = {row["name"]: row["body"] for row in await database.fetch(TRIGGERS)}
    for name, body in triggers.items():
        writes = any(word in body for word in ("INSERT INTO", "UPDATE ", "DELETE FROM")) and name != "touch"
        assert not writes or "tenant_id" in body, name
