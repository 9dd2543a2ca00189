"""Each imitated provider against our own adapter for it: what that builds is taken, what comes back it can read."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.events import InboundMessage, Mailbox, Media, StatusUpdate
from channels.http import Headers, HttpRequest, basic_authorization
from channels.operations import LoginTerm, Receipt
from channels.outbound import Accepted, OutboundMessage, Parameter, Reaction, Refused, Template, TemplateButton
from channels.registry import ADAPTERS
from gateway.outgoing.dialogue import drive
from gateway.simulator.accounts import Account
from gateway.simulator.files import MOST_BYTES, MOST_FILES, Files, StoredFile
from gateway.simulator.imitation import Desk, Rejected
from gateway.simulator.providers import IMITATIONS
from tests.simulator.conftest import KINDS, MAILBOX, PHONE, Stage

COURSES = {
    "whatsapp_cloud": ["sent", "delivered", "read"],
    "twilio": ["sent", "delivered"],
    "sendgrid": ["queued", "delivered", "opened"],
    "postmark": ["delivered", "opened"],
    "mailgun": ["queued", "delivered", "opened"],
}
PROVIDERS = sorted(IMITATIONS)
KEYS = (
    "messaging_product", "to", "type", "text", "body", "status", "template", "name", "language", "image", "id", "from",
    "personalizations", "email", "subject", "content", "value", "headers", "From", "To", "TextBody", "Headers",
)  # fmt: skip


def statuses(events: list[Any]) -> list[StatusUpdate]:
    """Return the status updates among events."""
    return [event for event in events if isinstance(event, StatusUpdate)]


def orjson_or_nothing(document: Any) -> bytes:
    """Return a document as JSON; nothing where a number is too large for it."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        return b""


def address(party: str | Mailbox | None) -> str:
    """Return the address of a sender or recipient."""
    return party.address if isinstance(party, Mailbox) else party or ""


def inbound(events: list[Any]) -> list[InboundMessage]:
    """Return the customers' messages among events."""
    return [event for event in events if isinstance(event, InboundMessage)]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_message_is_taken_told_of_and_answered(stage: Stage, provider: str) -> None:
    result = await stage.send(provider)
    assert isinstance(result, Accepted)
    told = await stage.hooks.until(inbound)
    assert [update.status for update in statuses(told)] == COURSES[provider]
    reference = stage.message(provider).reference
    assert {update.extra["callback_data"] for update in statuses(told)} == {reference}
    ours = {result.external_id, reference} if provider == "sendgrid" else {result.external_id}
    assert {update.message_ref for update in statuses(told)} <= ours
    [answer] = inbound(told)
    assert address(answer.sender) == (MAILBOX if KINDS[provider] == "email" else PHONE)
    assert answer.text is not None
    assert answer.text.startswith("Yes, please.")


@pytest.mark.parametrize("provider", ["sendgrid", "postmark", "mailgun"])
async def test_a_customers_mail_answers_ours(stage: Stage, provider: str) -> None:
    reply_to = "support+token@demo.postgate.test"
    await stage.send(provider, headers={"Reply-To": reply_to}, in_reply_to="first@example.org")
    [answer] = inbound(await stage.hooks.until(inbound))
    mail = answer.mail or {}
    assert answer.in_reply_to == "msg-1@demo.postgate.test"
    assert "first@example.org" in mail["references"]
    assert mail["subject"] == "Re: Chairs"
    assert reply_to in map(address, answer.recipients)
    assert mail["reply_text"].strip() == "Yes, please."


async def test_whatsapp_of_twilio_is_read_and_answered_too(stage: Stage) -> None:
    await stage.send("twilio", channel="whatsapp")
    told = await stage.hooks.until(inbound)
    assert [update.status for update in statuses(told)] == ["sent", "delivered", "read"]
    [answer] = inbound(told)
    assert (answer.channel, answer.sender_name) == ("whatsapp", "Dana Reyes")


WRONG: dict[str, dict[str, Any]] = {
    "whatsapp_cloud": {"access_token": "wrong"},
    "twilio": {"auth_token": "wrong"},
    "sendgrid": {"api_key": "wrong"},
    "postmark": {"server_token": "wrong"},
    "mailgun": {"api_key": "wrong"},
}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_wrong_secret_is_refused_in_the_providers_words(stage: Stage, provider: str) -> None:
    refused = await stage.refused(provider, stage.credentials(provider, **WRONG[provider]))
    assert "administrator" in refused.reason
    assert not refused.retryable
    assert not refused.unknown
    assert not stage.serving.simulator.taken


@pytest.mark.parametrize(
    ("provider", "code"),
    [("whatsapp_cloud", "33"), ("twilio", "21606"), ("sendgrid", "http_403"), ("postmark", "400")],
)
async def test_a_sender_that_is_not_ours_is_refused(stage: Stage, provider: str, code: str) -> None:
    sender = "stranger@example.org" if KINDS[provider] == "email" else "+12025550100"
    assert (await stage.refused(provider, sender=sender)).code == code


async def test_a_domain_that_is_not_ours_is_refused(stage: Stage) -> None:
    refused = await stage.refused("mailgun", stage.credentials("mailgun", domain="example.org"))
    assert refused.code == "http_404"


REASONS: dict[str, dict[str, tuple[str, bool, bool]]] = {
    "whatsapp_cloud": {
        "undeliverable": ("131026", False, False),
        "window": ("131047", False, False),
        "opted_out": ("131050", False, False),
        "busy": ("130429", True, False),
        "trouble": ("131000", False, True),
        "132001": ("132001", False, False),
    },
    "twilio": {
        "undeliverable": ("21211", False, False),
        "window": ("63016", False, False),
        "opted_out": ("21610", False, False),
        "busy": ("20429", True, False),
        "trouble": ("20500", False, True),
        "30007": ("30007", False, False),
    },
    "sendgrid": {
        "undeliverable": ("http_400", False, False),
        "busy": ("http_429", True, False),
        "trouble": ("http_500", False, True),
        "413": ("http_413", False, False),
    },
    "postmark": {
        "undeliverable": ("406", False, False),
        "busy": ("429", True, False),
        "trouble": ("500", False, True),
        "405": ("405", False, False),
    },
    "mailgun": {
        "undeliverable": ("http_400", False, False),
        "busy": ("http_429", True, False),
        "trouble": ("http_500", False, True),
        "402": ("http_402", False, False),
    },
}


@pytest.mark.parametrize(
    ("provider", "reason", "expected"),
    [(provider, reason, expected) for provider, reasons in REASONS.items() for reason, expected in reasons.items()],
)
async def test_each_refusal_is_the_providers_own(
    stage: Stage, provider: str, reason: str, expected: tuple[str, bool, bool]
) -> None:
    await stage.tell(provider, refuse=reason, retry_after=7)
    refused = await stage.refused(provider)
    assert (refused.code, refused.retryable, refused.unknown) == expected
    assert refused.retry_after == 7.0


@pytest.mark.parametrize(
    ("provider", "status", "code"),
    [
        ("whatsapp_cloud", "failed", "131026"),
        ("twilio", "failed", "30005"),
        ("sendgrid", "bounced", "5.1.1"),
        ("postmark", "bounced", "HardBounce"),
        ("mailgun", "bounced", "550"),
    ],
)
async def test_a_failure_can_come_later(stage: Stage, provider: str, status: str, code: str) -> None:
    await stage.tell(provider, fail="undeliverable")
    assert isinstance(await stage.send(provider), Accepted)
    told = await stage.hooks.until(lambda events: any(event.error_code for event in statuses(events)))
    assert (told[-1].status, told[-1].error_code) == (status, code)
    assert not inbound(told)


async def test_whatsapp_looks_at_what_it_is_sent(stage: Stage) -> None:
    refused = await stage.refused("whatsapp_cloud", content=Template(name="unheard_of", language="de"), text=None)
    assert refused.code == "132001"
    template = Template(name="order_update", language="en_US", body=[Parameter("Dana")])
    assert (await stage.refused("whatsapp_cloud", content=template, text=None)).code == "132000"
    picture = Media(type="image", url="https://files.example.org/door.png")
    link = TemplateButton(index=0, kind="url", value="20931")
    whole = Template(
        name="left_at_the_door", language="en_US", header=picture, body=[Parameter("Dana")], buttons=[link]
    )
    for code, template in (("132012", replace(whole, header=None)), ("131008", replace(whole, buttons=[]))):
        assert (await stage.refused("whatsapp_cloud", content=template, text=None)).code == code
    assert isinstance(await stage.send("whatsapp_cloud", content=whole, text=None), Accepted)
    template = Template(name="order_update", language="en_US", body=[Parameter("Dana"), Parameter("20931")])
    assert isinstance(await stage.send("whatsapp_cloud", content=template, text=None), Accepted)
    assert stage.serving.simulator.taken[-1].message.text == "Hello Dana, your order 20931 is on its way."
    file = Media(type="image", id="4711", mime_type="image/png")
    assert (await stage.refused("whatsapp_cloud", media=[file], text=None)).code == "131009"
    reaction = {"content": Reaction("👍"), "in_reply_to": "wamid.1", "text": None}
    assert isinstance(await stage.send("whatsapp_cloud", **reaction), Accepted)


async def test_a_file_is_uploaded_sent_and_fetched_again(stage: Stage) -> None:
    operations, credentials = ADAPTERS["whatsapp_cloud"].operations, stage.credentials("whatsapp_cloud")
    assert operations.upload is not None
    picture = Media(type="image", content=b"\x89PNG", mime_type="image/png", filename="desk.png")
    sender = stage.message("whatsapp_cloud").sender
    file_id = await drive(operations.upload(picture, sender, credentials), stage.call)
    assert isinstance(file_id, str)
    sent = await stage.send("whatsapp_cloud", media=[Media(type="image", id=file_id)], text="The desk")
    assert isinstance(sent, Accepted)
    login = Headers.of({"authorization": f"Bearer {stage.account('whatsapp_cloud').secret('access_token')}"})
    described = await stage.call(HttpRequest("GET", f"https://graph.facebook.com/v24.0/{file_id}", login))
    url = described.body.decode().partition('"url":"')[2].partition('"')[0]
    fetched = await stage.call(HttpRequest("GET", url, login))
    assert (fetched.status, fetched.body, fetched.headers.get("content-type")) == (200, b"\x89PNG", "image/png")
    assert (await stage.call(HttpRequest("GET", url))).status == 401


@pytest.mark.parametrize("provider", ["whatsapp_cloud", "twilio"])
async def test_templates_are_listed_and_can_be_sent(stage: Stage, provider: str) -> None:
    operations, credentials = ADAPTERS[provider].operations, stage.credentials(provider)
    assert operations.templates is not None
    listed = await drive(operations.templates("", credentials), stage.call)
    assert not isinstance(listed, Refused)
    approved = [one for one in listed if one.status == "approved" and one.body and "{{" not in one.body]
    template = Template(name=approved[0].name, language=approved[0].language)
    channel = "whatsapp"
    assert isinstance(await stage.send(provider, content=template, text=None, channel=channel), Accepted)


async def test_a_token_is_good_for_ever_or_until_it_says(stage: Stage) -> None:
    ask = ADAPTERS["whatsapp_cloud"].operations.login_term
    assert ask is not None
    credentials = stage.credentials("whatsapp_cloud")
    assert await drive(ask(credentials), stage.call) == LoginTerm(True)
    ending = {**stage.account("whatsapp_cloud").credentials, "access_token": "demo_until_1800000000"}
    stage.serving.simulator.know([replace(stage.account("whatsapp_cloud"), credentials=ending)])
    until = LoginTerm(True, datetime(2027, 1, 15, 8, tzinfo=UTC))
    assert await drive(ask(credentials.model_validate(ending)), stage.call) == until
    assert await drive(ask(credentials), stage.call) == LoginTerm(False)  # it was replaced


async def test_a_customer_sees_that_a_message_was_read(stage: Stage) -> None:
    for provider, ref in (("whatsapp_cloud", "wamid.1"), ("twilio", "SM" + "0" * 32)):
        operations, sender = ADAPTERS[provider].operations, stage.message(provider).sender
        assert operations.mark_read is not None
        receipt = Receipt(sender=sender, message_ref=ref, typing=True)
        assert await drive(operations.mark_read(receipt, stage.credentials(provider)), stage.call) is None


async def test_a_mail_can_be_sent_to_mailgun_as_a_form(stage: Stage) -> None:
    account = stage.account("mailgun")
    [address] = [address for _, address in account.addresses]
    login = {"Authorization": basic_authorization("api", account.secret("api_key"))}
    form = {"from": address, "to": MAILBOX, "subject": "Chairs", "text": "Would Friday do?", "v:gw_message_id": "msg_2"}
    async with stage.client.post("/v3/demo.postgate.test/messages", data=form, headers=login) as answer:
        assert (answer.status, "id" in await answer.json()) == (200, True)
    told = await stage.hooks.until(inbound)
    assert {update.extra["callback_data"] for update in statuses(told)} == {"msg_2"}
    for missing in ("to", "text", "from"):
        less = {name: value for name, value in form.items() if name != missing}
        async with stage.client.post("/v3/demo.postgate.test/messages", data=less, headers=login) as answer:
            assert answer.status == 400, missing


@pytest.mark.parametrize("provider", PROVIDERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
            max_leaves=20,
        ).map(orjson_or_nothing),
    ),
    kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]),
)
def test_nothing_that_is_posted_is_more_than_refused(
    accounts: list[Account], provider: str, body: bytes, kind: str
) -> None:
    account = next(one for one in accounts if one.provider == provider)
    adapter = ADAPTERS[provider]
    [(_, sender), *_] = [one for one in account.addresses if one[0] == KINDS[provider]]
    message = OutboundMessage(
        reference="msg_1", sender=sender, recipient=MAILBOX if KINDS[provider] == "email" else PHONE, text="Hi"
    )
    built = adapter.build(message, adapter.credentials.model_validate(account.credentials))
    request = replace(built, headers=built.headers.with_fields({"content-type": kind}), body=body)
    with pytest.raises(Rejected) as rejected:
        IMITATIONS[provider].take(request, Desk([account], Files(), lambda: "0" * 32))
    assert 400 <= rejected.value.answer.status < 500


def test_files_are_not_kept_without_end() -> None:
    files = Files()
    for number in range(MOST_FILES + 5):
        files.add(str(number), StoredFile(b"x", "text/plain", ""))
    assert files.get("4") is None
    assert files.get("5") is not None
    files.add("large", StoredFile(bytes(MOST_BYTES), "text/plain", ""))
    assert files.get(str(MOST_FILES + 4)) is None
    assert files.get("large") is not None
