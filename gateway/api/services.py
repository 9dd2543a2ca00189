"""What the API is given by the application: it opens nothing and reads no clock itself."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg
from prometheus_client import generate_latest

from channels.http import HttpRequest, HttpResponse
from gateway.api.tries import OwnTries, Tries
from gateway.audit.access import Auditor
from gateway.files.keeping import Files
from gateway.keys import Keyring
from gateway.model.log import Entry
from gateway.outgoing.registration import UrlVerdict
from gateway.peers import Network
from gateway.people.letters import Post
from gateway.people.single_sign_on import SingleSignOn
from gateway.selftest.refusals import Lately
from gateway.store.retention import OPERATORS, Keeping


class NotReady(Exception):
    """A part of the gateway can't do its work; the words are told to whoever asks ``/readyz``."""


#: Tells that a part of the gateway can do its work, with a word on how it is; raises ``NotReady`` when it can't.
Check = Callable[[], Awaitable[object]]


async def own_measurements() -> bytes:
    """Return all measurements of this process."""
    return generate_latest()


async def own_life() -> None:
    """Do nothing: whoever can call this is alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The API's surroundings.

    Attributes:
        pool: of the role ``app``.
        public_url: the base URL that browsers use.
        assets: the folder of the built page.
        clock: the time, in UTC.
        new_id: makes an id of a moment given in milliseconds.
        secret: makes that many random bytes.
        announce: told new log entries after their commit.
        keyring: seals and opens credentials.
        files: takes files in, and gives their bytes out.
        auditor: writes down who reads and changes personal data.
        connection_changed: told the id of a connection that was changed, after the commit.
        refusals: tells which webhooks of a connection this process refused lately.
        call: makes a request to somebody outside, guarded, and reads that many bytes of the answer at most.
        check_url: judges the URL of an endpoint: may it be registered, would the guard let calls through to it?
        replay: parses a stored webhook of a tenant anew; returns after the commit.
        login_ended: told the hash of a session's token, or of an API key, so that its websockets are closed.
        tell_own: told what changed of a member's own (tenant, member, what, JSON text), for its other windows.
        message_queued: told that a message waits to be sent, after the commit.
        endpoint_changed: told an endpoint that was changed, or is owed something now, after the commit.
        demo: whether a tenant's people can use the simulator.
        post: sends a letter to somebody; None when the operator named no mail server.
        single_sign_on: the identity provider; None when the operator named none.
        trusted_proxies: those of the operator, whose word on who calls counts.
        import_waits: told that an import of customers is to be read.
        data_request_waits: told that something is asked for of a customer's data.
        tries: makes what counts tries, given a name, how many are allowed, and within how many seconds.
        keeping: how long things are kept of tenants that don't say otherwise.
        measurements: tells all that is measured, as Prometheus reads it.
        check_alive: raises ``NotReady`` when a part of the gateway hangs.
        checks: what must be well for ``/readyz`` beside the database and its migrations, by name.
    """

    pool: asyncpg.Pool
    public_url: str
    assets: Path
    clock: Callable[[], datetime]
    new_id: Callable[[int], UUID]
    secret: Callable[[int], bytes]
    announce: Callable[[Sequence[Entry]], None]
    keyring: Keyring
    files: Files
    auditor: Auditor
    connection_changed: Callable[[UUID], None]
    refusals: Callable[[UUID], Lately | None]
    call: Callable[[HttpRequest, int], Awaitable[HttpResponse]]
    check_url: Callable[[str], Awaitable[UrlVerdict]]
    replay: Callable[[UUID, UUID], Awaitable[bool]]
    login_ended: Callable[[bytes], None]
    message_queued: Callable[[], None]
    demo: Callable[[UUID], bool]
    tell_own: Callable[[UUID, UUID, str, str], None]
    endpoint_changed: Callable[[UUID], None] = lambda _endpoint_id: None
    post: Post | None = None
    single_sign_on: SingleSignOn | None = None
    trusted_proxies: Sequence[Network] = ()
    import_waits: Callable[[], None] = lambda: None
    data_request_waits: Callable[[], None] = lambda: None
    tries: Callable[[str, int, float], Tries] = lambda _name, allowed, seconds: OwnTries(
        allowed, time.monotonic, seconds
    )
    keeping: Keeping = OPERATORS
    measurements: Callable[[], Awaitable[bytes]] = own_measurements
    check_alive: Callable[[], Awaitable[None]] = own_life
    checks: Mapping[str, Check] = field(default_factory=dict)
