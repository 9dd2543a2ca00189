"""What one webhook went through on its way in: for its log line, its count and its trace.

Thousands of webhooks may come in a second, and a line costs more than the rest of the way. So as many lines as people
can read are written in full, and a line tells how many like it were left out before it; the ledger has all of them.
"""

import time
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog
from prometheus_client import Counter

from gateway import tracing
from gateway.line_budget import Budget
from gateway.model.ids import public
from gateway.model.log import Entry
from gateway.tracing import Attribute

log = structlog.get_logger(__name__)

ANSWERED = Counter("postgate_webhooks_total", "Webhooks by provider and answer.", ["provider", "status"])
UNKNOWN = "-"
#: Verdicts that are worth a warning.
WARNED = frozenset({"quarantined", "unavailable", "failed"})
#: Where the rows of a message and of a status say their ids.
ROW_ID = 3

clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the writer: how many webhooks it held, and the log entries of all of them."""

    group: int
    entries: Collection[Entry]


class Translated(Protocol):
    """A webhook with its rows; see ``gateway.ingest.webhook.Webhook``."""

    @property
    def id(self) -> UUID:
        """Of the webhook."""

    @property
    def tenant_id(self) -> UUID:
        """Whose it is."""

    @property
    def verified(self) -> bool:
        """Whether its signature is right."""

    @property
    def pending(self) -> bool:
        """Whether it is read later."""

    @property
    def messages(self) -> Sequence[Any]:
        """Rows."""

    @property
    def statuses(self) -> Sequence[Any]:
        """Rows."""

    @property
    def notes(self) -> Sequence[Any]:
        """Rows."""

    @property
    def unstored(self) -> Sequence[Any]:
        """What became no row, each with its ``state``."""


class Passage:
    """The way of one request to a webhook's URL. Times are those of ``clock``."""

    __slots__ = ("began", "body", "connection", "parts", "provider", "steps", "tenant")

    def __init__(self) -> None:
        self.began = clock()
        self.body = 0
        self.provider = UNKNOWN
        self.tenant: UUID | None = None
        self.connection: UUID | None = None
        #: What was done, and until when; each began when the last one ended.
        self.steps: list[tuple[str, float]] = []
        #: What was stored of it; several where tenants share an app.
        self.parts: list[tuple[Translated, Commit]] = []


#: Of the request that is being answered.
PASSAGE: ContextVar[Passage | None] = ContextVar("passage", default=None)


def known(provider: str, tenant: UUID | None = None, connection: UUID | None = None) -> None:
    """Note whose webhook it is."""
    if (passage := PASSAGE.get()) is not None:
        passage.provider, passage.tenant, passage.connection = provider, tenant, connection


def read(size: int) -> None:
    """Note that the body has come."""
    if (passage := PASSAGE.get()) is not None:
        passage.body = size
        passage.steps.append(("read", clock()))


def took(step: str) -> None:
    """Note that a step ends now; it began when the last one ended."""
    if (passage := PASSAGE.get()) is not None:
        passage.steps.append((step, clock()))


def stored(webhook: Translated, commit: Commit) -> None:
    """Note that a webhook, or a part of it, is committed."""
    if (passage := PASSAGE.get()) is not None:
        passage.steps.append(("store", clock()))
        passage.parts.append((webhook, commit))


def read_later(webhook: Translated, provider: str, commit: Commit, since: float, *, first: bool) -> None:
    """Write the line of a mail that was stored before, and has been read and stored now; and record its trace.

    Args:
        since: when it was taken up.
        first: whether no request begins its trace: it came by SMTP.
    """
    way = Passage()
    way.began, way.provider, way.tenant = since, provider, webhook.tenant_id
    way.parts.append((webhook, commit))
    now = clock()
    verdict = _verdict(way, 200)
    log.log(
        30 if verdict in WARNED else 20,
        "mail",
        webhook=public("whk", webhook.id),
        provider=provider,
        tenant=str(webhook.tenant_id),
        verdict=verdict,
        **_counts(way),
        group=commit.group,
        ms=_ms(since, now),
    )
    if (tracer := tracing.current) is not None:
        started, ended = _started(way), time.time_ns()
        began = ended - int((now - since) * 1e9)
        about: dict[str, Attribute | None] = {"postgate.provider": provider, "postgate.tenant": str(webhook.tenant_id)}
        tracer.span("read mail", webhook.id, began, ended, about, first=first, kind="consumer", links=started)
        for of in started:
            tracer.span("begun", of, began, ended, {}, first=True, links=[webhook.id])


_budget = Budget()
_answers: dict[tuple[str, int], Counter] = {}


def ended(passage: Passage, status: int, request_id: str | None) -> None:
    """Count a webhook that was answered, write its line, and record its trace.

    Args:
        passage: its way.
        status: of the answer; 499 when nobody was there any more to take it.
        request_id: as the answer told it.
    """
    now = clock()
    counter = _answers.get((passage.provider, status))
    if counter is None:
        counter = _answers[passage.provider, status] = ANSWERED.labels(passage.provider, str(status))
    counter.inc()
    left_out = _budget.take(verdict := _verdict(passage, status), now)
    if left_out is not None:
        _write(passage, status, verdict, request_id, now, left_out)
    if (tracer := tracing.current) is not None:
        _trace(tracer, passage, status, verdict, now)


def _verdict(passage: Passage, status: int) -> str:
    if status >= 400:
        return {500: "failed", 503: "unavailable", 499: "gone"}.get(status, "refused")
    parts = passage.parts
    if not parts:
        return "answered"  # a handshake, a probe, or nothing that any tenant owns
    if len(parts) == 1 and not parts[0][0].unstored:
        return "pending" if parts[0][0].pending else "taken"
    states = {item.state for webhook, _ in parts for item in webhook.unstored}
    if "quarantined" in states:
        return "quarantined"
    some = any(webhook.messages or webhook.statuses or webhook.notes for webhook, _ in parts)
    return "taken" if some else "ignored"


def _write(passage: Passage, status: int, verdict: str, request_id: str | None, now: float, left_out: int) -> None:
    first = passage.parts[0] if passage.parts else None
    log.log(
        30 if verdict in WARNED else 20,
        "webhook",
        request_id=request_id,
        webhook=None if first is None else public("whk", first[0].id),
        provider=passage.provider,
        tenant=_text(passage.tenant or (first and first[0].tenant_id)),
        connection=None if passage.connection is None else public("int", passage.connection),
        status=status,
        verdict=verdict,
        verified=None if first is None else first[0].verified,
        bytes=passage.body,
        **_counts(passage),
        group=None if first is None else first[1].group,
        ms=_ms(passage.began, now),
        **{f"{step}_ms": _ms(*span) for step, span in _spans(passage).items()},
        left_out=left_out,
    )


def _counts(passage: Passage) -> dict[str, int]:
    """Count the items. Of statuses and notes only the database knows which are new; the ledger tells."""
    told = {"messages": 0, "statuses": 0, "notes": 0, "stored": 0, "duplicate": 0, "ignored": 0, "quarantined": 0}
    for webhook, commit in passage.parts:
        entries = {entry.id for entry in commit.entries} if webhook.messages else frozenset()
        new = sum(row[ROW_ID] in entries for row in webhook.messages)
        told["messages"] += len(webhook.messages)
        told["statuses"] += len(webhook.statuses)
        told["notes"] += len(webhook.notes)
        told["stored"] += new
        told["duplicate"] += len(webhook.messages) - new
        for item in webhook.unstored:
            told[item.state] += 1
    return told


def _spans(passage: Passage) -> dict[str, tuple[float, float]]:
    """Return when each step began and ended; parts of a webhook go through them side by side."""
    found: dict[str, tuple[float, float]] = {}
    before = passage.began
    for step, until in passage.steps:
        found[step] = (found[step][0] if step in found else before, until)
        before = until
    return found


def _trace(tracer: tracing.Tracer, passage: Passage, status: int, verdict: str, now: float) -> None:
    if not passage.parts:
        return  # nothing begins with it, and anybody can make as many as they like
    shift = time.time_ns() - int(now * 1e9)

    def moment(at: float) -> int:
        return shift + int(at * 1e9)

    webhook, commit = passage.parts[0]
    about: dict[str, Attribute | None] = {
        "http.response.status_code": status,
        "postgate.webhook": webhook.id.hex,
        "postgate.provider": passage.provider,
        "postgate.tenant": str(webhook.tenant_id),
        "postgate.connection": _text(passage.connection),
        "postgate.verdict": verdict,
        "postgate.bytes": passage.body,
        **{f"postgate.{name}": count for name, count in _counts(passage).items()},
    }
    began = moment(passage.began)
    of = tracer.origin(
        "webhook", webhook.id, began, moment(now), about, starts=_started(passage),
        error=verdict if verdict in WARNED else None,
    )  # fmt: skip
    for step, (since, until) in _spans(passage).items():
        told: dict[str, Attribute | None] = {"postgate.group": commit.group} if step == "store" else {}
        tracer.span(step, of, moment(since), moment(until), told)


def _started(passage: Passage) -> list[UUID]:
    """Return what has begun with a webhook: messages and statuses that made entries of the log."""
    found: list[UUID] = []
    for webhook, commit in passage.parts:
        entries = {entry.id for entry in commit.entries}
        rows = (*webhook.messages, *webhook.statuses)
        found += [row[ROW_ID] for row in rows if row[ROW_ID] in entries]
    return found


def _ms(since: float, until: float) -> float:
    return round((until - since) * 1000, 2)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
