"""Integrators: real receivers of webhooks, some of which misbehave for a while, and who note all that comes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
from aiohttp import ClientSession, web

from tests.drill.companies import BUSY, CANARY, Company
from tests.drill.evidence import Arrival
from tests.drill.marks import strangers

#: An endpoint of each of these kinds for each tenant with traffic: what it asks for beside its URL.
KINDS: Mapping[str, Mapping[str, Any]] = {
    "steady": {"event_types": ["*"]},
    "ordered": {"event_types": ["message.*", "conversation.*"], "ordering": "conversation"},
    "moody": {"event_types": ["message.created", "message.status_changed"]},
}
#: Those that misbehave now and then.
MOODY = ("ordered", "moody")
#: Soon again, and often: nothing of the drill may be given up.
RETRIES = [0, 1, 1, 2, 2, 3, 3, *[5] * 13]
TIMEOUT_MS = 4000
#: Longer than that: whoever hangs does not answer in time.
HANG_SECONDS = 5.0
RETRY_AFTER = "1"


class Integrators:
    """The receivers of all tenants, on one port.

    Args:
        companies: all tenants.
        clock: seconds since the load began.

    Attributes:
        arrivals: what came, in order.
        ordered: the endpoints that want order, by id.
        unexpected: requests that can't be told from what they say.
    """

    def __init__(self, companies: Sequence[Company], clock: Callable[[], float]) -> None:
        self.arrivals: list[Arrival] = []
        self.ordered: set[str] = set()
        self._companies = {company.name: company for company in companies}
        self._clock = clock
        self._ids: dict[tuple[str, str], str] = {}
        self._moods: dict[tuple[str, str], str] = {}

    @contextmanager
    def upset(self, tenant: str, endpoint: str, mood: str) -> Iterator[None]:
        """Let an endpoint misbehave."""
        self._moods[tenant, endpoint] = mood
        try:
            yield
        finally:
            self._moods.pop((tenant, endpoint), None)

    async def register(self, base_url: str, gateway_url: str) -> None:
        """Register all endpoints through a gateway's API."""
        wanted = [(name, kind, terms) for name in BUSY for kind, terms in KINDS.items()]
        async with ClientSession(gateway_url) as session:
            for name, kind, terms in [*wanted, (CANARY, "steady", KINDS["steady"])]:
                body = {"url": f"{base_url}/{name}/{kind}", "timeout_ms": TIMEOUT_MS, "retry_seconds": RETRIES, **terms}
                auth = self._companies[name].auth
                async with session.post("/api/v1/webhook-endpoints", json=body, headers=auth) as answer:
                    if answer.status != 201:
                        raise RuntimeError(f"no endpoint for {name}: {await answer.text()}")
                    self._ids[name, kind] = (await answer.json())["id"]
                if terms.get("ordering") == "conversation":
                    self.ordered.add(self._ids[name, kind])

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Note a delivery, and answer as the endpoint's mood is."""
        place = (request.match_info["tenant"], request.match_info["endpoint"])
        body = await request.read()
        mood = self._moods.get(place)
        self._note(place, body, taken=mood is None)
        match mood:
            case "hang":
                await asyncio.sleep(HANG_SECONDS)
            case "reset":
                if request.transport is not None:
                    request.transport.abort()
            case "busy":
                return web.Response(status=429, headers={"Retry-After": RETRY_AFTER})
            case None:
                return web.Response(status=204)
        return web.Response(status=500)

    def _note(self, place: tuple[str, str], body: bytes, *, taken: bool) -> None:
        event = orjson.loads(body)
        company = self._companies[place[0]]
        foreign = event["tenant_id"] != str(company.id) or bool(strangers(company.name, body.decode()))
        self.arrivals.append(
            Arrival(
                company.name, self._ids[place], event["seq"], event["conversation_id"], self._clock(), taken, foreign
            )
        )


@asynccontextmanager
async def integrating(
    companies: Sequence[Company], clock: Callable[[], float], gateway_url: str
) -> AsyncIterator[Integrators]:
    """Serve all receivers, registered."""
    integrators = Integrators(companies, clock)
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/{tenant}/{endpoint}", integrators.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await integrators.register(f"http://127.0.0.1:{runner.addresses[0][1]}", gateway_url)
        yield integrators
    finally:
        await runner.cleanup()
