"""``POST /api/v1/connections/{id}/self-test``: a signed request of our own is sent the way that webhooks come."""

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from channels.adapter import Adapter, Credentials
from channels.errors import ChannelError
from channels.http import Headers, HttpRequest
from channels.registry import ADAPTERS
from gateway.access import origin_of
from gateway.api.connections import TAG
from gateway.api.credentials import opened
from gateway.api.services import Services
from gateway.model.connection import Check, SelfTest
from gateway.model.ids import public
from gateway.model.provider import hook_url
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import NotFound
from gateway.selftest import findings
from gateway.selftest.calling import Trouble, call
from gateway.selftest.probes import HEADER, Probes
from gateway.store import connections as store
from gateway.store.pool import tenant_tx

#: What proxies like to write otherwise: repeated names, a plus beside %20, small hexadecimal digits.
QUERY = "?probe=1&probe=a+b%20c%c3%bc"
#: And here: letters beyond ASCII, both written out and escaped, and blanks that a JSON library would not keep.
BODY = '{"probe":  "Grüße \\u00fc + %20", "other": "2e1"}'.encode()
FIELDS = {"content-type": "application/json", "user-agent": "Postgate self-test", "accept": "*/*"}

TEST = Operation(
    method="POST",
    path="/api/v1/connections/{id}/self-test",
    name="self_test_connection",
    tag=TAG,
    summary="Test a connection: send a signed request through its public URL, and say what is wrong.",
    description="For owners and admins. Nothing is stored, and nothing is sent to the provider. Refused webhooks are"
    " those that the answering process remembers.",
    query=NoQuery,
    body=NoBody,
    permission="connections.write",
    answers={200: Answer("What was looked at, and what was found.", SelfTest)},
    id_prefix="int",
)


class SelfTests:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._base_url = services.public_url.rstrip("/")
        self._probes = Probes(services.keyring, services.clock)

    async def test(self, called: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Test a connection."""
        async with tenant_tx(self._services.pool, called.caller.tenant_id) as tx:
            connection = await store.get(tx, called.id)
            clocks = findings.Clocks(self._services.clock(), await store.database_time(tx))
        adapter = ADAPTERS.get(connection.provider) if connection else None
        if connection is None or adapter is None:
            raise NotFound("there is no such connection")
        values = await opened(self._services.keyring, connection, called.caller.tenant_id)
        credentials = adapter.credentials.model_validate(values)
        checks = [findings.of_switch(connection.status)]
        checks += findings.of_credentials(adapter, credentials, connection.settings)
        if adapter.posted:
            checks += findings.of_public_url(self._base_url, _page_of(called.request))
            if connection.status != "disabled":
                checks += await self._journey(connection.id, adapter, credentials, clocks)
        return json_answer(SelfTest(ok=all(check.ok for check in checks), checks=checks))

    async def _journey(
        self, connection_id: UUID, adapter: Adapter, credentials: Credentials, clocks: findings.Clocks
    ) -> Sequence[Check]:
        """Send a probe, and say what came of it."""
        url = hook_url(self._base_url, public("int", connection_id))
        nonce = self._services.secret(16).hex()
        request, signed = self._signed(adapter, credentials, url)
        proof = {HEADER: self._probes.proof(connection_id, nonce)}
        request = HttpRequest(request.method, request.url, request.headers.with_fields(proof), request.body)
        answer = await call(request, nonce)
        refused = findings.of_refusals(self._services.refusals(connection_id), url)
        if isinstance(answer, Trouble):
            return [findings.of_trouble(answer, url), findings.of_clocks(clocks, None), refused]
        signature = findings.of_signature(adapter, answer, signed=signed)
        journey = findings.of_journey(request, answer, self._base_url)
        return [*journey, signature, findings.of_clocks(clocks, answer), refused]

    def _signed(self, adapter: Adapter, credentials: Credentials, url: str) -> tuple[HttpRequest, bool]:
        """Return a request as the provider would sign it, and whether that could be done.

        Some providers sign in a way of their own when the URL has a query, or can't be imitated at all.
        """
        now = self._services.clock()
        plain = HttpRequest("POST", url + QUERY, Headers.of(FIELDS), BODY)
        if adapter.sign is None:
            return plain, False
        for tried in (plain, HttpRequest("POST", url, Headers.of(FIELDS), BODY)):
            try:
                signed = adapter.sign(tried, credentials, now)
                adapter.verify(signed, credentials, now)
            except ChannelError:
                continue
            return signed, True
        return plain, False


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(TEST, SelfTests(services).test)


def _page_of(request: web.Request) -> str | None:
    """Return the origin of the page that asked; None when it was none (https://fetch.spec.whatwg.org/#origin-header)."""
    origin = request.headers.get("Origin", "")
    return origin if origin_of(origin) is not None else None
