"""Try one webhook on an adapter, and say what the gateway would make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from channels.adapter import Adapter, no_handshake
from channels.errors import ChannelError, PayloadMalformed, SignatureInvalid
from channels.events import Quarantined
from channels.http import HttpRequest
from channels.normal_form import normal_form, quarantined_form
from channels.registry import ADAPTERS

VERIFIED_AND_PARSED = 0
NOT_VERIFIED = 1
MALFORMED = 2


class CaseInvalid(ChannelError):
    """The case itself can't be tried: an unknown provider, unusable credentials."""


@dataclass(frozen=True, slots=True)
class Case:
    """A webhook, and what is needed to judge it. ``context`` is for mail; see ``Adapter.parse``."""

    provider: str
    request: HttpRequest
    credentials: Mapping[str, Any]
    now: datetime
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a case. ``status`` is what the gateway would answer; ``exit_code`` sums it up."""

    verified: bool
    exit_code: int
    status: int | None
    error: ChannelError | None = None
    events: tuple[Mapping[str, Any], ...] = ()
    quarantined: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it. ``quarantined`` is there only when a part could not be read."""
        error = None if self.error is None else {"code": self.error.code, "detail": self.error.detail}
        report = {"verified": self.verified, "error": error, "status": self.status, "events": self.events}
        return report | {"quarantined": self.quarantined} if self.quarantined else report


def unusable(error: ChannelError) -> Finding:
    """Say that a case could not be tried at all, so that the gateway has no answer either."""
    return Finding(verified=False, exit_code=MALFORMED, status=None, error=error)


def examine(case: Case) -> Finding:
    """Verify and parse a webhook. Secrets and the right signature are in no finding."""
    try:
        adapter, credentials = _connection(case)
    except CaseInvalid as error:
        return unusable(error)
    if len(case.request.body) > adapter.max_body:
        too_large = CaseInvalid("body_too_large", f"{adapter.provider} posts have {adapter.max_body} bytes at most")
        return Finding(verified=False, exit_code=MALFORMED, status=413, error=too_large)
    if case.request.method == "GET" and adapter.handshake is not no_handshake:
        return _handshake(adapter, case.request, credentials)
    try:
        adapter.verify(case.request, credentials, case.now)
    except SignatureInvalid as error:
        return Finding(verified=False, exit_code=NOT_VERIFIED, status=adapter.status_of(error), error=error)
    return _parsed(adapter, case)


def _connection(case: Case) -> tuple[Adapter, Any]:
    adapter = ADAPTERS.get(case.provider)
    if adapter is None:
        raise CaseInvalid("provider_unknown", f"there is no such provider; known are {', '.join(sorted(ADAPTERS))}")
    try:
        return adapter, adapter.credentials.model_validate(dict(case.credentials))
    except ValidationError as error:
        # The message is pydantic's own about a field; the input, which may be a secret, is left out.
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in found['loc']) or 'credentials'}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise CaseInvalid("credentials_invalid", wrong) from None


def _handshake(adapter: Adapter, request: HttpRequest, credentials: Any) -> Finding:
    answer = adapter.handshake(request, credentials)
    if answer is None:
        refused = SignatureInvalid("handshake_invalid", "the handshake is incomplete or its token is wrong")
        return Finding(verified=False, exit_code=NOT_VERIFIED, status=403, error=refused)
    return Finding(verified=True, exit_code=VERIFIED_AND_PARSED, status=answer.status)


def _parsed(adapter: Adapter, case: Case) -> Finding:
    status = adapter.acknowledgement.status
    try:
        found = adapter.parse(case.request, case.context)
    except PayloadMalformed as error:
        return Finding(verified=True, exit_code=MALFORMED, status=status, error=error)
    quarantined = tuple(quarantined_form(item) for item in found if isinstance(item, Quarantined))
    events = tuple(normal_form(item) for item in found if not isinstance(item, Quarantined))
    if quarantined and not events:
        first = PayloadMalformed(quarantined[0]["reason"], quarantined[0]["detail"])
        return Finding(True, MALFORMED, status, first, quarantined=quarantined)
    return Finding(True, VERIFIED_AND_PARSED, status, events=events, quarantined=quarantined)
