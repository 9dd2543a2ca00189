"""All operations of the API, mounted in the order in which the description lists them."""

from aiohttp import web

from gateway.access import GATE, Gate
from gateway.api import (
    api_keys,
    attachments,
    audit,
    availability,
    bulk,
    canned_replies,
    channel_list,
    connections,
    conversations,
    custom_fields,
    customer_conversations,
    customer_duplicates,
    customer_merges,
    customer_notes,
    customer_timeline,
    customers,
    data_requests,
    deliveries,
    docs,
    drafts,
    endpoints,
    exports,
    files,
    health,
    imports,
    invitations,
    join,
    labels,
    login,
    media,
    members,
    messages,
    notes,
    oidc,
    page,
    password_reset,
    pii,
    pii_results,
    profile,
    providers,
    recoveries,
    retention,
    search,
    second_factor,
    self_test,
    sending,
    sessions,
    teams,
    templates,
    views,
    webhooks,
    why,
)
from gateway.api.entrance import Entrance, Guesses
from gateway.api.services import Services
from gateway.audit.access import AUDITOR
from gateway.openapi import Api
from gateway.passwords import PasswordChecker

TRIES_PER_ADDRESS = 10
TRIES_PER_PEER = 30
#: Codes have six digits, three of them are right at a time: ten an hour guess one in four years.
TRIES_PER_PERSON = 10
LETTERS_PER_ADDRESS = 5
WINDOW_SECONDS = 300.0
HOUR_SECONDS = 3600.0


def open_gate(app: web.Application, services: Services) -> None:
    """Let callers be identified in this application, and written down; before any feature serves."""
    app[GATE] = Gate(services.pool, services.public_url, services.clock)
    app[AUDITOR] = services.auditor


def add_routes(app: web.Application, api: Api, services: Services) -> None:
    """Mount the API but for its description and the page."""
    passwords = PasswordChecker()

    async def close_passwords(_app: web.Application) -> None:
        passwords.close()

    app.on_cleanup.append(close_passwords)
    _add_people(app, api, services, passwords)
    conversations.add_routes(api, services)
    bulk.add_routes(api, services)
    notes.add_routes(api, services)
    drafts.add_routes(api, services)
    views.add_routes(api, services)
    availability.add_routes(api, services)
    labels.add_routes(api, services)
    teams.add_routes(api, services)
    canned_replies.add_routes(api, services)
    messages.add_routes(api, services)
    sending.add_routes(api, services)
    files.add_routes(api, services)
    attachments.add_routes(api, services)
    media.add_routes(app, services)
    customers.add_routes(api, services)
    customer_conversations.add_routes(api, services)
    customer_duplicates.add_routes(api, services)
    customer_merges.add_routes(api, services)
    customer_notes.add_routes(api, services)
    customer_timeline.add_routes(api, services)
    custom_fields.add_routes(api, services)
    imports.add_routes(api, services)
    exports.add_routes(api, services)
    data_requests.add_routes(api, services)
    search.add_routes(api, services)
    webhooks.add_routes(api, services)
    providers.add_routes(api, services)
    connections.add_routes(api, services)
    channel_list.add_routes(api, services)
    self_test.add_routes(api, services)
    templates.add_routes(api, services)
    endpoints.add_routes(api, services)
    deliveries.add_routes(api, services)
    why.add_routes(api, services)
    recoveries.add_routes(api, services)
    retention.add_routes(api, services)
    audit.add_routes(api, services)
    pii.add_routes(api, services)
    pii_results.add_routes(api, services)


def _add_people(app: web.Application, api: Api, services: Services, passwords: PasswordChecker) -> None:
    guesses = Guesses(
        by_peer=services.tries("peer", TRIES_PER_PEER, WINDOW_SECONDS),
        by_address=services.tries("address", TRIES_PER_ADDRESS, WINDOW_SECONDS),
        by_person=services.tries("person", TRIES_PER_PERSON, HOUR_SECONDS),
        letters=services.tries("letters", LETTERS_PER_ADDRESS, HOUR_SECONDS),
        invitations=services.tries("invitations", LETTERS_PER_ADDRESS, HOUR_SECONDS),
    )
    entrance = Entrance(services, passwords, guesses)

    async def finish(_app: web.Application) -> None:
        await entrance.finish()

    app.on_shutdown.append(finish)
    login.add_routes(api, entrance)
    second_factor.add_routes(api, entrance)
    oidc.add_routes(api, entrance)
    join.add_routes(api, entrance)
    password_reset.add_routes(api, entrance)
    profile.add_routes(api, entrance)
    sessions.add_routes(api, services)
    members.add_routes(api, services)
    invitations.add_routes(api, entrance)
    api_keys.add_routes(api, services)


def add_last_routes(app: web.Application, api: Api, services: Services) -> None:
    """Mount what comes after all features: health, the description of everything, and the page."""
    health.add_routes(api, services)
    docs.add_routes(api, app)
    page.add_routes(app, services.assets)
