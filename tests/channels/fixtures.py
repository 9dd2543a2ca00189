"""Recorded webhooks, and what they mean in the normal form.

Under ``request`` stands how a recording was sent. Older ones of phone channels have ``body_file`` instead, and name
some keys of their events otherwise: ``to`` is one address, ``timestamp`` the time, ``reply_to`` the earlier message,
``error_code`` the error; a status has the sent message's id as its own, and the customer in ``to``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.adapter import Adapter
from channels.events import ChannelEvent, Quarantined
from channels.http import Headers, HttpRequest
from channels.normal_form import normal_form
from channels.registry import ADAPTERS

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROVIDERS = ("whatsapp_cloud", "twilio")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TWILIO_ACCOUNT = "AC0123456789abcdef0123456789abcdef"
HOOK_URL = "https://gateway.example.org/hooks/int_1"


@dataclass(frozen=True)
class Recorded:
    """A recorded webhook.

    Attributes:
        credentials: of the connection that it came in on.
        now: the clock to judge it by.
        valid: False for a forged or stale one, which has to be refused.
        events: what it means, in the normal form, with matchers where the recording has them.
        status: what the gateway answers.
        secret_field: the credential that proves it, if there is one that can be exchanged for another.
        other_secret: a wrong one of the same shape.
        header: where the proof stands; None when it stands in the body or the URL.
        covers_body: True when a changed body is noticed.
        context: what else the connection knows, for ``parse``.
    """

    provider: str
    name: str
    request: HttpRequest
    credentials: Mapping[str, Any]
    now: datetime
    valid: bool
    events: list[dict[str, Any]]
    status: int | list[int]
    secret_field: str | None
    other_secret: str
    header: str | None
    covers_body: bool
    context: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @property
    def adapter(self) -> Adapter:
        return ADAPTERS[self.provider]

    def verify(self, request: HttpRequest | None = None, credentials: Mapping[str, Any] | None = None) -> None:
        model = self.adapter.credentials.model_validate({**self.credentials, **(credentials or {})})
        self.adapter.verify(request or self.request, model, self.now)

    def parse(self) -> list[ChannelEvent]:
        return list(self.adapter.parse(self.request, self.context))


def recorded(*providers: str) -> list[Recorded]:
    """Load all recordings of some providers."""
    return [_load(path) for provider in providers for path in sorted((FIXTURES / provider).glob("*.expect.json"))]


def one(provider: str, name: str) -> Recorded:
    """Load one recording."""
    return _load(FIXTURES / provider / f"{name}.expect.json")


def all_recorded() -> list[Recorded]:
    """Load every recording of every registered provider: a folder of its name holds them."""
    return recorded(*ADAPTERS)


def _load(path: Path) -> Recorded:
    case = json.loads(path.read_bytes())
    if "auth" not in case:
        raise ValueError(f"{path} is no recorded webhook")
    auth, provider = case["auth"], path.parent.name
    proof = auth["proof"]
    return Recorded(
        provider=provider,
        name=path.name.removesuffix(".expect.json"),
        request=_older_request(path, case) if "body_file" in case else _request(path, case["request"]),
        credentials=auth["credentials"],
        now=datetime.fromtimestamp(auth["now"], UTC) if "now" in auth else NOW,
        valid=auth["valid"],
        events=[translated(event) for event in case["events"]] if "body_file" in case else case["events"],
        status=case["gateway_http_status"] if "body_file" in case else case["http"]["status"],
        secret_field=proof["field"],
        other_secret=proof.get("other", "another-secret"),
        header=proof["header"],
        covers_body=proof["covers_body"],
        context=case.get("context", {}),
    )


def _older_request(path: Path, case: Mapping[str, Any]) -> HttpRequest:
    auth = case["auth"]
    body = (path.parent / case["body_file"]).read_bytes()
    return HttpRequest(auth["method"], auth["url"], Headers.of(auth["headers"]), body)


def _request(path: Path, sent: Mapping[str, Any]) -> HttpRequest:
    headers = Headers.of({**sent["headers"], "Content-Type": sent["content_type"]})
    return HttpRequest(sent["method"], sent.get("url", HOOK_URL), headers, (path.parent / sent["body"]).read_bytes())


def translated(event: Mapping[str, Any]) -> dict[str, Any]:
    """Write an expected event under the names of the normal form."""
    code = event["error_code"]
    wanted = {key: event[key] for key in ("kind", "provider", "channel", "account", "extra")}
    wanted |= {"occurred_at": event["timestamp"], "error": None if code is None else {"code": code}}
    if event["kind"] == "status":
        return wanted | {"message_ref": event["external_id"], "recipient": event["to"], "status": event["status"]}
    wanted |= {key: event[key] for key in ("subtype", "external_id", "from", "text")}
    wanted |= {"to": [event["to"]] if event["to"] else [], "in_reply_to": event["reply_to"]}
    return wanted | {"attachments": event["attachments"]} if event["kind"] == "message" else wanted


def normal_forms(events: list[ChannelEvent]) -> list[dict[str, Any]]:
    """Write events in the normal form; none of them may be quarantined."""
    assert not [event for event in events if isinstance(event, Quarantined)]
    return [normal_form(event) for event in events if not isinstance(event, Quarantined)]


def forgeries(case: Recorded) -> Iterator[tuple[str, HttpRequest]]:
    """Yield what somebody without the secret may try, each with a word for it."""
    request = case.request
    if case.covers_body and len(request.body) > 10:
        flipped = bytes([request.body[-10] ^ 1])
        yield "body changed", replace(request, body=request.body[:-10] + flipped + request.body[-9:])
        yield "body extended", replace(request, body=request.body + b" ")
    if case.header is None:
        return
    signature = request.headers.get(case.header)
    yield "no signature", _signed(request, case.header, None)
    yield "blank signature", _signed(request, case.header, "")
    yield "shortened", _signed(request, case.header, signature[:-1])
    yield "other case", _signed(request, case.header, signature.swapcase())
    yield "beyond ASCII", _signed(request, case.header, signature[:-1] + "é")
    yield "not even text", _signed(request, case.header, signature[:-1] + "\udcff")


def _signed(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    kept = [item for item in request.headers.as_dict().items() if item[0] != name.lower()]
    return replace(request, headers=Headers(kept if value is None else [*kept, (name, value)]))
