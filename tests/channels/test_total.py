"""Whatever comes in or back, adapters raise nothing but their documented errors; what they read can be written."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.adapter import Adapter
from channels.errors import CannotSend, ChannelError, PayloadMalformed, SignatureInvalid
from channels.events import ContactCard, Location, Media, Quarantined
from channels.http import Headers, HttpRequest, HttpResponse
from channels.normal_form import normal_form, quarantined_form
from channels.outbound import (
    Accepted,
    Buttons,
    Choice,
    ChoiceList,
    Contacts,
    FlowButton,
    LinkButton,
    LocationRequest,
    OutboundMessage,
    Parameter,
    Reaction,
    Refused,
    Section,
    Template,
    TemplateButton,
)
from channels.registry import ADAPTERS
from tests.channels.fixtures import NOW, Recorded, all_recorded
from tests.channels.mutations import JSON, TEXT, spoilt

RECORDED: dict[str, list[Recorded]] = {provider: [] for provider in ADAPTERS}
for recording in all_recorded():
    RECORDED[recording.provider].append(recording)
POSTED = sorted(provider for provider in ADAPTERS if RECORDED[provider])
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: Web servers hand on bytes that are no UTF-8 as lone surrogates.
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=40)
KINDS = st.sampled_from(
    ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "x"]
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["US", "GB", "", None, 7]),
        "envelope": JSON,
        "trusted_authserv_ids": JSON,
        "reply_address_pattern": JSON,
        "fetched": st.dictionaries(
            st.sampled_from(["raw", "email", "attachment:x"]), st.binary(max_size=60), max_size=2
        ),
    },
)


def credentials_of(adapter: Adapter) -> Any:
    """Return credentials of a recording; those of the SMTP adapter have defaults for everything."""
    found = RECORDED[adapter.provider]
    return adapter.credentials.model_validate(found[0].credentials if found else {})


def require_words(error: ChannelError) -> None:
    """Fail when an error does not say, for machines and for people, what was wrong."""
    assert error.code
    assert error.detail


def parsed(adapter: Adapter, request: HttpRequest, context: dict[str, Any]) -> None:
    """Parse a request, and write what came of it as JSON, as the tools and the store do."""
    try:
        events = adapter.parse(request, context)
    except PayloadMalformed as error:
        require_words(error)
        return
    orjson.dumps([quarantined_form(e) if isinstance(e, Quarantined) else normal_form(e) for e in events])


def judged(adapter: Adapter, request: HttpRequest, credentials: Any) -> bool:
    try:
        adapter.verify(request, credentials, NOW)
    except SignatureInvalid as error:
        require_words(error)
        return False
    return True


@pytest.mark.parametrize("provider", sorted(ADAPTERS))
@SLOW
@given(
    method=st.sampled_from(["POST", "GET", "PUT"]),
    url=ANY_TEXT | st.text(st.sampled_from("/?#&=%[]:@hub.mode\udcffé"), max_size=40),
    kind=KINDS,
    body=st.binary(max_size=200),
    context=CONTEXTS,
)
def test_random_bytes(provider: str, method: str, url: str, kind: str, body: bytes, context: dict[str, Any]) -> None:
    adapter = ADAPTERS[provider]
    credentials = credentials_of(adapter)
    request = HttpRequest(method, url, Headers.of({"Content-Type": kind}), body)
    parsed(adapter, request, context)
    assert not adapter.posted or not judged(adapter, request, credentials)
    adapter.handshake(request, credentials)


@pytest.mark.parametrize("provider", sorted(ADAPTERS))
@SLOW
@given(document=JSON, context=CONTEXTS)
def test_any_json(provider: str, document: Any, context: dict[str, Any]) -> None:
    request = HttpRequest("POST", "https://gw.example.test/", Headers.of({"Content-Type": "application/json"}))
    parsed(ADAPTERS[provider], HttpRequest("POST", request.url, request.headers, orjson.dumps(document)), context)


@pytest.mark.parametrize("provider", POSTED)
@settings(SLOW, max_examples=60)
@given(data=st.data(), context=CONTEXTS)
def test_spoilt_recordings(provider: str, data: st.DataObject, context: dict[str, Any]) -> None:
    case = data.draw(st.sampled_from(RECORDED[provider]))
    request = data.draw(spoilt(case.request))
    adapter = ADAPTERS[provider]
    judged(adapter, request, adapter.credentials.model_validate(case.credentials))
    parsed(adapter, request, context)
    if adapter.divide is not None:
        try:
            adapter.divide(request)
        except PayloadMalformed:
            return


@pytest.mark.parametrize("provider", POSTED)
@SLOW
@given(data=st.data(), value=ANY_TEXT)
def test_random_proofs(provider: str, data: st.DataObject, value: str) -> None:
    """Whatever stands in the header of the proof is refused, unless it is what stood there."""
    case = data.draw(st.sampled_from(RECORDED[provider]))
    if case.header is None or value == case.request.headers.get(case.header):
        return
    prefix = data.draw(st.sampled_from(["", "sha256=", "Basic ", "Bearer ", "v1,"]))
    headers = case.request.headers.with_fields({case.header: prefix + value})
    request = HttpRequest(case.request.method, case.request.url, headers, case.request.body)
    assert not judged(case.adapter, request, case.adapter.credentials.model_validate(case.credentials))


FILES = st.builds(
    Media,
    type=st.sampled_from(["image", "audio", "voice", "video", "document", "sticker", "file", "hologram"]),
    id=st.none() | TEXT,
    url=st.none() | st.sampled_from(["https://f.example.test/a.png", "", "nowhere"]),
    mime_type=st.none() | st.sampled_from(["image/png", "x", "text/plain\r\nX: y"]),
    filename=st.none() | TEXT | st.just('a"\r\nb.png'),
    content=st.none() | st.binary(max_size=10),
)
CHOICES = st.lists(st.builds(Choice, id=TEXT, title=TEXT, description=st.none() | TEXT), max_size=12)
PARAMETERS = st.builds(Parameter, text=TEXT, name=st.none() | TEXT)
PLACES = st.builds(Location, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180), name=st.none() | TEXT)
CONTENTS = (
    st.none()
    | st.builds(
        Template,
        name=TEXT | st.just("HX0123456789abcdef0123456789abcdef"),
        language=st.sampled_from(["en_US", "de", ""]),
        header=st.none() | PARAMETERS | FILES | PLACES,
        body=st.lists(PARAMETERS, max_size=3),
        buttons=st.lists(
            st.builds(
                TemplateButton,
                index=st.integers(-1, 11),
                kind=st.sampled_from(["quick_reply", "url", "copy_code", "flow"]),
                value=TEXT,
            ),
            max_size=2,
        ),
    )
    | st.builds(Buttons, choices=CHOICES, header=st.none() | TEXT | FILES, footer=st.none() | TEXT)
    | st.builds(
        ChoiceList,
        label=TEXT,
        sections=st.lists(st.builds(Section, title=st.none() | TEXT, choices=CHOICES), max_size=3),
        header=st.none() | TEXT,
        footer=st.none() | TEXT,
    )
    | st.builds(LinkButton, label=TEXT, url=TEXT | st.just("https://example.org/"))
    | st.builds(FlowButton, label=TEXT, flow_id=TEXT, token=TEXT, screen=st.none() | TEXT)
    | st.just(LocationRequest())
    | PLACES
    | st.builds(Contacts, cards=st.lists(st.builds(ContactCard, name=st.none() | TEXT), max_size=2))
    | st.builds(Reaction, emoji=TEXT)
)
MESSAGES = st.builds(
    OutboundMessage,
    reference=TEXT | st.just("msg_1"),
    sender=TEXT | st.sampled_from(["+12025550110", "Support <support@example.org>", "106000000000001"]),
    recipient=TEXT | st.sampled_from(["+12025550142", "jane@example.net", "US.13491208655302741918"]),
    text=st.none() | TEXT | st.just("x" * 70_000),
    media=st.lists(FILES, max_size=2),
    content=CONTENTS,
    in_reply_to=st.none() | TEXT,
    channel=st.sampled_from([None, "whatsapp", "sms", "mms", "email", "pigeon"]),
    callback_url=st.none() | st.just("https://gw.example.test/hooks/int_1?a=b"),
    subject=st.none() | TEXT | st.just("a\r\nBcc: x@example.org"),
    html=st.none() | st.just("<p>hi</p>"),
)


@pytest.mark.parametrize("provider", sorted(ADAPTERS))
@SLOW
@given(message=MESSAGES)
def test_any_message_is_built_or_refused(provider: str, message: OutboundMessage) -> None:
    adapter = ADAPTERS[provider]
    try:
        request = adapter.build(message, credentials_of(adapter))
    except CannotSend as error:
        require_words(error)
        return
    assert "\r" not in "".join(request.headers.as_dict().values())
    assert "\n" not in "".join(request.headers.as_dict().values())


@pytest.mark.parametrize("provider", sorted(ADAPTERS))
@SLOW
@given(
    status=st.sampled_from([200, 201, 202, 250, 400, 401, 429, 500, 503, 599]) | st.integers(100, 599),
    document=JSON,
    raw=st.none() | st.binary(max_size=40),
    headers=st.dictionaries(st.sampled_from(["retry-after", "x-message-id", "message-id"]), ANY_TEXT),
)
def test_no_answer_of_a_provider_raises(
    provider: str, status: int, document: Any, raw: bytes | None, headers: dict[str, str]
) -> None:
    body = orjson.dumps(document) if raw is None else raw
    result = ADAPTERS[provider].read(HttpResponse(status, body, Headers.of(headers)))
    assert isinstance(result, Accepted | Refused)
    if isinstance(result, Refused):
        assert result.reason
        assert not (result.retryable and result.unknown)
    else:
        assert result.external_id
