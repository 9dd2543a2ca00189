"""The normal form: one vocabulary for all kinds, and no bytes of files in it."""

from datetime import UTC, datetime

import orjson
import pytest

from channels.events import Identity, InboundMessage, Mailbox, Media, Other, Quarantined, StatusUpdate
from channels.normal_form import normal_form, quarantined_form
from tests.channels.fixtures import PROVIDERS, recorded

MOMENT = datetime(2026, 1, 1, 12, 0, 0, 907_999, tzinfo=UTC)
COMMON = {"kind", "provider", "channel", "account", "external_id", "occurred_at", "extra"}
KEYS = {
    "message": COMMON | {"subtype", "from", "to", "text", "attachments", "in_reply_to", "error"},
    "status": COMMON | {"message_ref", "recipient", "status", "error"},
    "other": COMMON | {"subtype", "from", "to", "text", "in_reply_to", "message_ref", "error"},
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_kind_has_its_own_keys_and_no_others(provider: str) -> None:
    for case in recorded(provider):
        for event in case.parse():
            assert not isinstance(event, Quarantined)
            form = normal_form(event)
            assert set(form) == KEYS[form["kind"]]
            assert orjson.loads(orjson.dumps(form)) == form


def test_a_mail_has_its_own_keys_beside_the_common_ones_and_none_of_its_bytes() -> None:
    file = Media(
        type="file", mime_type="text/plain", filename="a.txt", size=5, sha256="aa", content=b"bytes", inline=False
    )
    mail = InboundMessage(
        provider="smtp", channel="email", account="support@acme.test", address="support@acme.test", external_id="1",
        occurred_at=MOMENT, subtype="text", sender=Mailbox("jane@example.org", "Jane"), text="hi",
        recipients=(Mailbox("support@acme.test"),), identities=(Identity(kind="email", value="jane@example.org"),),
        attachments=(file,), mail={"subject": "Hello", "in_reply_to": "earlier@example.org"},
    )  # fmt: skip
    form = normal_form(mail)
    assert form["from"] == {"name": "Jane", "address": "jane@example.org"}
    assert form["to"] == [{"name": None, "address": "support@acme.test"}]
    assert form["occurred_at"] == "2026-01-01T12:00:00.907Z"
    assert (form["subject"], form["in_reply_to"]) == ("Hello", "earlier@example.org")
    assert form["attachments"] == [
        {
            "filename": "a.txt",
            "content_type": "text/plain",
            "size": 5,
            "inline": False,
            "content_id": None,
            "sha256": "aa",
        }
    ]


def test_phone_times_are_in_whole_seconds_and_an_event_without_an_id_has_none() -> None:
    news = Other(
        provider="p", channel="sms", account=None, address=None, external_id="", occurred_at=MOMENT, subtype="x"
    )
    assert normal_form(news)["occurred_at"] == "2026-01-01T12:00:00Z"
    assert normal_form(news)["external_id"] is None


def test_an_error_has_code_and_message_or_is_null() -> None:
    status = StatusUpdate(
        provider="p", channel="sms", account=None, address=None, external_id="1", occurred_at=None, status="failed",
        message_ref="0", recipient=None, error_message="No",
    )  # fmt: skip
    assert normal_form(status)["error"] == {"code": None, "message": "No"}


def test_what_is_quarantined_says_why() -> None:
    item = Quarantined(reason="messages_malformed", detail="'id' is missing", address="3")
    assert quarantined_form(item) == {"reason": "messages_malformed", "detail": "'id' is missing", "address": "3"}
