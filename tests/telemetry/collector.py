"""A collector of traces, as OTLP over HTTP reaches it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What came: each span with the name of its service."""

    url: str = ""
    spans: list[tuple[str, Span]] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    def of(self, trace_id: bytes) -> dict[str, tuple[str, Span]]:
        """Return the spans of a trace, by name."""
        return {span.name: (service, span) for service, span in self.spans if span.trace_id == trace_id}

    async def wait_for(self, trace_id: bytes, names: set[str], seconds: float = 60.0) -> None:
        """Wait until a trace has spans of all these names."""
        async with asyncio.timeout(seconds), self.came:
            await self.came.wait_for(lambda: self.of(trace_id).keys() >= names)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take what a process sends."""
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            service = {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"]
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        async with self.came:
            self.came.notify_all()
        return web.Response(content_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Run a collector on a free port of this machine."""
    collector = Collector()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()
