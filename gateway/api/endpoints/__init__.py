"""The API of endpoints: where a tenant's events are posted to, by what they are signed, and how the endpoints fare."""

from gateway.api.endpoints import dry_run, event_types, health, managing, pinging, rotating
from gateway.api.services import Services
from gateway.openapi import Api


def add_routes(api: Api, services: Services) -> None:
    """Mount all of it."""
    managing.add_routes(api, services)
    rotating.add_routes(api, services)
    pinging.add_routes(api, services)
    dry_run.add_routes(api, services)
    health.add_routes(api, services)
    event_types.add_routes(api)
