"""Who may deliver to which mailbox: by a login of its connection, or from one of its allowed hosts."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from channels.mail.tokens import token_in
from channels.providers.smtp import PROVIDER, SmtpCredentials, is_allowed_host, is_login
from gateway.api.tries import Tries
from gateway.ingest.routing import Directory, Mailbox, Route
from gateway.keys import KeysUnavailable

#: How old the list of logins may be. Who changed a password tries at once, and again in a moment.
LOGINS_SECONDS = 5.0

UNKNOWN = "550 5.1.1 There is no such mailbox here"
LOGIN_FIRST = "530 5.7.0 Authentication required"
OTHERS = "550 5.7.1 This login may not deliver to that mailbox"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where mail for a recipient goes. ``verified`` is False when the connection only reports who may not deliver."""

    integration_id: UUID
    mailbox: str
    verified: bool = True


class Admission:
    """Knows mailboxes and logins.

    Args:
        directory: finds mailboxes and connections.
        monotonic: seconds that only grow.
        tries: counts logins by computer; those that succeed don't count.
    """

    def __init__(self, directory: Directory, monotonic: Callable[[], float], tries: Tries) -> None:
        self._directory = directory
        self._monotonic = monotonic
        self._tries = tries
        self._routes: list[Route] = []
        self._loaded_at: float | None = None
        self._loading = asyncio.Lock()

    async def owners(self, peer: str, username: bytes, password: bytes) -> frozenset[UUID]:
        """Return the connections that a login belongs to; none when it is wrong.

        Args:
            peer: whose tries are counted.
            username: as given.
            password: as given.

        Raises:
            TooManyRequests: when this peer has guessed too often.
            DatabaseUnavailable: when that can't be told.
            KeysUnavailable: the same.
        """
        await self._tries.take(peer)
        found = await self._owners(username, password)
        if found:
            await self._tries.give_back(peer)
        return found

    async def _owners(self, username: bytes, password: bytes) -> frozenset[UUID]:
        async with self._loading:
            if self._loaded_at is None or self._loaded_at + LOGINS_SECONDS < self._monotonic():
                try:
                    self._routes = await self._directory.routes_of(PROVIDER)
                except KeysUnavailable:
                    if self._loaded_at is None:
                        raise  # nobody is told that a login is wrong which can't be opened just now
                self._loaded_at = self._monotonic()
        return frozenset(
            route.integration_id
            for route in self._routes
            if isinstance(route.credentials, SmtpCredentials) and is_login(route.credentials, username, password)
        )

    async def destination(self, recipient: str, peer: str, owners: Collection[UUID] | None) -> Destination | str:
        """Return where mail for a recipient goes, or the reply that refuses it.

        A login opens the mailboxes of its connections. Hosts without one deliver to whoever the address belongs to
        (``owner_of``), so that nobody can draw off the mail of others by naming their mailbox, or by a pattern.

        Args:
            recipient: as named in RCPT TO.
            peer: the address of whoever delivers.
            owners: what a login in this session belongs to; None without one.

        Raises:
            DatabaseUnavailable: when that can't be told.
        """
        found = await self._directory.mailboxes(*spellings(recipient))
        mine = await self._first(recipient, [one for one in found if one.integration_id in (owners or ())])
        if mine is not None:
            return Destination(mine[1].integration_id, mine[0].name)
        owner = owner_of(recipient, found)
        meant = await self._first(recipient, [one for one in found if one.tenant_id == owner])
        if meant is None and await self._first(recipient, found) is None:
            return UNKNOWN
        if meant is not None:
            mailbox, route = meant
            if isinstance(route.credentials, SmtpCredentials) and is_allowed_host(route.credentials, peer):
                return Destination(route.integration_id, mailbox.name)
            if route.report_only:
                return Destination(route.integration_id, mailbox.name, verified=False)
        return LOGIN_FIRST if owners is None else OTHERS

    async def _first(self, recipient: str, among: Collection[Mailbox]) -> tuple[Mailbox, Route] | None:
        """Return what a recipient means of some mailboxes that take mail now, with its connection."""
        for mailbox in meaning(recipient, [one for one in among if one.serves]):
            if (route := await self._directory.route(mailbox.integration_id)) is not None:
                return mailbox, route
        return None


def spellings(recipient: str) -> tuple[str, str, str]:
    """Return a recipient in lower case, without what stands behind a plus, and its domain alone."""
    whole = recipient.strip().lower()
    local, _, domain = whole.rpartition("@")
    return whole, f"{local.partition('+')[0]}@{domain}", domain


def meaning(recipient: str, found: Collection[Mailbox]) -> list[Mailbox]:
    """Return those that a recipient means: the mailbox of that name, else a reply address, else one without a plus."""
    whole, bare, _ = spellings(recipient)
    for wanted in (
        [mailbox for mailbox in found if mailbox.reply_pattern is None and mailbox.name == whole],
        [mailbox for mailbox in found if token_in([whole], mailbox.reply_pattern) is not None],
        [mailbox for mailbox in found if mailbox.reply_pattern is None and mailbox.name == bare],
    ):
        if wanted:
            return wanted
    return []


def owner_of(recipient: str, found: Sequence[Mailbox]) -> UUID | None:
    """Return whose a recipient is: of the tenant that has held its mailbox longest, with whatever stands behind a plus.

    Where there is no such mailbox, of the one with the domain's first; else of the one whose pattern is oldest.
    """
    whole, bare, _ = spellings(recipient)
    mailboxes = [one for one in found if one.reply_pattern is None]
    patterns = [one for one in found if token_in([whole], one.reply_pattern) is not None]
    for claim in (*(one for one in mailboxes if one.name in {whole, bare}), *mailboxes, *patterns):
        return claim.tenant_id
    return None
