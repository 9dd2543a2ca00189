"""Letting somebody in who has proven who they are: the second factor if they have one, then a session."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from gateway.access import (
    COOKIE,
    Caller,
    cookie_name,
    new_session_token,
    require_same_origin,
    tenant_of_session,
    token_hash,
)
from gateway.api.known_browsers import KnownBrowsers
from gateway.api.services import Services
from gateway.api.tries import Tries
from gateway.model.ids import public
from gateway.model.me import Me, MeMembership, MeTenant, MeUser
from gateway.model.texts import storable
from gateway.openapi import json_answer
from gateway.passwords import PasswordChecker
from gateway.peers import peer_of
from gateway.people import slips
from gateway.people.letters import Letter, Post
from gateway.problems import SecondFactorRequired, Unauthenticated, answer_to
from gateway.store import passwords as stored_passwords
from gateway.store import people, second_factors, sessions
from gateway.store.people import Membership
from gateway.store.pool import tenant_tx

log = structlog.get_logger(__name__)

SESSION_LASTS = timedelta(days=14)
CHALLENGE_LASTS = timedelta(minutes=10)
TOKEN_SECRET_BYTES = 32
#: Holds a slip that says whose password was right, until the code has come: only this browser can go on.
CHALLENGE_COOKIE = "postgate_login"
CHALLENGE = "second factor"
PASSWORD_OF = "password of a login under way"  # noqa: S105 - names a purpose
#: How long a stopping server waits for letters that are on their way.
ERRAND_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who has still to show a code, and which tenant they want to see then.

    Attributes:
        user_id: the person.
        tenant_id: the tenant.
        password_hash: of the password that was right; another one ends what was begun with it.
    """

    user_id: UUID
    tenant_id: UUID
    password_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """How often may be guessed.

    Attributes:
        by_peer: by one computer, whatever it guesses.
        by_address: for the password of one e-mail address.
        by_person: for the codes of one person; they are short.
        letters: how often one address may be written to because somebody said that it was theirs.
        invitations: how often one address may be invited.
    """

    by_peer: Tries
    by_address: Tries
    by_person: Tries
    letters: Tries
    invitations: Tries


@dataclass(frozen=True, slots=True)
class Taken:
    """Tries that were counted: of what, and for whom."""

    counted: Sequence[tuple[Tries, str]]

    async def give_back(self) -> None:
        """Forget them: it succeeded."""
        for tries, key in self.counted:
            await tries.give_back(key)


class Entrance:
    """What all ways in have in common.

    Args:
        services: the surroundings.
        passwords: checks and makes hashes.
        guesses: counts tries.
    """

    def __init__(self, services: Services, passwords: PasswordChecker, guesses: Guesses) -> None:
        self.services = services
        self.passwords = passwords
        self.guesses = guesses
        self.browsers = KnownBrowsers(services.keyring, services.public_url)
        self._errands: set[asyncio.Task[None]] = set()

    def own_page(self, request: web.Request) -> None:
        """Refuse a browser that another site's page has sent here: it could be made to log in as somebody else.

        Raises:
            OriginMismatch: when it may be one; programs, which send no such headers, may go on.
        """
        if {"Origin", "Sec-Fetch-Site"} & set(request.headers):
            require_same_origin(request, self.services.public_url)

    def peer(self, request: web.Request) -> str:
        """Name the computer that a request comes from."""
        return peer_of(request, self.services.trusted_proxies)

    async def try_password(self, request: web.Request, address: str) -> Taken:
        """Count a try at the password of an address; a browser that is known has tries of its own.

        Raises:
            TooManyRequests: when there were too many.
        """
        return await self._try(request, self.guesses.by_address, address, address)

    async def try_code(self, request: web.Request, user_id: UUID) -> Taken:
        """Count a try at the codes of a person; a browser that is known has tries of its own.

        Raises:
            TooManyRequests: when there were too many.
        """
        return await self._try(request, self.guesses.by_person, user_id.hex, user_id)

    async def _try(self, request: web.Request, tries: Tries, key: str, who: UUID | str) -> Taken:
        browser = self.browsers.of(request, who, self.services.clock())
        counted = (
            [(self.guesses.by_peer, self.peer(request)), (tries, key)]
            if browser is None
            else [(tries, f"{key} in {browser}")]
        )
        for one, counts in counted:
            await one.take(counts)
        return Taken(counted)

    def new_id(self) -> UUID:
        """Make an id of now."""
        return self.services.new_id(int(self.services.clock().timestamp() * 1000))

    def send(self, letter: Letter) -> None:
        """Have a letter sent, if letters can be; nobody waits for it."""
        if self.services.post is not None:
            self.run(self._posted(self.services.post, letter))

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        """Do something whose outcome, and whose length, the answer must not tell."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._done)

    async def finish(self) -> None:
        """Wait until all errands are done; those that take too long are given up."""
        if self._errands:
            _, late = await asyncio.wait(set(self._errands), timeout=ERRAND_SECONDS)
            for task in late:
                task.cancel()

    async def _posted(self, post: Post, letter: Letter) -> None:
        if not await post(letter):
            log.warning("letter_not_sent", subject=letter.subject)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._errands.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("errand_failed", exc_info=error)

    async def needs_code(self, user_id: UUID, tenant: Membership) -> bool:
        """Tell whether a person has a second factor."""
        async with tenant_tx(self.services.pool, tenant.tenant_id) as tx:
            factor = await second_factors.of(tx, user_id)
        return factor is not None and factor.confirmed_at is not None

    async def admit(
        self, request: web.Request, user_id: UUID, tenant: Membership, password_hash: str | None
    ) -> web.Response:
        """Answer somebody whose password was right: who they are, or that a code is needed too."""
        if await self.needs_code(user_id, tenant):
            answer = answer_to(SecondFactorRequired("send the code of the app, or a recovery code"))
            self.challenge(answer, Challenge(user_id, tenant.tenant_id, password_hash))
            return answer
        return await self.open(request, user_id, tenant)

    async def open(self, request: web.Request, user_id: UUID, tenant: Membership, status: int = 200) -> web.Response:
        """Start a session, and answer who it is for."""
        token = await self.start(request, user_id, tenant)
        caller = Caller(tenant.tenant_id, user_id, tenant.role, tenant.permissions, token_hash(token))
        me = await self.me(caller)
        answer = json_answer(me, status)
        self.set_session(answer, token)
        if me.user is not None:
            self.know(request, answer, user_id, me.user.email)
        return answer

    async def start(self, request: web.Request, user_id: UUID, tenant: Membership) -> str:
        """Start a session under a new token, which is returned; an old one of this browser ends."""
        await self.end(self.cookie(request, COOKIE))
        now = self.services.clock()
        token = new_session_token(tenant.tenant_id, self.services.secret(TOKEN_SECRET_BYTES))
        session = sessions.Session(
            token_hash=token_hash(token),
            id=self.new_id(),
            user_id=user_id,
            user_agent=storable(request.headers.get("User-Agent", ""), 200),
            expires_at=now + SESSION_LASTS,
        )
        async with tenant_tx(self.services.pool, tenant.tenant_id) as tx:
            await sessions.add(tx, session, now)
        return token

    async def end(self, token: str) -> None:
        """End the session of a token; what is none needs no end."""
        try:
            tenant_id = tenant_of_session(token)
        except Unauthenticated:
            return
        async with tenant_tx(self.services.pool, tenant_id) as tx:
            await sessions.end(tx, token_hash(token))
        self.services.login_ended(token_hash(token))

    async def me(self, caller: Caller) -> Me:
        """Say who a caller is."""
        async with tenant_tx(self.services.pool, caller.tenant_id) as tx:
            tenant = await people.tenant(tx)
            user = await people.user(tx, caller.user_id) if caller.user_id else None
        belongs = await people.memberships_of(self.services.pool, caller.user_id) if caller.user_id else []
        return Me(
            user=user and MeUser(id=public("usr", user.id), email=user.email, name=user.name),
            tenant=MeTenant(id=str(tenant.id), name=tenant.name, slug=tenant.slug),
            tenants=[
                MeMembership(id=str(one.tenant_id), name=one.name, slug=one.slug, role=one.role) for one in belongs
            ],
            role=caller.role,
            permissions=sorted(caller.permissions),
            demo=self.services.demo(tenant.id),
            seq=tenant.last_seq,
            epoch=str(tenant.epoch),
        )

    def challenge(self, answer: web.Response, who: Challenge) -> None:
        """Let a browser go on with a code."""
        values = {
            "user": who.user_id.hex,
            "tenant": who.tenant_id.hex,
            "password": self.services.keyring.mac(PASSWORD_OF, (who.password_hash or "").encode()),
        }
        until = self.services.clock() + CHALLENGE_LASTS
        slip = slips.write(self.services.keyring, CHALLENGE, values, until)
        self.set_cookie(answer, CHALLENGE_COOKIE, slip, CHALLENGE_LASTS, "Strict")

    async def challenged(self, request: web.Request) -> Challenge:
        """Return who this browser has to show a code for.

        Raises:
            Unauthenticated: when that was nobody, too long ago, or before their password was changed.
        """
        slip = self.cookie(request, CHALLENGE_COOKIE)
        values = slips.read(self.services.keyring, CHALLENGE, slip, self.services.clock())
        if values is None:
            raise Unauthenticated("begin with the password again")
        who, tenant_id = UUID(values["user"]), UUID(values["tenant"])
        async with tenant_tx(self.services.pool, tenant_id) as tx:
            password_hash = await stored_passwords.of(tx, who)
        if not self.services.keyring.proves(PASSWORD_OF, (password_hash or "").encode(), values.get("password", "")):
            raise Unauthenticated("the password was changed; begin with the new one")
        return Challenge(who, tenant_id, password_hash)

    def end_challenge(self, answer: web.Response) -> None:
        """Let a browser forget that a code was to come."""
        self.drop_cookie(answer, CHALLENGE_COOKIE, "Strict")

    def set_session(self, answer: web.Response, token: str) -> None:
        """Give a browser its session."""
        self.set_cookie(answer, COOKIE, token, SESSION_LASTS, "Lax")

    def know(self, request: web.Request, answer: web.Response, user_id: UUID, address: str) -> None:
        """Know the browser of somebody who has come in."""
        self.browsers.remember(request, answer, user_id, address, self.services.clock())

    def cookie(self, request: web.Request, name: str) -> str:
        """Return a cookie's value; empty when there is none."""
        return request.cookies.get(cookie_name(name, self.services.public_url), "")

    def set_cookie(self, answer: web.Response, name: str, value: str, lasts: timedelta, samesite: str) -> None:
        """Set a cookie that no script can read."""
        answer.set_cookie(
            cookie_name(name, self.services.public_url), value, max_age=int(lasts.total_seconds()), path="/",
            secure=self._secure, httponly=True, samesite=samesite,
        )  # fmt: skip

    def drop_cookie(self, answer: web.Response, name: str, samesite: str) -> None:
        """Have a cookie forgotten."""
        answer.del_cookie(
            cookie_name(name, self.services.public_url), path="/", secure=self._secure, httponly=True,
            samesite=samesite,
        )  # fmt: skip

    @property
    def _secure(self) -> bool:
        """Whether cookies are for encrypted connections only."""
        return self.services.public_url.startswith("https:")
