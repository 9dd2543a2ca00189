"""WhatsApp Cloud API: the shapes that no recording holds, and the traps among them."""

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import Identity, InboundMessage, Location, Other, Quarantined, StatusUpdate
from channels.http import Headers, HttpRequest
from channels.providers.whatsapp_cloud import ADAPTER, WhatsAppCloudCredentials
from channels.whatsapp.problems import PROBLEMS
from tests.channels.fixtures import NOW, one
from tests.channels.whatsapp_posts import METADATA, TEXT, message, parsed, post, typed

CREDENTIALS = WhatsAppCloudCredentials.model_validate({"app_secret": "app-secret", "verify_token": "täglich-1"})


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1767225600", "2026-01-01T00:00:00+00:00"),
        (1767225600, "2026-01-01T00:00:00+00:00"),
        ("1767225600999", "2026-01-01T00:00:00+00:00"),
        (1767225600999, "2026-01-01T00:00:00+00:00"),
        ("soon", None), ("", None), (None, None), (True, None), (-1, None), ("9" * 16, None), ("٣", None), ({}, None),
    ],
)  # fmt: skip
def test_a_time_is_read_in_seconds_or_milliseconds_or_not_at_all(sent: Any, expected: str | None) -> None:
    moment = message(timestamp=sent).occurred_at
    assert (moment.isoformat() if moment else None) == expected


@pytest.mark.parametrize(
    ("changes", "sender", "identities"),
    [
        ({}, "+12025550142", [("whatsapp", "+12025550142")]),
        ({"from": "US.123abc"}, "US.123abc", [("bsuid", "US.123abc")]),
        ({"from_user_id": "US.1"}, "+12025550142", [("bsuid", "US.1"), ("whatsapp", "+12025550142")]),
        ({"from_user_id": "not an id"}, "+12025550142", [("whatsapp", "+12025550142")]),
        ({"from": None, "from_user_id": "US.1"}, "US.1", [("bsuid", "US.1")]),
        ({"from": None}, None, [("whatsapp", "unknown:wamid.1")]),
        ({"from": 12025550142}, "+12025550142", [("whatsapp", "+12025550142")]),
    ],
)
def test_a_sender_is_known_by_user_id_first_and_number_second(
    changes: Any, sender: str | None, identities: list[tuple[str, str]]
) -> None:
    event = message(**changes)
    assert event.sender == sender
    assert list(event.identities) == [Identity(kind=kind, value=value) for kind, value in identities]


def test_contacts_are_matched_by_their_ids_never_by_position() -> None:
    contacts = [
        {"wa_id": "12025550199", "profile": {"name": "Other"}},
        {"wa_id": "12025550142", "profile": {"name": "Dana"}, "user_id": "US.1"},
    ]
    (event,) = parsed({"contacts": contacts, "messages": [TEXT]})
    assert event.sender_name == "Dana"
    assert event.identities[0] == Identity(kind="bsuid", value="US.1")


def test_two_senders_without_an_id_never_become_the_only_contact() -> None:
    nameless = [{**TEXT, "from": "", "id": f"wamid.{n}"} for n in (1, 2)]
    first, second = parsed({"contacts": [{"user_id": "US.1"}], "messages": nameless})
    assert first.identities != second.identities
    assert {first.sender, second.sender} == {None}


def test_the_only_message_of_the_only_contact_is_from_that_contact() -> None:
    (event,) = parsed({"contacts": [{"user_id": "US.1"}], "messages": [{**TEXT, "from": None}]})
    assert event.sender == "US.1"


CONTENTS: list[tuple[str, Any, str, str | None, dict[str, Any]]] = [
    ("text", {"body": ""}, "text", None, {}),
    ("voice", {"id": "9", "mime_type": "audio/ogg"}, "voice", None, {}),
    ("image", {"id": 9}, "image", None, {}),
    ("sticker", {"id": "9", "animated": True}, "sticker", None, {"animated": True}),
    ("interactive", {"type": "button_reply", "button_reply": {"id": "a", "title": "A"}}, "interactive_button", "A",
     {"payload": "a"}),
    ("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "[1]"}}, "interactive_flow",
     "Sent", {"payload": "[1]"}),
    ("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "{broken"}}, "interactive_flow", None,
     {"payload": "{broken"}),
    ("interactive", {"type": "nfm_reply", "nfm_reply": {"name": "address_message", "response_json": '{"a":1}'}},
     "interactive_flow", None, {"payload": {"a": 1}, "name": "address_message"}),
    ("interactive", {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
     "interactive_call_permission", None, {"payload": "accept"}),
    ("interactive", {"type": "new_reply", "new_reply": {}}, "unknown", None, {"raw_type": "interactive.new_reply"}),
    ("interactive", None, "unsupported", None, {"raw_type": "interactive"}),
    ("reaction", {"message_id": "wamid.0", "emoji": ""}, "reaction", None, {}),
    ("unsupported", None, "unsupported", None, {}),
    ("hologram", [1], "unknown", None, {"raw_type": "hologram"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "subtype", "text", "extra"), CONTENTS)
def test_each_type_of_content_is_read(
    kind: str, content: Any, subtype: str, text: str | None, extra: dict[str, Any]
) -> None:
    event = typed(kind, content)
    assert isinstance(event, InboundMessage)
    assert (event.subtype, event.text, dict(event.extra)) == (subtype, text, extra)


def test_a_message_without_a_type_is_kept_as_unknown() -> None:
    assert message(type=None).subtype == "unknown"
    assert message(type=["text"]).subtype == "unknown"


def test_content_that_meta_could_not_deliver_is_unsupported_with_the_reason() -> None:
    event = typed("video", None, errors=[{"code": 131052, "title": "Media download error"}])
    assert (event.subtype, event.error_code, event.extra["raw_type"]) == ("unsupported", "131052", "video")


def test_contact_cards_may_lack_names_and_numbers() -> None:
    cards = [{}, {"name": {"first_name": "Bo", "last_name": "Lind"}, "phones": [{"wa_id": "12025550177"}, {}, 1]}]
    names = [(card.name, card.phones) for card in typed("contacts", cards).attachments]
    assert names == [(None, ()), ("Bo Lind", ("+12025550177",))]


def test_coordinates_may_be_text_and_zero() -> None:
    event = typed("location", {"latitude": "0", "longitude": 0})
    assert event.attachments == (Location(latitude=0, longitude=0),)


def test_file_names_lose_paths_and_tricks() -> None:
    event = typed("document", {"id": "9", "filename": "../../etc/pass\u202ewd\x00.pdf"})
    assert event.attachments[0].filename == "passwd.pdf"


def test_a_reply_context_may_be_forwarded_without_an_id() -> None:
    event = message(context={"frequently_forwarded": True, "forwarded": "yes"})
    assert (event.in_reply_to, dict(event.extra)) == (None, {"frequently_forwarded": True})


def test_statuses_of_calls_are_no_statuses_of_messages() -> None:
    (event,) = parsed({"statuses": [{"id": "wacid.1", "status": "RINGING"}]}, "calls")
    assert isinstance(event, Other)
    assert event.subtype == "calls"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "read"}, {"status": "read", "external_id": "wamid.OUT:read"}),
        ({"status": "warning"}, {"status": "unknown"}),
        ({"status": "deleted"}, {"status": "deleted"}),
        ({"recipient_id": None, "recipient_user_id": "US.1"}, {"recipient": "US.1"}),
        ({"recipient_id": None}, {"recipient": None}),
        ({"recipient_id": "Z3JvdXA", "recipient_type": "group", "recipient_participant_user_id": "US.1"},
         {"recipient": "Z3JvdXA"}),
        ({"recipient_id": "Z3JvdXA", "participant_recipient_id": "12025550142"},
         {"recipient": "Z3JvdXA", "external_id": "wamid.OUT:sent:12025550142"}),
        ({"status": "failed"}, {"status": "failed", "error_code": None}),
        ({"status": "failed", "errors": [None, {"code": "131026", "title": "Undeliverable"}]},
         {"error_code": "131026", "error_message": f"{PROBLEMS.of('131026').reason} (Undeliverable)"}),
        ({"errors": {}, "conversation": 1, "pricing": []}, {"status": "sent"}),
    ],
)  # fmt: skip
def test_statuses_are_read_however_sparse_they_are(changes: Any, expected: dict[str, Any]) -> None:
    raw = {"id": "wamid.OUT", "status": "sent", "timestamp": "1767225600", "recipient_id": "12025550142"} | changes
    (event,) = parsed({"statuses": [raw]})
    assert isinstance(event, StatusUpdate)
    assert {key: getattr(event, key) for key in expected} == expected


@pytest.mark.parametrize(
    "broken",
    [
        None, 1, "x", [], {}, {**TEXT, "id": None}, {**TEXT, "id": ""}, {**TEXT, "text": "hi"}, {**TEXT, "text": {}},
        {**TEXT, "text": {"body": 1}}, {**TEXT, "type": "image"}, {**TEXT, "type": "reaction", "reaction": {}},
        {**TEXT, "type": "edit", "edit": {"message": 1}}, {**TEXT, "type": "location", "location": {"latitude": 1}},
        {**TEXT, "type": "system"}, {**TEXT, "type": "interactive", "interactive": []},
    ],
)  # fmt: skip
def test_a_broken_message_is_quarantined_and_its_neighbours_are_not(broken: Any) -> None:
    neighbours = [{**TEXT, "id": "wamid.before"}, broken, {**TEXT, "id": "wamid.after"}]
    status = {"id": "wamid.OUT", "status": "read"}
    before, middle, after, last = parsed({"messages": neighbours, "statuses": [status]})
    assert isinstance(middle, Quarantined)
    assert middle.address == "300000000000001"
    assert [before.external_id, after.external_id, last.message_ref] == ["wamid.before", "wamid.after", "wamid.OUT"]


def test_a_broken_change_or_list_is_quarantined_alone() -> None:
    document = orjson.loads(post({"metadata": METADATA, "messages": [TEXT], "statuses": {}}).body)
    document["entry"][0]["changes"] += [None, {"field": 1, "value": {}}, {"field": "messages", "value": []}]
    document["entry"] += [7, {"changes": "x"}]
    events = ADAPTER.parse(HttpRequest("POST", "", body=orjson.dumps(document)), {})
    assert [type(event).__name__ for event in events] == ["InboundMessage"] + 6 * ["Quarantined"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"1", b"{}", b'{"object":"page","entry":[]}', b"\xff", b"[" * 10_000, b'"\\ud83d"', b"NaN",
        b'{"object":"whatsapp_business_account","entry":{}}',
    ],
)  # fmt: skip
def test_what_is_no_post_of_whatsapp_is_malformed(body: bytes) -> None:
    request = HttpRequest("POST", "", body=body)
    with pytest.raises(PayloadMalformed):
        ADAPTER.parse(request, {})
    assert ADAPTER.divide
    with pytest.raises(PayloadMalformed):
        ADAPTER.divide(request)


def test_half_a_surrogate_pair_costs_one_character_not_the_post() -> None:
    body = post({"metadata": METADATA, "messages": [TEXT]}).body.replace(b'"hi"', b'"cut \\ud83d"')
    (event,) = ADAPTER.parse(HttpRequest("POST", "", body=body), {})
    assert isinstance(event, InboundMessage)
    assert event.text == "cut \ufffd"


def test_a_shared_post_is_divided_so_that_each_part_holds_one_address() -> None:
    case = one("whatsapp_cloud", "batch_two_tenants")
    assert ADAPTER.divide
    parts = ADAPTER.divide(case.request)
    assert [address for address, _ in parts] == ["300000000000001", "300000000000002"]
    events = [ADAPTER.parse(HttpRequest("POST", "", body=body), {}) for _, body in parts]
    assert [{event.address for event in part} for part in events] == [{"300000000000001"}, {"300000000000002"}]
    assert [event for part in events for event in part] == case.parse()


def test_a_post_for_one_address_is_not_rewritten_and_news_of_an_account_goes_by_its_id() -> None:
    case = one("whatsapp_cloud", "text_unicode_escaped")
    news = one("whatsapp_cloud", "unknown_field_account_update")
    assert ADAPTER.divide
    assert ADAPTER.divide(case.request) == [("300000000000001", case.request.body)]
    assert ADAPTER.divide(news.request) == [("200000000000001", news.request.body)]


def test_changes_of_one_entry_for_two_numbers_are_told_apart() -> None:
    document = orjson.loads(post({"metadata": METADATA, "messages": [TEXT]}).body)
    other = {"field": "messages", "value": {"metadata": {"phone_number_id": "3"}, "messages": [TEXT]}}
    document["entry"][0]["changes"] += [other, "broken"]
    assert ADAPTER.divide
    parts = dict(ADAPTER.divide(HttpRequest("POST", "", body=orjson.dumps(document))))
    assert set(parts) == {"300000000000001", "3", None}
    assert orjson.loads(parts["3"])["entry"][0]["changes"] == [other]


@pytest.mark.parametrize("name", ["text", "text_escaped_slashes", "echo_image"])
def test_we_sign_as_meta_does(name: str) -> None:
    case = one("whatsapp_cloud", name)
    credentials = WhatsAppCloudCredentials.model_validate(case.credentials)
    assert ADAPTER.sign
    signed = ADAPTER.sign(HttpRequest("POST", case.request.url, body=case.request.body), credentials, NOW)
    assert signed.headers.get("x-hub-signature-256") == case.request.headers.get("x-hub-signature-256")
    ADAPTER.verify(signed, credentials, NOW)


def test_the_older_sha1_signature_never_counts() -> None:
    body = post({}).body
    old = "sha1=" + hmac.new(b"app-secret", body, hashlib.sha1).hexdigest()
    new = "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
    for headers in (
        {"X-Hub-Signature": old},
        {"X-Hub-Signature": new},
        {"X-Hub-Signature-256": old},
        {"X-Hub-Signature-256": new.removeprefix("sha256=")},
        {"X-Hub-Signature-256": new.upper()},
    ):
        with pytest.raises(SignatureInvalid):
            ADAPTER.verify(HttpRequest("POST", "", Headers.of(headers), body), CREDENTIALS, NOW)


HOOK = "https://gw.example.test/hooks/int_1"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=t%C3%A4glich-1", b"1158201444"),
        ("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=wrong", None),
        ("hub.mode=subscribe&hub.challenge=1158201444", None),
        ("hub.mode=subscribe&hub.verify_token=t%C3%A4glich-1", None),
        ("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=t%C3%A4glich-1", None),
        ("", None),
    ],
)
def test_a_handshake_is_answered_only_with_our_token(query: str, answer: bytes | None) -> None:
    found = ADAPTER.handshake(HttpRequest("GET", f"{HOOK}?{query}"), CREDENTIALS)
    assert (found.body if found else None) == answer
    assert found is None or (found.status, found.headers.get("content-type")) == (200, "text/plain; charset=utf-8")


def test_without_a_token_of_our_own_no_handshake_is_answered() -> None:
    request = HttpRequest("GET", f"{HOOK}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=")
    assert ADAPTER.handshake(request, WhatsAppCloudCredentials.model_validate({"app_secret": "x"})) is None


def test_credentials_without_or_with_empty_or_misspelt_secrets_are_refused() -> None:
    for given in ({}, {"app_secret": ""}, {"app_secret": "x", "acess_token": "y"}):
        with pytest.raises(ValueError, match="validation error"):
            WhatsAppCloudCredentials.model_validate(given)
