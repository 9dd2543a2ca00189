"""Traces that stay in this process, and a receiver of deliveries on this machine."""

from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from gateway import tracing
from gateway.settings import Settings
from gateway.tracing import Ids, Tracer
from tests.delivery.receiving import Receiver, receiving
from tests.telemetry.spans import Spans


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings, with receivers on this machine allowed."""
    return Settings.model_validate(settings.model_dump() | {"allow_private": "127.0.0.0/8"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver."""
    async with receiving() as made:
        yield made


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """What is traced while the test runs."""
    ids, exporter = Ids(), InMemorySpanExporter()
    provider = TracerProvider(ALWAYS_ON, id_generator=ids)  # type: ignore[arg-type] # its methods are what counts
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "current", Tracer(provider, ids))
    yield Spans(exporter)
    provider.shutdown()
