"""Whatever comes in, adapters raise nothing but their own errors, and one bad item costs no other."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import Quarantined
from channels.http import HttpRequest
from channels.normal_form import normal_form, quarantined_form
from channels.registry import ADAPTERS
from tests.channels.fixtures import NOW, PROVIDERS, Recorded, all_recorded, one, recorded
from tests.channels.mutations import JSON, MISSING, changed, places

WHATSAPP = recorded("whatsapp_cloud")
IN_JSON = [case for case in all_recorded() if case.valid and case.request.body[:1] in {b"{", b"["}]
WRONG = [MISSING, None, True, 7, -0.5, 1e30, "", "x", "\x00", [], [[]], {}, {"id": {}}]
#: For recordings of other providers, whose nodes ``test_total`` also replaces at random.
FEW_WRONG = [MISSING, 1e30, "x", [[]], {"id": {}}]
ALL_SECRETS = {
    "whatsapp_cloud": {"app_secret": "x", "verify_token": "t"},
    "twilio": {"account_sid": "AC1", "auth_token": "x"},
}


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


@pytest.mark.parametrize("case", IN_JSON, ids=str)
def test_any_node_of_any_recording_may_be_of_another_type(case: Recorded) -> None:
    document = orjson.loads(case.request.body)
    for path in places(document):
        for wrong in WRONG if case.provider == "whatsapp_cloud" else FEW_WRONG:
            request = replace(case.request, body=orjson.dumps(changed(document, path, wrong)))
            shown(case.provider, request)
            if case.adapter.divide is not None:
                divided(request)


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
            ADAPTERS[provider].verify(
                request, ADAPTERS[provider].credentials.model_validate(ALL_SECRETS[provider]), NOW
            )
