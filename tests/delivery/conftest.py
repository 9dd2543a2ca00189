"""A gateway that may call receivers on this machine, and an integrator who registers them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.settings import Settings
from tests.conftest import Tenant
from tests.delivery.receiving import Receiver, receiving


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings, with receivers on this machine allowed."""
    told = settings.model_dump() | {"allow_private": "127.0.0.0/8"}
    return Settings.model_validate(told)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver."""
    async with receiving() as made:
        yield made


@dataclass(frozen=True)
class Integrator:
    """Somebody with an API key."""

    client: ClientSession
    tenant: Tenant

    async def ask(self, method: str, path: str, status: int, body: Any = None) -> Any:
        """Make a request of the API; returns its answer."""
        answer = await self.client.request(method, f"/api/v1{path}", json=body, headers=self.tenant.auth)
        told = await answer.json() if answer.content_length != 0 and answer.status != 204 else None
        assert answer.status == status, told
        return told

    async def register(self, receiver: Receiver, **terms: Any) -> dict[str, Any]:
        """Register a receiver; returns the endpoint with its secret."""
        made: dict[str, Any] = await self.ask("POST", "/webhook-endpoints", 201, {"url": receiver.url, **terms})
        return made

    async def happen(self, count: int = 1, prefix: str = "Label") -> None:
        """Let things happen that the log tells of."""
        for number in range(count):
            await self.ask("POST", "/labels", 201, {"name": f"{prefix} {number}", "color": "green"})


@pytest.fixture
async def integrator(client: ClientSession, tenant: Tenant) -> Integrator:
    """An integrator."""
    return Integrator(client, tenant)
