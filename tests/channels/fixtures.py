"""Recorded webhooks of phone channels, and what they mean in the normal form.

The recordings name some keys otherwise: ``to`` is one address, ``timestamp`` the time, ``reply_to`` the earlier
message, ``error_code`` the error; a status has the sent message's id as its own, and the customer in ``to``.
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
SECRET_FIELDS = {
    "meta_hmac_sha256": "app_secret",
    "twilio_hmac_sha1": "auth_token",
    "twilio_sharedkey_sha256": "shared_key",
}
SIGNATURES = {"whatsapp_cloud": "X-Hub-Signature-256", "twilio": "X-Twilio-Signature"}
TWILIO_ACCOUNT = "AC0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Recorded:
    """A recorded webhook."""

    provider: str
    name: str
    request: HttpRequest
    credentials: Mapping[str, Any]
    events: list[dict[str, Any]]
    status: int

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @property
    def adapter(self) -> Adapter:
        return ADAPTERS[self.provider]

    def verify(self, request: HttpRequest | None = None, credentials: Mapping[str, Any] | None = None) -> None:
        model = self.adapter.credentials.model_validate({**self.credentials, **(credentials or {})})
        self.adapter.verify(request or self.request, model, NOW)

    def parse(self) -> list[ChannelEvent]:
        return list(self.adapter.parse(self.request, {}))


def recorded(*providers: str) -> list[Recorded]:
    """Load all recordings of some providers."""
    return [_load(path) for provider in providers for path in sorted((FIXTURES / provider).glob("*.expect.json"))]


def one(provider: str, name: str) -> Recorded:
    """Load one recording."""
    return _load(FIXTURES / provider / f"{name}.expect.json")


def _load(path: Path) -> Recorded:
    case = json.loads(path.read_bytes())
    auth, provider = case["auth"], path.parent.name
    body = (path.parent / case["body_file"]).read_bytes()
    credentials = {SECRET_FIELDS[auth["scheme"]]: auth["secret"]}
    if provider == "twilio":
        credentials["account_sid"] = TWILIO_ACCOUNT
    return Recorded(
        provider,
        path.name.removesuffix(".expect.json"),
        HttpRequest(auth["method"], auth["url"], Headers.of(auth["headers"]), body),
        credentials,
        [translated(event) for event in case["events"]],
        case["gateway_http_status"],
    )


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


def differences(wanted: Any, got: Any, where: str = "") -> list[str]:
    """Compare expected values with those that came; ``extra`` and ``error`` may hold more than expected."""
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        return [found for key, value in wanted.items() for found in differences(value, got.get(key), f"{where}.{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [found for at, (value, other) in pairs for found in differences(value, other, f"{where}[{at}]")]
    return [] if wanted == got else [f"{where}: wanted {wanted!r}, got {got!r}"]


def normal_forms(events: list[ChannelEvent]) -> list[dict[str, Any]]:
    """Write events in the normal form; none of them may be quarantined."""
    assert not [event for event in events if isinstance(event, Quarantined)]
    return [normal_form(event) for event in events if not isinstance(event, Quarantined)]


def forgeries(case: Recorded) -> Iterator[tuple[str, HttpRequest]]:
    """Yield what somebody without the secret may try, each with a word for it."""
    name, request = SIGNATURES[case.provider], case.request
    signature = request.headers.get(name)
    flipped = bytes([request.body[-10] ^ 1])
    yield "body changed", replace(request, body=request.body[:-10] + flipped + request.body[-9:])
    yield "body extended", replace(request, body=request.body + b" ")
    yield "no signature", _signed(request, name, None)
    yield "blank signature", _signed(request, name, "")
    yield "blank suffix", _signed(request, name, signature + " ")
    yield "shortened", _signed(request, name, signature[:-1])
    yield "other case", _signed(request, name, signature.swapcase())
    yield "beyond ASCII", _signed(request, name, signature[:-1] + "é")
    yield "not even text", _signed(request, name, signature[:-1] + "\udcff")


def _signed(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    kept = [item for item in request.headers.as_dict().items() if item[0] != name.lower()]
    return replace(request, headers=Headers(kept if value is None else [*kept, (name, value)]))
