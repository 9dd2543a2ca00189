"""WhatsApp: what comes among messages without being one: changed people, edits, echoes, choices about marketing."""

from typing import Any

import pytest

from channels.events import Other, Quarantined
from tests.channels.whatsapp_posts import parsed, typed


@pytest.mark.parametrize(
    ("system", "subtype", "extra"),
    [
        ({"type": "customer_changed_number", "new_wa_id": "12025550199"}, "number_changed",
         {"old_address": "+12025550142", "new_address": "+12025550199"}),
        ({"type": "user_changed_user_id", "user_id": "US.2"}, "user_id_changed", {"new_user_id": "US.2"}),
        ({"type": "customer_identity_changed", "identity": {"hash": "x"}}, "identity_changed",
         {"identity": {"hash": "x"}}),
        ({"wa_id": "12025550199"}, "number_changed", {"new_address": "+12025550199"}),
        ({"type": "something_new"}, "something_new", {}),
    ],
)  # fmt: skip
def test_system_messages_are_news_not_messages(system: Any, subtype: str, extra: dict[str, Any]) -> None:
    event = typed("system", system)
    assert isinstance(event, Other)
    assert event.subtype == subtype
    assert extra.items() <= event.extra.items()


@pytest.mark.parametrize(
    ("changes", "system", "old"),
    [
        ({"from": None, "from_user_id": "US.1"}, {"user_id": "US.2"}, {"old_user_id": "US.1"}),
        ({"from": "US.1"}, {"user_id": "US.2"}, {"old_user_id": "US.1"}),
        ({}, {"user_id": "US.2", "parent_user_id": "US.ENT.2"},
         {"old_address": "+12025550142", "new_parent_user_id": "US.ENT.2"}),
    ],
)  # fmt: skip
def test_a_changed_user_id_comes_with_the_old_one_where_it_is_told(changes: Any, system: Any, old: Any) -> None:
    event = typed("system", {"type": "user_changed_user_id", **system}, **changes)
    assert event.extra["new_user_id"] == "US.2"
    kept = {"old_user_id", "old_address", "new_parent_user_id"}
    assert {key: value for key, value in event.extra.items() if key in kept} == old


@pytest.mark.parametrize(
    ("items", "totals"),
    [
        ([(0.1, 3, "USD"), (0.2, 1, "USD")], {"USD": "0.5"}),
        ([(5, 2, "EUR"), ("1.10", "1", "USD")], {"EUR": "10", "USD": "1.10"}),
        ([(1, 1, "USD"), (None, 1, "USD")], None),
        ([(1, 1, None)], None),
        ([(1e300, 1, "USD")], None),
        ([(True, 1, "USD")], None),
        ([], None),
    ],
)
def test_an_order_is_added_up_to_the_cent_or_not_at_all(items: Any, totals: Any) -> None:
    products = [{"item_price": price, "quantity": count, "currency": currency} for price, count, currency in items]
    event = typed("order", {"catalog_id": "c", "product_items": products})
    assert event.extra["order"].get("totals") == totals
    assert event.extra["order"]["items"] == products


def test_an_edit_and_a_revocation_name_the_message_that_they_change() -> None:
    edit = typed("edit", {"original_message_id": "wamid.0", "message": {"type": "image", "image": {"caption": "new"}}})
    assert edit.extra["edited_type"] == "image"
    assert edit.extra["content"]["text"] == "new"
    assert [(file["type"], file["id"]) for file in edit.extra["content"]["attachments"]] == [("image", None)]
    revoke = typed("revoke", {"original_message_id": "wamid.0"})
    assert (edit.message_ref, edit.in_reply_to, edit.text) == ("wamid.0", "wamid.0", "new")
    assert (revoke.message_ref, revoke.subtype) == ("wamid.0", "revoke")


def test_the_phone_apps_own_messages_are_echoes_and_never_inbound() -> None:
    echo = {"from": "13125550188", "to": "12025550142", "id": "wamid.E", "timestamp": "1767225600", "type": "text",
            "text": {"body": "from my phone"}}  # fmt: skip
    (event,) = parsed({"message_echoes": [echo]}, "smb_message_echoes")
    assert isinstance(event, Other)
    assert (event.subtype, event.sender, event.recipients, event.text) == (
        "echo", "+13125550188", ("+12025550142",), "from my phone",
    )  # fmt: skip


def echo(kind: str, content: Any, **changes: Any) -> Any:
    raw = {"from": "13125550188", "to": "12025550142", "id": "wamid.E", "type": kind, kind: content} | changes
    (event,) = parsed({"message_echoes": [raw]}, "smb_message_echoes")
    return event


def test_an_echo_has_all_that_is_needed_to_show_it() -> None:
    place = echo("location", {"latitude": 1, "longitude": 2, "name": "Shop"}, context={"id": "wamid.0"})
    assert (place.subtype, place.in_reply_to, place.extra["raw_type"]) == ("echo", "wamid.0", "location")
    assert place.extra["content"] == {
        "subtype": "location",
        "text": None,
        "attachments": [
            {"type": "location", "latitude": 1, "longitude": 2, "name": "Shop", "address": None, "url": None}
        ],
    }
    reaction = echo("reaction", {"message_id": "wamid.0", "emoji": "👍"})
    assert (reaction.text, reaction.in_reply_to) == ("👍", "wamid.0")
    assert echo("hologram", 1).extra["content"]["subtype"] == "unknown"
    assert echo("text", {"body": "x"}, group_id="Z3JvdXA").recipients == ("Z3JvdXA",)
    nameless = echo("text", {"body": "x"}, to=None, to_user_id="US.1")
    assert (nameless.recipients, nameless.extra["user_id"]) == (("US.1",), "US.1")


def test_what_the_phone_app_changes_is_a_change_of_our_own_message() -> None:
    edit = echo("edit", {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "new"}}})
    assert (edit.subtype, edit.message_ref, edit.text, edit.extra["echo"]) == ("edit", "wamid.0", "new", True)
    assert edit.extra["content"] == {"subtype": "text", "text": "new", "attachments": []}
    revoke = echo("revoke", {"original_message_id": "wamid.0"})
    assert (revoke.subtype, revoke.message_ref, revoke.extra["echo"]) == ("revoke", "wamid.0", True)


@pytest.mark.parametrize("broken", [{"text": None}, {"id": None}, {"type": "edit", "edit": {"message": {}}}])
def test_a_broken_echo_is_quarantined(broken: Any) -> None:
    assert isinstance(echo("text", {"body": "x"}, **broken), Quarantined)


@pytest.mark.parametrize(
    ("value", "category", "word"),
    [("stop", "marketing_messages", "stop"), ("resume", "marketing_messages", "start"),
     ("signup", "marketing_messages", "start"), ("pause", "marketing_messages", None), ("stop", "other", None)],
)  # fmt: skip
def test_a_choice_about_marketing_is_no_choice_about_all_messages(value: str, category: str, word: str | None) -> None:
    preference = {"wa_id": "12025550142", "category": category, "value": value, "timestamp": 1767225600}
    (event,) = parsed({"user_preferences": [preference]}, "user_preferences")
    assert event.extra.get("marketing_opt_out") == word
    assert "opt_out" not in event.extra
