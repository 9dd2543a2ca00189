"""Live equals reloaded: folding the log into an old snapshot gives the fresh one.

Each scenario is posted to a running gateway, recorded, and held against the trace in ``tests/traces``, which the
page's own tests replay. ``RECORD_TRACES=1`` writes the traces anew; look at the difference before you commit it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.described import event_faults, event_types
from tests.ingest.posts import (
    edit,
    revoke,
    status,
    text,
)
from tests.live.fold import fold
from tests.live.recording import TRACES, normal, record, snapshot
from tests.live.steps import (
    DAY,
    NEXT_MONTH,
    Step,
    alarm,
    change,
    echo,
    erase,
    given_up,
    joined,
    labelled,
    last_note,
    lines,
    made,
    mail,
    mail_with_files,
    mark_read,
    merge,
    new_channel,
    note,
    noted,
    prefers,
    rename,
    sms,
    undo_merge,
    wa,
)

NOWHERE = "http://127.0.0.1:1/hooks"
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
    "recorded_erasure": (
        "A customer who is erased, and whose number is a new customer's afterwards",
        [HELLO, wa(text("wamid.5", "Hi", sender="12025550155", at=DAY + 50))],
        [
            wa(text("wamid.6", "My name is Dana", at=DAY + 70)),
            erase("+12025550142"),
            wa(text("wamid.7", "Hello, I am new here", at=DAY + 99)),
        ],
    ),
    "recorded_name": (
        "A customer whose name is told later, in another conversation",
        [sms(From="+12025550142", MessageSid="SM" + "1" * 32, Body="Nameless")],
        [HELLO],
    ),
    "recorded_endpoint": (
        "An endpoint where nobody listens, and an event that it does not get",
        [HELLO],
        [
            made("webhook-endpoints", url=NOWHERE, event_types=["label.*"], retry_seconds=[0]),
            given_up,
        ],
    ),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings, with receivers on this machine allowed."""
    return Settings.model_validate(settings.model_dump() | {"allow_private": "127.0.0.0/8"})


#: A key has to name this.
MAY_ERASE = "UPDATE api_keys SET scopes = '{write,customers.privacy}' WHERE tenant_id = $1"


@pytest.mark.parametrize(("file", "scenario"), SCENARIOS.items(), ids=SCENARIOS)
async def test_folding_what_happened_gives_what_is_there(
    client: ClientSession,
    tenant: Tenant,
    database: Database,
    file: str,
    scenario: tuple[str, list[Step], list[Step]],
) -> None:
    await database.fetch(MAY_ERASE, tenant.id)
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
