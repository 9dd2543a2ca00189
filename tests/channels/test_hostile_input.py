"""Whatever comes in, adapters raise nothing but their own errors, and one bad item costs no other."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.errors import ChannelError, PayloadMalformed, SignatureInvalid
from channels.events import Quarantined
from channels.http import Headers, HttpRequest, HttpResponse
from channels.normal_form import normal_form, quarantined_form
from channels.outbound import Accepted, Refused
from channels.registry import ADAPTERS
from tests.channels.fixtures import NOW, PROVIDERS, SIGNATURES, Recorded, one, recorded

WHATSAPP = recorded("whatsapp_cloud")
TWILIO = recorded("twilio")
CREDENTIALS = {
    case.provider: case.adapter.credentials.model_validate(case.credentials) for case in (*WHATSAPP, *TWILIO)
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ALL_SECRETS = {
    "whatsapp_cloud": {"app_secret": "x", "verify_token": "t"},
    "twilio": {"account_sid": "AC1", "auth_token": "x"},
}
MISSING = object()

#: Web servers hand on bytes that are no UTF-8 as lone surrogates.
URLS = st.text(st.characters(exclude_categories=[]), max_size=40) | st.text(
    st.sampled_from("/?#&=%[]:@hub.mode\udcffé"), max_size=40
)


def shown(provider: str, request: HttpRequest) -> list[dict[str, Any]]:
    """Parse a request and write what came of it as JSON, as the tools and the store do."""
    try:
        events = ADAPTERS[provider].parse(request, {})
    except PayloadMalformed:
        return []
    forms = [quarantined_form(event) if isinstance(event, Quarantined) else normal_form(event) for event in events]
    read: list[dict[str, Any]] = orjson.loads(orjson.dumps(forms))
    return read


def divided(request: HttpRequest) -> None:
    divide = ADAPTERS["whatsapp_cloud"].divide
    assert divide
    try:
        parts = divide(request)
    except PayloadMalformed:
        return
    for _, body in parts:
        ADAPTERS["whatsapp_cloud"].parse(replace(request, body=body), {})


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every node of a document but its root."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with one node replaced or, for ``MISSING``, gone."""
    whole = copy.deepcopy(document)
    node = whole
    for key in path[:-1]:
        node = node[key]
    if value is MISSING:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return whole


@pytest.mark.parametrize("provider", PROVIDERS)
@given(body=st.binary(max_size=200), url=URLS, kind=st.sampled_from(["", "application/json", "x"]))
def test_random_bytes_raise_nothing_but_channel_errors(provider: str, body: bytes, url: str, kind: str) -> None:
    for method in ("POST", "GET"):
        request = HttpRequest(method, url, Headers.of({"Content-Type": kind}), body)
        shown(provider, request)
        with pytest.raises(SignatureInvalid):
            ADAPTERS[provider].verify(request, CREDENTIALS[provider], NOW)
        assert ADAPTERS[provider].handshake(request, CREDENTIALS[provider]) is None
        if divide := ADAPTERS[provider].divide:
            with pytest.raises(ChannelError):
                divide(request)


@pytest.mark.parametrize("provider", PROVIDERS)
@given(
    signature=st.text(st.characters(exclude_categories=[]), max_size=80),
    settings_=st.text(st.characters(), max_size=40),
)
def test_random_signatures_are_refused(provider: str, signature: str, settings_: str) -> None:
    headers = {SIGNATURES[provider]: signature, "X-Twilio-Webhooks-Signature-Settings": settings_}
    for prefix in ("", "sha256="):
        headers[SIGNATURES[provider]] = prefix + signature
        with pytest.raises(SignatureInvalid):
            ADAPTERS[provider].verify(
                HttpRequest("POST", "https://gw.example.test/", Headers.of(headers), b"{}"), CREDENTIALS[provider], NOW
            )


@pytest.mark.parametrize("wrong", [MISSING, None, True, 7, -0.5, 1e30, "", "x", "\x00", [], [[]], {}, {"id": {}}])
def test_any_node_of_any_recording_may_be_of_another_type(wrong: Any) -> None:
    for case in WHATSAPP:
        document = orjson.loads(case.request.body)
        for path in places(document):
            body = orjson.dumps(changed(document, path, wrong))
            shown("whatsapp_cloud", replace(case.request, body=body))
            divided(replace(case.request, body=body))
    divided(replace(case.request, body=body))


@settings(max_examples=300)
@given(case=st.sampled_from(WHATSAPP), at=st.integers(min_value=0), value=JSON)
def test_any_node_may_be_replaced_by_any_json(case: Recorded, at: int, value: Any) -> None:
    document = orjson.loads(case.request.body)
    paths = list(places(document))
    body = orjson.dumps(changed(document, paths[at % len(paths)], value))
    shown("whatsapp_cloud", replace(case.request, body=body))
    divided(replace(case.request, body=body))


ITEMS = ("messages", "statuses", "errors", "user_preferences", "message_echoes")


@settings(max_examples=300)
@given(at=st.integers(min_value=0), case=st.sampled_from(WHATSAPP), value=JSON)
def test_what_happens_inside_one_item_costs_no_neighbour(case: Recorded, at: int, value: Any) -> None:
    """Put a healthy message before and behind, then break something inside one item."""
    document = orjson.loads(case.request.body)
    healthy = orjson.loads(one("whatsapp_cloud", "text").request.body)["entry"][0]["changes"][0]["value"]["messages"][0]
    inner = [path for path in places(document) if len(path) >= 7 and path[5] in ITEMS]
    if not inner:
        return
    broken = changed(document, inner[at % len(inner)], value)
    for entry in broken["entry"]:
        for change in entry["changes"]:
            if "messages" in change["value"]:
                neighbours = [healthy | {"id": "wamid.before"}, healthy | {"id": "wamid.after"}]
                change["value"]["messages"] = [neighbours[0], *change["value"]["messages"], neighbours[1]]
    ids = [
        form.get("external_id") for form in shown("whatsapp_cloud", replace(case.request, body=orjson.dumps(broken)))
    ]
    for entry in broken["entry"]:
        if any("messages" in change["value"] for change in entry["changes"]):
            assert {"wamid.before", "wamid.after"} <= set(ids)


FORM_VALUES = st.sampled_from(
    ["", "0", "-1", "nan", "1e400", "whatsapp:", "whatsapp:+", ":", "\x00", "x" * 5000, "é", "{"]
)


@settings(max_examples=300)
@given(
    case=st.sampled_from(TWILIO),
    at=st.integers(min_value=0),
    value=FORM_VALUES | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_any_field_of_a_form_may_hold_anything(case: Recorded, at: int, value: str) -> None:
    pairs = parse_qsl(case.request.body.decode(), keep_blank_values=True)
    place = at % len(pairs)
    for new in ([(pairs[place][0], value)], [], [pairs[place], pairs[place]]):
        body = urlencode([*pairs[:place], *new, *pairs[place + 1 :]]).encode()
        shown("twilio", replace(case.request, body=body))


@pytest.mark.parametrize("provider", PROVIDERS)
@given(status=st.integers(min_value=100, max_value=599), document=JSON, raw=st.none() | st.binary(max_size=40))
def test_no_answer_of_a_provider_raises(provider: str, status: int, document: Any, raw: bytes | None) -> None:
    body = orjson.dumps(document) if raw is None else raw
    assert isinstance(ADAPTERS[provider].read(HttpResponse(status, body)), Accepted | Refused)


@pytest.mark.parametrize("levels", [200, 249, 255, 500, 1020, 5000])
def test_a_document_that_is_nested_too_deep_is_malformed_or_can_be_written_again(levels: int) -> None:
    nested = b"[" * levels + b"]" * levels
    for case in (one("whatsapp_cloud", "text"), one("whatsapp_cloud", "batch_two_tenants")):
        deep = b'"type":"text","referral":{"a":%s}' % nested
        request = replace(case.request, body=case.request.body.replace(b'"type":"text"', deep))
        shown("whatsapp_cloud", request)
        divided(request)


def test_a_flow_answer_that_is_nested_too_deep_stays_text() -> None:
    deep = '{"a":' * 300 + "1" + "}" * 300
    flow = one("whatsapp_cloud", "interactive_flow_reply")
    document = orjson.loads(flow.request.body)
    document["entry"][0]["changes"][0]["value"]["messages"][0]["interactive"]["nfm_reply"]["response_json"] = deep
    (form,) = shown("whatsapp_cloud", replace(flow.request, body=orjson.dumps(document)))
    assert form["extra"]["payload"] == deep


@pytest.mark.parametrize(
    "query", ["hub.mode=subscribe&hub.verify_token=t&hub.challenge=\udcff", "\udcff", "a=%ff&b=\ud83d"]
)
def test_a_url_that_is_no_text_raises_nothing_else(query: str) -> None:
    for provider in PROVIDERS:
        request = HttpRequest("GET", f"https://gw.example.test/h?{query}")
        shown(provider, request)
        ADAPTERS[provider].handshake(request, ADAPTERS[provider].credentials.model_validate(ALL_SECRETS[provider]))
        with pytest.raises(SignatureInvalid):
            ADAPTERS[provider].verify(request, CREDENTIALS[provider], NOW)
