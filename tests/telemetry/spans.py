"""Spans that were recorded, as a test asks for them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Spans:
    """What an exporter was given."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> Sequence[ReadableSpan]:
        """Return all of them."""
        return self._exporter.get_finished_spans()

    def of(self, about: UUID) -> dict[str, ReadableSpan]:
        """Return those of one trace, by name; the last one of each."""
        return {span.name: span for span in self.all() if trace(span) == about.int}

    def named(self, name: str) -> list[ReadableSpan]:
        """Return those of a name."""
        return [span for span in self.all() if span.name == name]

    async def until(self, holds: Callable[[], Any], seconds: float = 30.0) -> None:
        """Wait until something holds of them; they are told by no event."""
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.01)


def trace(span: ReadableSpan) -> int:
    """Return the id of a span's trace."""
    assert span.context is not None
    return int(span.context.trace_id)


def own(span: ReadableSpan) -> int:
    """Return the id of a span."""
    assert span.context is not None
    return int(span.context.span_id)


def told(span: ReadableSpan) -> dict[str, Any]:
    """Return a span's attributes."""
    return dict(span.attributes or {})


def links(span: ReadableSpan) -> set[int]:
    """Return the traces that a span is linked with."""
    return {link.context.trace_id for link in span.links}
