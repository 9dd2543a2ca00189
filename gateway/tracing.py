"""Traces by OpenTelemetry, if the environment names where they go; otherwise nothing here is ever called.

A trace needs no context that is passed on: its id is the id of what it is about. What becomes of a message is in the
trace of the message's UUID, whichever process does it; the last 62 bits of such an id are random, which is all that
sampling needs to come to the same result everywhere. The first span of a trace has the last 64 bits as its id, so that
whoever adds another one later, or elsewhere, knows its parent. Docs: docs/decisions/0018-traces-are-found-by-id.md.
"""

import os
import threading
import time
from collections.abc import Collection, Mapping, MutableSequence
from contextvars import ContextVar
from importlib.metadata import version
from typing import TYPE_CHECKING, cast
from uuid import UUID

import orjson
import structlog

from gateway.model.ids import IdInvalid, parse
from gateway.model.log import Entry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import SpanContext

log = structlog.get_logger(__name__)

#: Any of these says where traces go (OpenTelemetry's environment variables).
NAMED_BY = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SPAN_BITS = (1 << 64) - 1
#: W3C Trace Context level 2: these bits of a trace's id are random, and decide whether it is kept.
CHANCE_BITS = 56
RANDOM = 2
STOP_SECONDS = 5.0

Attribute = str | int | float | bool


class NotTraced(Exception):
    """The environment asks for traces that can't be had; the text says why."""


class Tracer:
    """Records spans that have ended.

    Args:
        provider: of the SDK, with ``Ids`` as its generator of ids; it takes whatever it is given.
        ids: that generator.
        ratio: the share of traces that are kept, from 0 to 1.
    """

    def __init__(self, provider: "TracerProvider", ids: "Ids", ratio: float = 1.0) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an extra; whoever traces nothing need not have it

        self._provider = provider
        self._tracer = provider.get_tracer("postgate")
        self._ids = ids
        self._bound = round(ratio * (1 << CHANCE_BITS))
        self._api = trace

    def keeps(self, of: UUID) -> bool:
        """Tell whether the trace of an id is kept; every process says the same."""
        return of.int & ((1 << CHANCE_BITS) - 1) < self._bound

    def span(
        self,
        name: str,
        of: UUID,
        began: int,
        ended: int,
        attributes: Mapping[str, Attribute | None],
        *,
        first: bool = False,
        span_id: int | None = None,
        kind: str = "internal",
        links: Collection[UUID] = (),
        error: str | None = None,
    ) -> None:
        """Record a span, if its trace is kept.

        Args:
            name: of a handful; ids are attributes.
            of: what the trace is about.
            began: nanoseconds since 1970.
            ended: the same.
            attributes: never a body, a secret, a number or an address of a person. None is left out.
            first: whether it is the span that the others of its trace hang from.
            span_id: what was told to somebody else; otherwise a new one.
            kind: internal, server, client, producer or consumer.
            links: what other traces are about that have to do with it.
            error: what went wrong, in a word.
        """
        if not self.keeps(of):
            return
        self._ids.trace = of.int
        self._ids.span = _first_of(of) if first else span_id
        parent = None if first else self._api.set_span_in_context(self._api.NonRecordingSpan(self._context(of)))
        one = self._tracer.start_span(
            name,
            context=parent or self._api.set_span_in_context(self._api.INVALID_SPAN),
            kind=self._api.SpanKind[kind.upper()],
            attributes={key: value for key, value in attributes.items() if value is not None},
            links=[self._api.Link(self._context(other)) for other in links if other != of],
            start_time=began,
        )
        if error is not None:
            one.set_status(self._api.StatusCode.ERROR, error)
        one.end(ended)

    def origin(
        self,
        name: str,
        own: UUID,
        began: int,
        ended: int,
        attributes: Mapping[str, Attribute | None],
        *,
        starts: Collection[UUID],
        touches: Collection[UUID] = (),
        error: str | None = None,
    ) -> UUID:
        """Record what something else begins with, such as a webhook; returns the id of the trace that it is in.

        Where one thing begins with it, it is the first span of that thing's trace; otherwise it has a trace of its
        own, and is linked with theirs.

        Args:
            own: what its own trace would be about.
            starts: what begins with it.
            touches: what it has to do with that is there already.
        """
        if len(starts) == 1:
            (of,) = starts
            self.span(name, of, began, ended, attributes, first=True, kind="server", links=touches, error=error)
            return of
        links = [*starts, *touches]
        self.span(name, own, began, ended, attributes, first=True, kind="server", links=links, error=error)
        for of in starts:
            self.span("begun", of, began, ended, {}, first=True, links=[own])
        return own

    def committed(self, entries: Collection[Entry]) -> None:
        """Note log entries that this process has just committed: the request that did it begins their traces.

        What nobody asked for, such as a conversation that wakes, begins by itself.
        """
        begun = STARTED.get()
        for entry in entries:
            if about_message(entry.type):
                if begun is not None and entry.type == "message.created":
                    begun.append(trace_of(entry))
            elif begun is not None:
                begun.append(entry.id)
            else:
                now = time.time_ns()
                self.span("entry", entry.id, now, now, told_of(entry), first=True)

    def frame(self, entry: Entry, receivers: int, began: int) -> None:
        """Record that an entry was written to sockets."""
        of, now = trace_of(entry), time.time_ns()
        since = round(now / 1e6 - entry.created_at.timestamp() * 1000, 1)
        about = {**told_of(entry), "postgate.receivers": receivers, "postgate.since_commit_ms": since}
        self.span("frame", of, began, now, about, kind="producer", links=[entry.id])

    def parent(self, of: UUID, span_id: int) -> str:
        """Return a ``traceparent`` (W3C Trace Context) for whoever is called within a span that has not ended."""
        return f"00-{of.int:032x}-{span_id:016x}-{'01' if self.keeps(of) else '00'}"

    def stop(self) -> None:
        """Send what was recorded, for a few seconds at most."""
        # The SDK waits 30 seconds for a collector that hangs: a thread does that, which keeps nobody from exiting.
        ending = threading.Thread(target=self._provider.shutdown, name="last traces", daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)

    def _context(self, of: UUID) -> "SpanContext":
        flags = self._api.TraceFlags(RANDOM | self._api.TraceFlags.SAMPLED if self.keeps(of) else RANDOM)
        return self._api.SpanContext(of.int, _first_of(of), is_remote=True, trace_flags=flags)


#: What records spans; None unless the environment asks for traces.
current: Tracer | None = None
#: What the request that is being answered has begun.
STARTED: ContextVar[MutableSequence[UUID] | None] = ContextVar("started", default=None)


class Ids:
    """Says which ids the next span gets: an ``IdGenerator`` of OpenTelemetry by its methods, if not by its class."""

    def __init__(self) -> None:
        self.trace = 0
        self.span: int | None = None

    def generate_trace_id(self) -> int:
        """Return the id of the trace."""
        return self.trace

    def generate_span_id(self) -> int:
        """Return the id of the span, a new one unless it was set."""
        return new_span() if self.span is None else self.span

    def is_trace_id_random(self) -> bool:
        """Tell that the last 56 bits are random, so that others may sample by them too."""
        return True


def start(environ: Mapping[str, str]) -> None:
    """Begin to trace, if the environment names an exporter. The other ``OTEL_…`` variables are the SDK's to read.

    Raises:
        NotTraced: when it does, but traces can't be had.
    """
    global current  # noqa: PLW0603 - like the registry of metrics: one of the process
    named = environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    if not any(environ.get(name) for name in NAMED_BY) or named == "none":
        return
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return
    if named != "otlp":
        raise NotTraced(f"OTEL_TRACES_EXPORTER is {named!r}: only otlp and none are known")
    protocol = environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in {None, "", "http/protobuf"}:
        raise NotTraced(f"the protocol {protocol!r} of the OTLP exporter is not supported: use http/protobuf")
    try:
        current = _tracer(environ)
    except ImportError as error:
        raise NotTraced("traces need the extra `otel`: pip install 'postgate[otel]'") from error


def stop() -> None:
    """Send what was recorded, and end."""
    global current  # noqa: PLW0603 - see ``start``
    if current is not None:
        current.stop()
        current = None


def _tracer(environ: Mapping[str, str]) -> Tracer:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415

    ids = Ids()
    says = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create(
        {"service.version": version("postgate"), **({} if says else {"service.name": "postgate"})}
    )
    generator = cast("IdGenerator", ids)
    provider = TracerProvider(ALWAYS_ON, resource, id_generator=generator)  # ``stop`` sends the rest
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracer(provider, ids, ratio_of(environ))


def ratio_of(environ: Mapping[str, str]) -> float:
    """Return the share of traces that is kept.

    The SDK's own samplers look at bits that a UUID does not draw by lot, so that they are not asked. No caller's
    decision counts, so that a sampler "based on the parent" is the same as one that is not.

    Raises:
        NotTraced: when the variables make no sense.
    """
    sampler = environ.get("OTEL_TRACES_SAMPLER", "always_on").strip().lower().removeprefix("parentbased_")
    if sampler in {"always_on", "always_off"}:
        return 1.0 if sampler == "always_on" else 0.0
    if sampler != "traceidratio":
        raise NotTraced(f"OTEL_TRACES_SAMPLER is {sampler!r}: always_on, always_off and traceidratio are known")
    told = environ.get("OTEL_TRACES_SAMPLER_ARG", "1")
    try:
        ratio = float(told)
    except ValueError:
        ratio = -1.0
    if not 0.0 <= ratio <= 1.0:
        raise NotTraced(f"OTEL_TRACES_SAMPLER_ARG is {told!r}: it has to be between 0 and 1")
    return ratio


def trace_of(entry: Entry) -> UUID:
    """Return what the trace of a log entry is about: its message, if it is about one, else itself."""
    if entry.data is None or not about_message(entry.type):  # ingest leaves the data of others' tenants out
        return entry.id
    return about(entry.id, entry.type, orjson.loads(entry.data))


def about(event_id: UUID, kind: str, data: object) -> UUID:
    """Return what the trace of an event is about.

    Args:
        event_id: of the event.
        kind: its type.
        data: its data, read from JSON.
    """
    key = "message_id" if kind == "attachment.updated" else "id"
    if not about_message(kind) or not isinstance(data, dict) or key not in data:
        return event_id
    try:
        return parse("msg", data[key])
    except IdInvalid:
        return event_id


def about_message(kind: str) -> bool:
    """Tell whether events of a type are about a message."""
    return kind.startswith("message.") or kind == "attachment.updated"


def told_of(entry: Entry) -> dict[str, Attribute | None]:
    """Return what spans say of a log entry."""
    return {
        "postgate.tenant": str(entry.tenant_id),
        "postgate.event": entry.id.hex,
        "postgate.event_type": entry.type,
        "postgate.seq": entry.seq,
    }


def new_span() -> int:
    """Make an id of a span; 0 is none."""
    return int.from_bytes(os.urandom(8), "big") or 1


def _first_of(of: UUID) -> int:
    return of.int & SPAN_BITS or 1
