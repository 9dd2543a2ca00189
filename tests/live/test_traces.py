"""Live equals reloaded: folding the log into an old snapshot gives the fresh one.

Each scenario is posted to a running gateway, recorded, and held against the trace in ``tests/traces``, which the
page's own tests replay. ``RECORD_TRACES=1`` writes the traces anew; look at the difference before you commit it.
"""

import json
import os
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.conftest import Tenant
from tests.described import event_faults, event_types
from tests.files.samples import png
from tests.ingest.posts import (
    echoes,
    edit,
    postmark,
    postmark_raw,
    preferences,
    revoke,
    status,
    text,
    twilio,
    whatsapp,
    whatsapp_raw,
)
from tests.ingest.reading import get, messages, until
from tests.live.fold import fold
from tests.live.recording import TRACES, normal, record, snapshot

Step = Callable[[ClientSession, Tenant], Awaitable[None]]
DAY = 1767225600  # 2026-01-01
NEXT_MONTH = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="milliseconds")


def wa(*sent: dict[str, object], news: tuple[dict[str, object], ...] = ()) -> Step:
    """Post WhatsApp messages and statuses, all in one webhook."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        assert await whatsapp(tenant.integration("whatsapp_cloud"), list(sent), list(news)).send(client) == 200

    return step


def echo(external_id: str, body: str, at: int, to: str = "12025550142") -> Step:
    """Post what the business wrote in the phone's app."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        hook = tenant.integration("whatsapp_cloud")
        item = {**text(external_id, body, sender="12025550100", at=at), "to": to}
        assert await whatsapp(hook, changes=[echoes(hook["channels"][0]["address"], item)]).send(client) == 200

    return step


def prefers(word: str, at: int) -> Step:
    """Post that the customer stops or resumes marketing messages."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        hook = tenant.integration("whatsapp_cloud")
        told = preferences(hook["channels"][0]["address"], ("12025550142", word, at))
        assert await whatsapp(hook, changes=[told]).send(client) == 200

    return step


async def alarm(client: ClientSession, tenant: Tenant) -> None:
    """Post that the provider restricts the account."""
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED"}]}
    entry = {"id": "200000000000001", "time": DAY, "changes": [{"field": "account_update", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    assert await whatsapp_raw(tenant.integration("whatsapp_cloud"), body).send(client) == 200


def sms(**fields: str) -> Step:
    """Post an SMS."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        assert await twilio(tenant.integration("twilio"), **fields).send(client) == 200

    return step


def mail(count: int, **fields: object) -> Step:
    """Post a mail, and wait until it is the ``count``-th message: mails are parsed after the answer."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        post = postmark(tenant.integration("postmark"), **fields)  # type: ignore[arg-type] # passed on as given
        assert await post.send(client) == 200
        await until(lambda: messages(client, tenant), lambda found: len(found) == count)

    return step


async def mail_with_files(client: ClientSession, tenant: Tenant) -> None:
    """Post a mail with a picture, and wait until it is fetched. Of two, either may be there first."""
    hook = tenant.integration("postmark")
    letter = json.loads(postmark(hook, message_id="m7@mail.example.org").body)
    content = png(40, 30)
    picture = {"Name": "chair.png", "ContentType": "image/png", "ContentLength": len(content)}
    letter["Attachments"] = [{**picture, "Content": b64encode(content).decode()}]
    assert await postmark_raw(hook, json.dumps(letter).encode()).send(client) == 200

    def stored(found: list[Any]) -> bool:
        files = [file for message in found for file in message["attachments"]]
        return len(files) == 1 and all(file["state"] == "stored" for file in files)

    await until(lambda: messages(client, tenant), stored)


async def mark_read(client: ClientSession, tenant: Tenant) -> None:
    """Read the first conversation of the list."""
    newest = (await get(client, tenant, "/api/v1/conversations"))["data"][0]["id"]
    async with client.post(f"/api/v1/conversations/{newest}/read", headers=tenant.auth) as answer:
        assert answer.status == 200


async def first(client: ClientSession, tenant: Tenant) -> str:
    """Return the path of the conversation whose message is the latest."""
    found = (await get(client, tenant, "/api/v1/conversations"))["data"]
    return f"/api/v1/conversations/{found[0]['id']}"


def change(**body: object) -> Step:
    """Change the first conversation of the list."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        async with client.patch(await first(client, tenant), headers=tenant.auth, json=body) as answer:
            assert answer.status == 200, await answer.text()

    return step


def note(text: str) -> Step:
    """Put a private note into the first conversation of the list."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        path = await first(client, tenant) + "/notes"
        async with client.post(path, headers=tenant.auth, json={"text": text}) as answer:
            assert answer.status == 201, await answer.text()

    return step


def last_note(method: str, **body: object) -> Step:
    """Change or remove the latest private note."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        key = next(one["id"] for one in await messages(client, tenant) if one["kind"] == "note")
        path = f"/api/v1/notes/{key}"
        async with client.request(method, path, headers=tenant.auth, json=body or None) as answer:
            assert answer.status in {200, 204}, await answer.text()

    return step


async def labelled(client: ClientSession, tenant: Tenant) -> None:
    """Make a label, and put it on the first conversation of the list."""
    body = {"name": "Urgent", "color": "red"}
    async with client.post("/api/v1/labels", headers=tenant.auth, json=body) as answer:
        assert answer.status == 201, await answer.text()
        label = (await answer.json())["id"]
    await change(label_ids=[label])(client, tenant)


def lines(count: int) -> Step:
    """Wait until so many lines tell what was done: some are written after what they tell of."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        def all_there(found: list[dict[str, Any]]) -> bool:
            return [one["kind"] for one in found].count("activity") == count

        await until(lambda: messages(client, tenant), all_there)

    return step


async def of_number(client: ClientSession, tenant: Tenant, number: str) -> str:
    """Return the path of the customer who has a number."""
    found = (await get(client, tenant, "/api/v1/customers"))["data"]
    key = next(one["id"] for one in found if {"kind": "whatsapp", "value": number} in one["identities"])
    return f"/api/v1/customers/{key}"


def merge(kept: str, other: str) -> Step:
    """Make one customer of two."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        key = (await of_number(client, tenant, other)).rpartition("/")[2]
        path = await of_number(client, tenant, kept) + "/merge"
        async with client.post(path, headers=tenant.auth, json={"other": key}) as answer:
            assert answer.status == 200, await answer.text()

    return step


async def undo_merge(client: ClientSession, tenant: Tenant) -> None:
    """Undo the only merge."""
    path = await of_number(client, tenant, "+12025550142")
    items = (await get(client, tenant, f"{path}/timeline"))["data"]
    key = next(item["merge"]["id"] for item in items if item["type"] == "merge")
    async with client.post(f"/api/v1/merges/{key}/undo", headers=tenant.auth) as answer:
        assert answer.status == 200, await answer.text()


async def rename(client: ClientSession, tenant: Tenant) -> None:
    """Change a customer's name, and take their only address off."""
    path = await of_number(client, tenant, "+12025550155")
    async with client.patch(path, headers=tenant.auth, json={"name": "Robin"}) as answer:
        assert answer.status == 200, await answer.text()
    address = {"kind": "whatsapp", "value": "+12025550155"}
    async with client.delete(f"{path}/identities", headers=tenant.auth, params=address) as answer:
        assert answer.status == 200, await answer.text()


def made(path: str, **body: object) -> Step:
    """Make something of the workspace."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        await post(client, tenant, path, body)

    return step


async def post(client: ClientSession, tenant: Tenant, path: str, body: object) -> Any:
    """Post to the API; returns what was made."""
    async with client.post(f"/api/v1/{path}", headers=tenant.auth, json=body) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


async def joined(client: ClientSession, tenant: Tenant) -> None:
    """Let somebody join."""
    invited = await post(client, tenant, "invitations", {"email": "kim@example.org", "role": "operator"})
    body = {"token": invited["link"].partition("#")[2], "name": "Kim", "password": "a quiet harbour"}
    async with client.post("/api/v1/join", json=body) as answer:
        assert answer.status == 200, await answer.text()


async def new_channel(client: ClientSession, tenant: Tenant) -> None:
    """Add an address to a connection, and name it anew."""
    path = f"connections/{tenant.integration('whatsapp_cloud')['id']}/channels"
    found = await post(client, tenant, path, {"kind": "whatsapp", "address": "106540352242999", "name": "Sales"})
    path = f"/api/v1/channels/{found['id']}"
    async with client.patch(path, headers=tenant.auth, json={"name": "Sales and service"}) as answer:
        assert answer.status == 200, await answer.text()


async def noted(client: ClientSession, tenant: Tenant) -> None:
    """Note something of a customer."""
    path = await of_number(client, tenant, "+12025550142")
    await post(client, tenant, path.removeprefix("/api/v1/") + "/notes", {"text": "Wears hats"})


HELLO = wa(text("wamid.1", "Hello", at=DAY + 60))
UNNUMBERED = {key: value for key, value in text("wamid.4", at=DAY + 30).items() if key != "from"}
SCENARIOS: dict[str, tuple[str, list[Step], list[Step]]] = {
    "recorded_first_message": ("A first WhatsApp message", [], [HELLO]),
    "recorded_late_message": (
        "A message that is older than the newest",
        [HELLO],
        [wa(text("wamid.2", "Sent before", at=DAY)), wa(text("wamid.3", "Sent after", at=DAY + 90))],
    ),
    "recorded_one_post": (
        "Two customers and a doubled message in one post",
        [],
        [
            wa(
                text("wamid.1", "One", at=DAY),
                text("wamid.2", "Two", sender="12025550155", at=DAY + 1),
                text("wamid.1", "One", at=DAY),
                text("wamid.3", "Three", at=DAY + 2),
            )
        ],
    ),
    "recorded_statuses": (
        "Statuses out of order, of the last message and of an earlier one, and a repeated one",
        [HELLO, wa(text("wamid.2", "Again", at=DAY + 61))],
        [
            wa(news=(status("wamid.2", "read", DAY + 80), status("wamid.1", "delivered", DAY + 70))),
            wa(news=(status("wamid.2", "delivered", DAY + 75),)),
            wa(news=(status("wamid.2", "delivered", DAY + 75),)),
        ],
    ),
    "recorded_early_status": (
        "A status that comes before its message",
        [HELLO],
        [wa(news=(status("wamid.9", "delivered", DAY + 99),)), wa(text("wamid.9", "There", at=DAY + 98))],
    ),
    "recorded_read": (
        "A conversation that is read, and grows again",
        [HELLO],
        [mark_read, wa(text("wamid.2", at=DAY + 99))],
    ),
    "recorded_channels": (
        "One customer on two channels, and a mail",
        [HELLO],
        [
            sms(From="+12025550142", MessageSid="SM" + "0" * 32, Body="By SMS"),
            mail(3, message_id="m1@mail.example.org"),
            mail(4, message_id="m2@mail.example.org", headers=[("In-Reply-To", "<m1@mail.example.org>")]),
        ],
    ),
    "recorded_early_reply": (
        "A reply that comes before what it answers",
        [HELLO],
        [
            wa({**text("wamid.8", "Yes", at=DAY + 80), "context": {"id": "wamid.7", "from": "12025550100"}}),
            wa(text("wamid.7", "Are you open?", at=DAY + 70)),
        ],
    ),
    "recorded_number": (
        "A customer whose number is told later",
        [wa({**UNNUMBERED, "from_user_id": "US.13491208655302741918"})],
        [wa({**text("wamid.5", at=DAY + 90), "from_user_id": "US.13491208655302741918"})],
    ),
    "recorded_edits": (
        "Edits out of order, of the last message and of an earlier one, and one that comes before its message",
        [HELLO, wa(text("wamid.2", "Agian", at=DAY + 61))],
        [
            wa(edit("wamid.e2", "wamid.2", "Again, please", DAY + 80)),
            wa(edit("wamid.e1", "wamid.2", "Again", DAY + 70)),
            wa(edit("wamid.e3", "wamid.1", "Hello there", DAY + 90)),
            wa(edit("wamid.e4", "wamid.3", "Thanks", DAY + 110)),
            wa(text("wamid.3", "Tahnks", at=DAY + 100)),
        ],
    ),
    "recorded_revokes": (
        "A last message that is taken back, an edit that comes too late, and a revoke that comes too early",
        [HELLO, wa(text("wamid.2", "Oops", at=DAY + 61))],
        [
            wa(revoke("wamid.r2", "wamid.2", DAY + 70)),
            wa(edit("wamid.e2", "wamid.2", "Whoops", DAY + 80)),
            wa(revoke("wamid.r3", "wamid.3", DAY + 110)),
            wa(text("wamid.3", "Nothing", at=DAY + 100)),
        ],
    ),
    "recorded_echoes": (
        "What the business writes in the phone's app, to a known customer and to a new one",
        [HELLO],
        [
            wa(news=(status("wamid.2", "delivered", DAY + 99),)),
            echo("wamid.2", "We are open", DAY + 98),
            echo("wamid.3", "Good morning", DAY + 97, to="12025550155"),
            wa(news=(status("wamid.3", "read", DAY + 120),)),
        ],
    ),
    "recorded_opt_outs": (
        "A customer who wants no marketing messages, and wants them again",
        [HELLO],
        [prefers("stop", DAY + 70), prefers("resume", DAY + 80)],
    ),
    "recorded_files": ("A mail whose files are fetched after it", [HELLO], [mail_with_files]),
    "recorded_alarm": ("A provider's alarm between two messages", [HELLO], [alarm, wa(text("wamid.2", at=DAY + 99))]),
    "recorded_notes": (
        "Private notes, one written anew and one taken back",
        [HELLO, note("Pays late")],
        [
            note("Call her"),
            last_note("PATCH", text="Call her on Monday"),
            wa(text("wamid.2", at=DAY + 99)),
            last_note("DELETE"),
        ],
    ),
    "recorded_work": (
        "A conversation that agents work on, and that its customer opens again",
        [HELLO, wa(text("wamid.5", "Hi", sender="12025550155", at=DAY + 50))],
        [
            change(status="resolved", priority="high", subject="Hats"),
            labelled,
            wa(text("wamid.2", at=DAY + 99)),
            lines(5),
            change(status="snoozed", snoozed_until=NEXT_MONTH, label_ids=[]),
        ],
    ),
    "recorded_workspace": (
        "What is everybody's is made and changed: none of it is a conversation",
        [HELLO],
        [
            made("teams", name="Sales"),
            made("canned-replies", shortcut="thanks", name="Thanks", text="Thank you!", shared=True),
            made("views", name="Late", filters={"status": ["open"]}, shared=True),
            made("custom-fields", key="size", name="Size", type="text"),
            joined,
            new_channel,
            noted,
        ],
    ),
    "recorded_merge": (
        "Two customers who become one, write on, are two again, and one of whom loses name and number",
        [HELLO, wa(text("wamid.5", "Hi", sender="12025550155", at=DAY + 50))],
        [
            merge("+12025550142", "+12025550155"),
            wa(text("wamid.6", "Me again", sender="12025550155", at=DAY + 99)),
            wa(text("wamid.7", "Me too", at=DAY + 100)),
            undo_merge,
            rename,
        ],
    ),
    "recorded_name": (
        "A customer whose name is told later, in another conversation",
        [sms(From="+12025550142", MessageSid="SM" + "1" * 32, Body="Nameless")],
        [HELLO],
    ),
}


@pytest.mark.parametrize(("file", "scenario"), SCENARIOS.items(), ids=SCENARIOS)
async def test_folding_what_happened_gives_what_is_there(
    client: ClientSession, tenant: Tenant, file: str, scenario: tuple[str, list[Step], list[Step]]
) -> None:
    trace = await play(client, tenant, *scenario)
    assert [fault for event in trace["events"] for fault in event_faults(event)] == []
    before = trace["before"]
    for again in range(len(trace["events"]) + 1):
        assert fold(fold(before, trace["events"][:again]), trace["events"]) == trace["after"]
    kept = TRACES / f"{file}.json"
    if os.environ.get("RECORD_TRACES"):
        kept.write_text(json.dumps(normal(trace, tenant), ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert normal(trace, tenant) == json.loads(kept.read_text("utf-8"))


def test_every_type_of_event_is_in_a_trace() -> None:
    traces = [json.loads((TRACES / f"{file}.json").read_text("utf-8")) for file in SCENARIOS]
    assert {event["type"] for trace in traces for event in trace["events"]} == event_types()


async def play(client: ClientSession, tenant: Tenant, name: str, already: list[Step], then: list[Step]) -> Any:
    """Post what is there already, look, post the rest, and record what happened."""
    for step in already:
        await step(client, tenant)
    before = await snapshot(client, tenant)
    for step in then:
        await step(client, tenant)
    return await record(client, tenant, name, before)


@pytest.mark.parametrize("file", sorted(TRACES.glob("*.json")), ids=lambda path: path.stem)
def test_every_kept_trace_folds(file: Path) -> None:
    trace = json.loads(file.read_text("utf-8"))
    assert fold(trace["before"], trace["events"]) == trace["after"]
