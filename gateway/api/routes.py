"""All operations of the API, mounted in the order in which the description lists them."""

import time

from aiohttp import web

from gateway.access import GATE, Gate
from gateway.api import (
    connections,
    conversations,
    docs,
    files,
    health,
    login,
    media,
    messages,
    page,
    providers,
    self_test,
    templates,
    webhooks,
)
from gateway.api.login import Login
from gateway.api.services import Services
from gateway.api.tries import Tries
from gateway.openapi import Api
from gateway.passwords import PasswordChecker

TRIES_PER_ADDRESS = 10
TRIES_PER_PEER = 30


def open_gate(app: web.Application, services: Services) -> None:
    """Let callers be identified in this application; before any feature serves."""
    app[GATE] = Gate(services.pool, services.public_url, services.clock)


def add_routes(app: web.Application, api: Api, services: Services) -> None:
    """Mount the API but for its description and the page."""
    passwords = PasswordChecker()

    async def close_passwords(_app: web.Application) -> None:
        passwords.close()

    app.on_cleanup.append(close_passwords)
    by_address = Tries(TRIES_PER_ADDRESS, time.monotonic)
    by_peer = Tries(TRIES_PER_PEER, time.monotonic)
    login.add_routes(api, Login(services, passwords, by_address, by_peer))
    conversations.add_routes(api, services)
    messages.add_routes(api, services)
    files.add_routes(api, services)
    media.add_routes(app, services)
    webhooks.add_routes(api, services)
    providers.add_routes(api, services)
    connections.add_routes(api, services)
    self_test.add_routes(api, services)
    templates.add_routes(api, services)


def add_last_routes(app: web.Application, api: Api, services: Services) -> None:
    """Mount what comes after all features: health, the description of everything, and the page."""
    health.add_routes(api, services)
    docs.add_routes(api, app)
    page.add_routes(app, services.assets)
