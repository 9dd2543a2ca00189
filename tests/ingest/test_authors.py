"""Who may change a message: the customer who wrote it, and for ours whoever writes for the business."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.conftest import MakeTenant, Tenant
from tests.ingest.posts import Post, echoes, edit, revoke, text, whatsapp
from tests.ingest.reading import events, get, messages, webhooks
from tests.live.fold import fold
from tests.live.recording import snapshot

DAY = 1767225600  # 2026-01-01
AUTHOR, STRANGER, NEW_NUMBER = "12025550142", "12025550199", "12025550177"
USER_ID = "US.13491208655302741918"
OURS = "12025550100"


def wa(tenant: Tenant, *sent: Any) -> Post:
    """Return a WhatsApp post of what customers sent."""
    return whatsapp(tenant.integration("whatsapp_cloud"), list(sent))


def ours(tenant: Tenant, *items: dict[str, Any]) -> Post:
    """Return a WhatsApp post of what the business did in the phone's app."""
    hook = tenant.integration("whatsapp_cloud")
    told = [{**item, "from": OURS, "to": AUTHOR} for item in items]
    return whatsapp(hook, changes=[echoes(hook["channels"][0]["address"], *told)])


def moved(old: str, new: str) -> dict[str, Any]:
    """Return WhatsApp's news that a customer has another number."""
    return {
        "from": old, "id": "wamid.moved", "timestamp": str(DAY + 10), "type": "system",
        "system": {"body": "changed", "wa_id": new, "type": "user_changed_number"},
    }  # fmt: skip


async def play(client: ClientSession, *posts: Post) -> None:
    for post in posts:
        assert await post.send(client) == 200


async def texts(client: ClientSession, tenant: Tenant) -> list[tuple[str | None, bool]]:
    """Return what the messages say, and whether they were revoked."""
    return [(message["text"], message["deleted_at"] is not None) for message in await messages(client, tenant)]


async def counted(client: ClientSession, tenant: Tenant) -> dict[str, int]:
    """Return the sums of the ledger, whose rows add up; those with ignored items say why."""
    sums = dict.fromkeys(("received", "stored", "duplicate", "ignored", "quarantined"), 0)
    for webhook in await webhooks(client, tenant):
        counts = webhook["counts"]
        assert counts["received"] == sum(counts.values()) - counts["received"]
        detail = await get(client, tenant, f"/api/v1/webhooks/{webhook['id']}")
        assert [item["reason"] for item in detail["items"]] == ["not_the_author"] * counts["ignored"]
        sums = {name: count + counts[name] for name, count in sums.items()}
    return sums


async def assert_pages_follow(client: ClientSession, tenant: Tenant) -> None:
    """A page that took every entry of the log shows what a fresh one does."""
    live = fold({"seq": 0, "conversations": [], "messages": {}}, await events(client, tenant))
    assert live == await snapshot(client, tenant)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_a_stranger_changes_nobodys_message(
    client: ClientSession, tenant: Tenant, order: tuple[int, ...]
) -> None:
    posts = [
        wa(tenant, text("wamid.1", "Mine", AUTHOR, DAY)),
        wa(tenant, edit("wamid.e", "wamid.1", "Forged", DAY + 5, STRANGER)),
        wa(tenant, revoke("wamid.r", "wamid.1", DAY + 6, STRANGER)),
    ]
    await play(client, *(posts[place] for place in order))
    assert await texts(client, tenant) == [("Mine", False)]
    assert await counted(client, tenant) == {
        "received": 3, "stored": 1, "duplicate": 0, "ignored": 2, "quarantined": 0,
    }  # fmt: skip
    assert "message.updated" not in {event["type"] for event in await events(client, tenant)}
    await assert_pages_follow(client, tenant)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_customers_and_the_business_change_their_own_side_only(
    client: ClientSession, tenant: Tenant, order: tuple[int, ...]
) -> None:
    posts = [
        ours(tenant, {**text("wamid.1", "Ours", at=DAY)}),
        wa(tenant, revoke("wamid.r", "wamid.1", DAY + 6, AUTHOR)),
        ours(tenant, edit("wamid.e", "wamid.1", "Ours, edited", DAY + 5)),
    ]
    await play(client, *(posts[place] for place in order))
    assert await texts(client, tenant) == [("Ours, edited", False)]
    assert (await counted(client, tenant))["ignored"] == 1
    await assert_pages_follow(client, tenant)


async def test_the_business_does_not_change_what_a_customer_wrote(client: ClientSession, tenant: Tenant) -> None:
    await play(client, wa(tenant, text("wamid.1", "Mine", AUTHOR, DAY)))
    await play(client, ours(tenant, edit("wamid.e", "wamid.1", "Forged", DAY + 5)))
    assert await texts(client, tenant) == [("Mine", False)]
    assert (await counted(client, tenant))["ignored"] == 1


async def test_repeats_and_whole_posts_add_up(client: ClientSession, tenant: Tenant) -> None:
    both = wa(
        tenant,
        text("wamid.1", "Mine", AUTHOR, DAY),
        edit("wamid.e", "wamid.1", "Forged", DAY + 5, STRANGER),
        edit("wamid.f", "wamid.1", "Right", DAY + 6, AUTHOR),
    )
    await play(client, both, both)
    assert await texts(client, tenant) == [("Right", False)]
    second, first = [webhook["counts"] for webhook in await webhooks(client, tenant)]
    assert first == {"received": 3, "stored": 2, "duplicate": 0, "ignored": 1, "quarantined": 0}
    assert second == {"received": 3, "stored": 0, "duplicate": 2, "ignored": 1, "quarantined": 0}


async def test_a_replay_of_what_waited_and_was_ignored_adds_up(client: ClientSession, tenant: Tenant) -> None:
    await play(client, wa(tenant, edit("wamid.e", "wamid.1", "Forged", DAY + 5, STRANGER)))
    await play(client, wa(tenant, text("wamid.1", "Mine", AUTHOR, DAY)))
    before = await counted(client, tenant)
    for webhook in await webhooks(client, tenant):
        async with client.post(f"/api/v1/webhooks/{webhook['id']}/replay", headers=tenant.auth) as answer:
            assert answer.status < 300
    assert await counted(client, tenant) == before
    assert before["ignored"] == 1


async def test_parts_of_a_post_too_large_for_one_call_add_up(client: ClientSession, tenant: Tenant) -> None:
    forged = [edit(f"wamid.e{number}", "wamid.1", "Forged", DAY + 5, STRANGER) for number in range(600)]
    await play(client, wa(tenant, text("wamid.1", "Mine", AUTHOR, DAY)))
    await play(client, wa(tenant, *forged))
    webhook = (await webhooks(client, tenant))[0]
    assert webhook["counts"] == {"received": 600, "stored": 0, "duplicate": 0, "ignored": 600, "quarantined": 0}
    assert webhook["state"] == "ignored"


@pytest.mark.parametrize(
    ("wrote", "edits", "link"),
    [
        ({"from": AUTHOR}, {"from": NEW_NUMBER}, moved(AUTHOR, NEW_NUMBER)),
        ({"from": AUTHOR}, {"from": USER_ID}, {**text("wamid.2", "Both", AUTHOR, DAY + 2), "from_user_id": USER_ID}),
        ({"from": "5215512345678"}, {"from": "525512345678"}, text("wamid.3", "Other", STRANGER, DAY + 2)),
    ],
    ids=["a changed number", "a user id", "another spelling"],
)
async def test_every_address_of_a_customer_is_the_authors_in_any_order(
    client: ClientSession, make_tenant: MakeTenant, wrote: dict[str, Any], edits: dict[str, Any], link: dict[str, Any]
) -> None:
    expected = None
    for number, order in enumerate(itertools.permutations(range(3))):
        tenant = await make_tenant(f"order-{number}")
        posts = [
            wa(tenant, text("wamid.1", "Helo", at=DAY) | wrote),
            wa(tenant, edit("wamid.e", "wamid.1", "Hello", DAY + 5) | edits),
            wa(tenant, link),
        ]
        await play(client, *(posts[place] for place in order))
        assert ("Hello", False) in await texts(client, tenant), order
        sums = await counted(client, tenant)
        expected = expected or sums
        assert (sums, sums["ignored"]) == (expected, 0), order
        await assert_pages_follow(client, tenant)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_edits_ahead_of_our_clock_are_ordered_by_the_providers(
    client: ClientSession, tenant: Tenant, order: tuple[int, ...]
) -> None:
    ahead = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    posts = [
        wa(tenant, text("wamid.1", "Helo", at=DAY)),
        wa(tenant, edit("wamid.e4", "wamid.1", "Hello", ahead + 4)),
        wa(tenant, edit("wamid.a5", "wamid.1", "Hello!", ahead + 5)),
    ]
    await play(client, *(posts[place] for place in order))
    [message] = await messages(client, tenant)
    assert message["text"] == "Hello!"
    assert datetime.fromisoformat(message["edited_at"]) <= datetime.now(UTC)
