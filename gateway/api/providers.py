"""``/api/v1/providers``: what can be connected, and how."""

from aiohttp import web

from channels.registry import ADAPTERS
from gateway.api.services import Services
from gateway.model.provider import Provider, ProviderPage, described
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import NotFound

TAG = "Connections"

LIST = Operation(
    method="GET",
    path="/api/v1/providers",
    name="list_providers",
    tag=TAG,
    summary="List the providers that can be connected.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, by title.", ProviderPage)},
)
GET = Operation(
    method="GET",
    path="/api/v1/providers/{name}",
    name="get_provider",
    tag=TAG,
    summary="Get a provider: its capabilities, its credentials, and the steps to connect it.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The provider.", Provider)},
    word="name",
)


class Providers:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._url = services.public_url

    async def list(self, _call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all providers."""
        found = sorted((described(one, self._url) for one in ADAPTERS.values()), key=lambda one: one.title.lower())
        return json_answer(ProviderPage(data=found, next_cursor=None))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one provider."""
        adapter = ADAPTERS.get(call.request.match_info["name"])
        if adapter is None:
            raise NotFound("there is no such provider")
        return json_answer(described(adapter, self._url))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Providers(services)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
