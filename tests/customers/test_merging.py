"""Merging customers and undoing it: nothing is lost, nothing is left over, in whatever order."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.problems import NotFound, WrongState
from gateway.store.sending import ADD_SEND
from tests.conftest import new_id
from tests.customers.people import ADD_MESSAGE, World

PROVIDERS = ["twilio", "whatsapp_cloud", "postmark"]

texts = st.one_of(st.none(), st.sampled_from(["Jane Doe", "J. Doe", "Doe Ltd"]))
people = st.lists(
    st.fixed_dictionaries(
        {
            "name": texts,
            "business_name": texts,
            "code": st.booleans(),
            "status": st.sampled_from(["active", "blocked"]),
            "fields": st.dictionaries(st.sampled_from(["tier", "city"]), st.sampled_from(["a", "b"])),
            "numbers": st.integers(1, 2),
            "labels": st.sets(st.sampled_from(["vip", "late"])),
            "notes": st.integers(0, 2),
            "heard": st.lists(st.sampled_from(PROVIDERS), max_size=3),
        }
    ),
    min_size=2,
    max_size=4,
)


async def populate(world: World, cards: list[dict[str, Any]]) -> list[Any]:
    """Add customers as hypothesis describes them."""
    made = []
    for place, card in enumerate(cards):
        numbers = [("phone", f"+1202555{place}{number:03}") for number in range(card["numbers"])]
        described = {
            "name": card["name"], "business_name": card["business_name"], "status": card["status"],
            "customer_code": f"C{place}" if card["code"] else None, "custom_fields": card["fields"],
        }  # fmt: skip
        key = await world.customer(described, [*numbers, ("email", f"p{place}@example.org")])
        for name in sorted(card["labels"]):
            await world.label(key, name)
        for number in range(card["notes"]):
            await world.note(key, f"Note {number}")
        for provider in card["heard"]:
            await world.hear(provider, f"p{place}@example.org" if provider == "postmark" else numbers[0][1])
        made.append(key)
    return made


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cards=people, data=st.data())
async def test_merges_that_are_undone_in_any_order_leave_everything_as_it_was(
    world: World, cards: list[dict[str, Any]], data: st.DataObject
) -> None:
    await world.clear()
    made = await populate(world, cards)
    before = await world.picture()
    kept = data.draw(st.sampled_from(made), label="kept")
    others = data.draw(st.permutations([key for key in made if key != kept]), label="others")
    merges = [await world.merge(kept, other) for other in others]
    assert await world.picture() != before
    for merge in data.draw(st.permutations(merges), label="undone"):
        await world.undo(merge)
    assert await world.picture() == before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cards=people, data=st.data())
async def test_what_came_since_goes_with_its_address(
    world: World, cards: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Undone merges leave what would be there if nobody had ever been merged."""
    later = data.draw(
        st.lists(st.tuples(st.integers(0, len(cards) - 1), st.sampled_from(PROVIDERS[:2])), max_size=6), label="later"
    )
    merged_at, undone_at = sorted(
        (data.draw(st.integers(0, len(later)), label="merged"), data.draw(st.integers(0, len(later)), label="undone"))
    )
    await world.clear()
    made = await populate(world, cards)
    merges = []
    for place, (who, provider) in enumerate([*later, (0, "")]):
        if place == merged_at:
            merges = [await world.merge(made[0], other) for other in made[1:]]
        if place == undone_at:
            for merge in data.draw(st.permutations(merges), label="order"):
                await world.undo(merge)
        if provider:
            await world.hear(provider, f"+1202555{who}000", early=False)
    strangers = await world.admin.fetch(
        "SELECT m.sender_address, k.id FROM messages m"
        " JOIN conversations c ON c.id = m.conversation_id JOIN customers k ON k.id = c.customer_id"
        " WHERE NOT EXISTS (SELECT FROM customer_identities i"
        " WHERE i.customer_id = k.id AND i.value = m.sender_address)"
    )
    assert strangers == []
    unread = await world.admin.fetch(
        "SELECT c.id FROM conversations c WHERE unread_count <> (SELECT count(*) FROM messages m"
        " WHERE m.conversation_id = c.id AND m.direction = 'inbound') OR last_message_at <> coalesce((SELECT"
        " max(occurred_at) FROM messages m WHERE m.conversation_id = c.id), last_message_at)"
    )
    assert unread == []
    assert await world.admin.fetchval("SELECT count(*) FROM conversations WHERE threading = 'merged'") == 0
    assert await world.admin.fetchval("SELECT count(*) FROM customers WHERE status = 'merged'") == 0


async def test_where_both_have_a_conversation_both_stay_and_news_go_to_the_kept_ones(world: World) -> None:
    jane = await world.customer({"name": "Jane"}, [("phone", "+12025550101")])
    john = await world.customer({"name": "John"}, [("phone", "+12025550102")])
    hers = await world.hear("twilio", "+12025550101")
    his = await world.hear("twilio", "+12025550102")
    merge = await world.merge(jane, john)
    assert await world.hear("twilio", "+12025550102", early=False) == hers
    threading = {
        row["id"]: row["threading"] for row in await world.admin.fetch("SELECT id, threading FROM conversations")
    }
    assert threading == {hers: "customer", his: "merged"}
    await world.undo(merge)
    assert await world.hear("twilio", "+12025550102", early=False) == his
    assert await world.admin.fetchval("SELECT count(*) FROM messages WHERE conversation_id = $1", his) == 3
    assert await world.admin.fetchval("SELECT count(*) FROM messages WHERE conversation_id = $1", hers) == 1


async def test_what_was_sent_to_the_other_one_meanwhile_is_told_of_where_it_goes(world: World) -> None:
    jane = await world.customer({"name": "Jane"}, [("phone", "+12025550101")])
    john = await world.customer({"name": "John"}, [("phone", "+12025550102")])
    hers = await world.hear("twilio", "+12025550101")
    merge = await world.merge(jane, john)
    sent, channel, now = new_id(), world.channel("twilio"), datetime.now(UTC)
    message = (sent, hers, channel, "outbound", "sms", "us", ["+12025550102"], now, now)
    await world.admin.execute(ADD_MESSAGE, world.tenant.id, *message)
    await world.admin.execute(ADD_SEND, world.tenant.id, sent, hers, channel, "a name", "{}")
    await world.undo(merge)
    places = "SELECT m.conversation_id, s.conversation_id FROM messages m JOIN sends s ON s.message_id = m.id"
    ((of_message, of_send),) = await world.admin.fetch(places)
    assert of_message not in {hers, None}
    assert of_send == of_message


async def test_the_kept_one_takes_what_it_lacks_and_gives_back_what_nobody_changed(world: World) -> None:
    jane = await world.customer({"name": None, "custom_fields": {"tier": "gold"}})
    twin = await world.customer(
        {"name": "Jane", "customer_code": "C1", "custom_fields": {"tier": "tin", "city": "Ulm"}}
    )
    merge = await world.merge(jane, twin)
    card = await world.admin.fetchrow("SELECT name, customer_code, custom_fields FROM customers WHERE id = $1", jane)
    assert tuple(card) == ("Jane", "C1", '{"city": "Ulm", "tier": "gold"}')
    await world.admin.execute("UPDATE customers SET name = 'Jane Doe' WHERE id = $1", jane)
    await world.undo(merge)
    card = await world.admin.fetchrow("SELECT name, customer_code, custom_fields FROM customers WHERE id = $1", jane)
    assert tuple(card) == ("Jane Doe", None, '{"tier": "gold"}')
    assert await world.admin.fetchval("SELECT customer_code FROM customers WHERE id = $1", twin) == "C1"


async def test_a_code_that_somebody_else_got_meanwhile_stays_theirs(world: World) -> None:
    jane, twin = await world.customer({"customer_code": "C0"}), await world.customer({"customer_code": "C1"})
    merge = await world.merge(jane, twin)
    await world.customer({"customer_code": "C1"})
    await world.undo(merge)
    assert await world.admin.fetchval("SELECT customer_code FROM customers WHERE id = $1", twin) is None


async def test_an_address_that_was_removed_meanwhile_does_not_come_back(world: World) -> None:
    jane = await world.customer({}, [("phone", "+12025550101")])
    twin = await world.customer({}, [("phone", "+12025550102"), ("email", "t@example.org")])
    merge = await world.merge(jane, twin)
    await world.admin.execute("DELETE FROM customer_identities WHERE value = 't@example.org'")
    await world.undo(merge)
    assert await world.owner("+12025550102") == twin
    assert await world.owner("t@example.org") is None


async def test_merges_that_make_no_sense_are_refused(world: World) -> None:
    a, b, c = [await world.customer({"name": name}) for name in "abc"]
    first = await world.merge(a, b)
    for kept, other in [(a, b), (b, c), (c, b)]:
        with pytest.raises(WrongState):
            await world.merge(kept, other)
    with pytest.raises(NotFound):
        await world.merge(a, new_id())
    second = await world.merge(c, a)
    with pytest.raises(WrongState):
        await world.undo(first)
    await world.undo(second)
    await world.undo(first)
    with pytest.raises(WrongState):
        await world.undo(first)
    with pytest.raises(NotFound):
        await world.undo(new_id())


async def test_of_merges_at_the_same_time_one_counts(world: World) -> None:
    a, b = await world.customer({"name": "a"}), await world.customer({"name": "b"})
    done = await asyncio.gather(*[world.merge(*pair) for pair in [(a, b), (b, a)] * 3], return_exceptions=True)
    assert len([one for one in done if not isinstance(one, Exception)]) == 1
    assert all(isinstance(one, WrongState) for one in done if isinstance(one, Exception))
    assert await world.admin.fetchval("SELECT count(*) FROM customers WHERE merged_into IS NULL") == 1


async def test_a_deleted_customer_gives_nothing_back(world: World) -> None:
    a, b = await world.customer({"name": "a"}), await world.customer({"name": "b"})
    merge = await world.merge(a, b)
    await world.admin.execute("UPDATE customers SET deleted_at = now() WHERE id = $1", a)
    with pytest.raises(WrongState):
        await world.undo(merge)
