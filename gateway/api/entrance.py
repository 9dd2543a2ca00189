"""Letting somebody in who has proven who they are: the second factor if they have one, then a session."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from gateway.access import COOKIE, Caller, new_session_token, require_same_origin, tenant_of_session, token_hash
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
from gateway.store import people, second_factors, sessions
from gateway.store.people import Membership
from gateway.store.pool import tenant_tx

log = structlog.get_logger(__name__)

SESSION_LASTS = timedelta(days=14)
CHALLENGE_LASTS = timedelta(minutes=10)
TOKEN_SECRET_BYTES = 32
#: Holds a slip that says whose password was right, until the code has come: only this browser can go on.
CHALLENGE_COOKIE = "postgate_login"
CHALLENGE_PATH = "/api/v1/login"
CHALLENGE = "second factor"
#: How long a stopping server waits for letters that are on their way.
ERRAND_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who has still to show a code, and which tenant they want to see then."""

    user_id: UUID
    tenant_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """How often may be guessed.

    Attributes:
        by_peer: by one computer, whatever it guesses.
        by_address: for the password of one e-mail address.
        by_person: for the codes of one person; they are short.
        letters: how often one address may be written to.
    """

    by_peer: Tries
    by_address: Tries
    by_person: Tries
    letters: Tries


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

    async def admit(self, request: web.Request, user_id: UUID, tenant: Membership) -> web.Response:
        """Answer somebody whose password was right: who they are, or that a code is needed too."""
        if await self.needs_code(user_id, tenant):
            answer = answer_to(SecondFactorRequired("send the code of the app, or a recovery code"))
            self.challenge(answer, Challenge(user_id, tenant.tenant_id))
            return answer
        return await self.open(request, user_id, tenant)

    async def open(self, request: web.Request, user_id: UUID, tenant: Membership, status: int = 200) -> web.Response:
        """Start a session, and answer who it is for."""
        token = await self.start(request, user_id, tenant)
        caller = Caller(tenant.tenant_id, user_id, tenant.role, tenant.permissions, token_hash(token))
        answer = json_answer(await self.me(caller), status)
        self.set_session(answer, token)
        return answer

    async def start(self, request: web.Request, user_id: UUID, tenant: Membership) -> str:
        """Start a session under a new token, which is returned; an old one of this browser ends."""
        await self.end(request.cookies.get(COOKIE, ""))
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
        values = {"user": who.user_id.hex, "tenant": who.tenant_id.hex}
        until = self.services.clock() + CHALLENGE_LASTS
        slip = slips.write(self.services.keyring, CHALLENGE, values, until)
        lasts = int(CHALLENGE_LASTS.total_seconds())
        answer.set_cookie(
            CHALLENGE_COOKIE, slip, max_age=lasts, path=CHALLENGE_PATH, secure=self.secure, httponly=True,
            samesite="Strict",
        )  # fmt: skip

    def challenged(self, request: web.Request) -> Challenge:
        """Return who this browser has to show a code for.

        Raises:
            Unauthenticated: when that was nobody, or too long ago.
        """
        slip = request.cookies.get(CHALLENGE_COOKIE, "")
        values = slips.read(self.services.keyring, CHALLENGE, slip, self.services.clock())
        if values is None:
            raise Unauthenticated("begin with the password again")
        return Challenge(UUID(values["user"]), UUID(values["tenant"]))

    def end_challenge(self, answer: web.Response) -> None:
        """Let a browser forget that a code was to come."""
        answer.del_cookie(CHALLENGE_COOKIE, path=CHALLENGE_PATH, secure=self.secure, httponly=True, samesite="Strict")

    def set_session(self, answer: web.Response, token: str) -> None:
        """Give a browser its session."""
        lasts = int(SESSION_LASTS.total_seconds())
        answer.set_cookie(COOKIE, token, max_age=lasts, path="/", secure=self.secure, httponly=True, samesite="Lax")

    @property
    def secure(self) -> bool:
        """Whether cookies are for encrypted connections only."""
        return self.services.public_url.startswith("https:")
