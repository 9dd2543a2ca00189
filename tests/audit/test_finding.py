"""What names a record is found by the index of records, however little is known of the table."""

from datetime import UTC, datetime

from gateway.model.page import START
from gateway.store.audit import Wanted, add_all, newest_first
from gateway.store.pool import open_pool, tenant_tx
from tests.audit.test_recorder import row
from tests.conftest import Database, Tenant, new_id

#: How often this transaction has looked into the indexes of records, and into all others of the audit.
LOOKS = """
SELECT coalesce(sum(pg_stat_get_xact_numscans(i.indexrelid)) FILTER (WHERE m.amname = 'gin'), 0) AS by_record,
    coalesce(sum(pg_stat_get_xact_numscans(i.indexrelid)) FILTER (WHERE m.amname <> 'gin'), 0) AS by_others
FROM pg_partition_tree('data_access_audit') t
JOIN pg_index i ON i.indrelid = t.relid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
WHERE t.isleaf
"""
#: A plan is made without knowing what is asked for after five calls (choose_custom_plan in plancache.c).
CALLS = 8


async def test_a_record_is_found_without_reading_what_tells_of_others(database: Database, tenant: Tenant) -> None:
    hook, app = await open_pool(database.hook_url, 1), await open_pool(database.app_url, 1)
    sought = new_id()
    await add_all(hook, [row(tenant) for _ in range(200)])
    await add_all(hook, [row(tenant)._replace(records=f"{{{sought.hex}}}", at=datetime.now(UTC))])
    async with tenant_tx(app, tenant.id) as tx:
        for _ in range(CALLS):
            found = await newest_first(tx, Wanted(records=[sought]), START, 50)
            assert [list(one.record_ids) for one in found] == [[sought]]
        by_record, by_others = await tx.connection.fetchrow(LOOKS)
    assert by_record >= CALLS
    assert by_others == 0
    await app.close()
    await hook.close()
