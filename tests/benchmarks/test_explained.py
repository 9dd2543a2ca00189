"""The plans that a benchmark shows."""

from benchmarks.explained import plans
from benchmarks.rows.queries import list_page
from benchmarks.rows.scale import SHOWN
from tests.conftest import Database, Tenant


async def test_the_plans_are_those_of_the_role_that_asks(database: Database, tenant: Tenant) -> None:
    (plan,) = await plans(database.admin_url, database.app_url, tenant.id, list_page)
    assert plan.startswith("duration: ")
    assert "Index Scan using conversation_list" in plan
    assert "InitPlan" in plan  # the condition of row-level security
    for query in SHOWN.values():
        assert await plans(database.admin_url, database.app_url, tenant.id, query)
    told = "SELECT count(*) FROM pg_db_role_setting"
    assert await database.value(told) == 0  # nobody else is told
