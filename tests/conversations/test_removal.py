"""A label or team that is removed is taken off what has it, each told of."""

from uuid import UUID

from gateway.model.ids import parse, public
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id
from tests.conversations.conftest import Workers


async def labelled(database: Database, tenant: Tenant, conversations: list[str]) -> UUID:
    """Add a label and put it on conversations and their customers."""
    label = new_id()
    await database.fetch(
        "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, 'Old', 'grey')", tenant.id, label
    )
    keys = [parse("cnv", one) for one in conversations]
    await database.fetch(
        "INSERT INTO conversation_labels (tenant_id, conversation_id, label_id) SELECT $1, unnest($2::uuid[]), $3",
        tenant.id, keys, label,
    )  # fmt: skip
    await database.fetch(
        "INSERT INTO customer_labels (tenant_id, customer_id, label_id)"
        " SELECT tenant_id, customer_id, $2 FROM conversations WHERE id = ANY ($1)", keys, label
    )  # fmt: skip
    return label


async def test_a_removed_label_comes_off(workers: Workers, rows: Rows, database: Database, tenant: Tenant) -> None:
    keys = [await rows.conversation(minute=minute) for minute in range(3)]
    label = await labelled(database, tenant, keys)
    await workers.look()
    assert await workers.events() == []
    await database.fetch("UPDATE labels SET deleted_at = now()")
    await workers.look()
    await workers.look()
    events = await workers.events()
    assert sorted(data["id"] for kind, data in events if kind == "conversation.updated") == sorted(keys)
    lines = [data["extra"] for kind, data in events if kind == "activity.created"]
    assert lines == [{"what": "labels", "from": [public("lbl", label)], "to": [], "cause": "removal"}] * 3
    customers = [data for kind, data in events if kind == "customer.updated"]
    assert len(customers) == 3
    assert all(data["label_ids"] == [] for data in customers)
    assert await database.value("SELECT count(*) FROM conversation_labels") == 0
    assert await database.value("SELECT count(*) FROM customer_labels") == 0


async def test_a_removed_team_has_nothing_left(
    workers: Workers, rows: Rows, database: Database, tenant: Tenant
) -> None:
    key, team = await rows.conversation(), new_id()
    await database.fetch("INSERT INTO teams (tenant_id, id, name) VALUES ($1, $2, 'Old')", tenant.id, team)
    await database.fetch("UPDATE conversations SET team_id = $1", team)
    await database.fetch("UPDATE teams SET deleted_at = now()")
    await workers.look()
    (_, shown), (_, line) = await workers.events()
    assert (shown["id"], shown["team_id"]) == (key, None)
    assert line["extra"] == {"what": "team", "from": public("team", team), "to": None, "cause": "removal"}
