"""``/api/v1/login/second-factor`` and ``/api/v1/me/second-factor``: logging in with a code too, and setting that up."""

from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.entrance import Entrance
from gateway.api.login import COOKIE_HEADER, TAG
from gateway.api.profile import CurrentPassword, person_of, require_password, tries_of
from gateway.keys import seal, unseal
from gateway.model.me import Me
from gateway.model.member import NewSecondFactor, RecoveryCodes, SecondFactor
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, OpenCall, Operation, json_answer
from gateway.people import totp
from gateway.problems import (
    CodeWrong,
    Fault,
    Invalid,
    LoginFailed,
    OriginMismatch,
    Overloaded,
    TooManyRequests,
    Unauthenticated,
)
from gateway.store import people, second_factors, sessions
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx

ISSUER = "Postgate"
PATH = "/api/v1/me/second-factor"


class CodeBody(BodyModel):
    """A code."""

    code: str = Field(
        min_length=6, max_length=40, description="Six digits of the app; for a login also a recovery code."
    )


LOG_IN = Operation(
    method="POST",
    path="/api/v1/login/second-factor",
    name="log_in_with_code",
    tag=TAG,
    summary="Complete a login by a code of the second factor, or by a recovery code.",
    description="With the cookie of the answer to /api/v1/login. Each code works once.",
    query=NoQuery,
    body=CodeBody,
    example={"code": "123456"},
    answers={200: Answer("Logged in; the cookie opens everything else.", Me, headers=COOKIE_HEADER)},
    problems=(CodeWrong, Unauthenticated, LoginFailed, OriginMismatch, TooManyRequests, DatabaseUnavailable),
)
GET = Operation(
    method="GET",
    path=PATH,
    name="get_second_factor",
    tag=TAG,
    summary="Tell whether the caller has a second factor.",
    query=NoQuery,
    body=NoBody,
    permission="account.write",
    answers={200: Answer("Whether there is one.", SecondFactor)},
)
ENROL = Operation(
    method="POST",
    path=PATH,
    name="begin_second_factor",
    tag=TAG,
    summary="Make a secret for an app that shows codes.",
    description="It counts once /api/v1/me/second-factor/confirm got a code of it.",
    query=NoQuery,
    body=CurrentPassword,
    permission="account.write",
    example={"current_password": "a quiet harbour"},
    answers={200: Answer("The secret, told this once.", NewSecondFactor)},
    problems=(TooManyRequests, Overloaded),
)
CONFIRM = Operation(
    method="POST",
    path=f"{PATH}/confirm",
    name="confirm_second_factor",
    tag=TAG,
    summary="Let the second factor count from now on.",
    query=NoQuery,
    body=CodeBody,
    permission="account.write",
    example={"code": "123456"},
    answers={200: Answer("The recovery codes, told this once.", RecoveryCodes)},
    problems=(TooManyRequests,),
)
RENEW = Operation(
    method="POST",
    path=f"{PATH}/recovery-codes",
    name="renew_recovery_codes",
    tag=TAG,
    summary="Replace all recovery codes.",
    query=NoQuery,
    body=CurrentPassword,
    permission="account.write",
    example={"current_password": "a quiet harbour"},
    answers={200: Answer("The new ones, told this once.", RecoveryCodes)},
    problems=(TooManyRequests, Overloaded),
)
DISABLE = Operation(
    method="POST",
    path=f"{PATH}/disable",
    name="disable_second_factor",
    tag=TAG,
    summary="Log in without a code from now on.",
    query=NoQuery,
    body=CurrentPassword,
    permission="account.write",
    example={"current_password": "a quiet harbour"},
    answers={204: Answer("There is no second factor.", content_type=None)},
    problems=(TooManyRequests, Overloaded),
)


class SecondFactors:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def log_in(self, call: OpenCall[NoQuery, CodeBody]) -> web.StreamResponse:
        """Check the code of somebody whose password was right."""
        self._entrance.own_page(call.request)
        who = await self._entrance.challenged(call.request)
        tries = await self._entrance.try_code(call.request, who.user_id)
        tenants = await people.memberships_of(self._services.pool, who.user_id)
        tenant = next((one for one in tenants if one.tenant_id == who.tenant_id), None)
        if tenant is None:
            raise LoginFailed("this account is no longer in use")
        async with tenant_tx(self._services.pool, who.tenant_id) as tx:
            await self._spend(tx, who.user_id, call.body.code.strip())
        await tries.give_back()
        answer = await self._entrance.open(call.request, who.user_id, tenant)
        self._entrance.end_challenge(answer)
        return answer

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Tell whether there is one."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            factor = await second_factors.of(tx, person_of(call.caller))
        enabled = factor is not None and factor.confirmed_at is not None
        return json_answer(SecondFactor(enabled=enabled, recovery_codes=factor.recovery_codes if factor else 0))

    async def enrol(self, call: Call[NoQuery, CurrentPassword]) -> web.StreamResponse:
        """Store a secret that does not count yet, and show it."""
        user_id = person_of(call.caller)
        await require_password(self._entrance, call.caller, call.body.current_password)
        secret = totp.new_secret(self._services.secret)
        key, wrapped = await self._services.keyring.new_data_key()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            sealed = seal(key, secret.encode(), second_factors.place_of(user_id))
            if not await second_factors.put(tx, user_id, wrapped, sealed):
                raise Invalid("there is a second factor already; disable it first")
            user = await people.user(tx, user_id)
        address = totp.address_of(secret, user.email if user else "", ISSUER)
        return json_answer(NewSecondFactor(secret=secret, address=address, qr=totp.picture_of(address)))

    async def confirm(self, call: Call[NoQuery, CodeBody]) -> web.StreamResponse:
        """Let the secret count, once its app has shown a right code."""
        user_id, tries = person_of(call.caller), tries_of(call.caller)
        await self._entrance.guesses.by_person.take(tries)
        codes, now = totp.new_recovery_codes(self._services.secret), self._services.clock()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            factor = await second_factors.of(tx, user_id)
            if factor is None or factor.confirmed_at is not None:
                raise Invalid("there is nothing to be confirmed")
            step = totp.step_of(await self._secret(factor, user_id), call.body.code.strip(), now)
            if step is None:
                wrong = Fault("body", "/code", "this is not the code that the app shows now")
                raise Invalid("the code is wrong", [wrong])
            await second_factors.confirm(tx, user_id, [totp.recovery_hash(code) for code in codes], now)
            await second_factors.spend(tx, user_id, step)
            ended = await sessions.end_others(tx, user_id, call.caller.token_hash)
        for one in ended:  # they were begun without a code, by whoever knew the password
            self._services.login_ended(one)
        await self._entrance.guesses.by_person.give_back(tries)
        return json_answer(RecoveryCodes(recovery_codes=list(codes)))

    async def renew(self, call: Call[NoQuery, CurrentPassword]) -> web.StreamResponse:
        """Replace the recovery codes."""
        await require_password(self._entrance, call.caller, call.body.current_password)
        codes = totp.new_recovery_codes(self._services.secret)
        hashes = [totp.recovery_hash(code) for code in codes]
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await second_factors.renew_recovery(tx, person_of(call.caller), hashes):
                raise Invalid("there is no second factor")
        return json_answer(RecoveryCodes(recovery_codes=list(codes)))

    async def disable(self, call: Call[NoQuery, CurrentPassword]) -> web.StreamResponse:
        """Forget the secret and the recovery codes."""
        await require_password(self._entrance, call.caller, call.body.current_password)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await second_factors.remove(tx, person_of(call.caller))
        return web.Response(status=204)

    async def _spend(self, tx: TenantTx, user_id: UUID, code: str) -> None:
        """Use up a code.

        Raises:
            CodeWrong: when it is wrong, or was used before.
        """
        if not totp.is_code(code):
            if not await second_factors.spend_recovery(tx, user_id, totp.recovery_hash(code)):
                raise CodeWrong("this is not one of the recovery codes, or it was used")
            return
        factor = await second_factors.of(tx, user_id)
        step = totp.step_of(await self._secret(factor, user_id), code, self._services.clock()) if factor else None
        if step is None or not await second_factors.spend(tx, user_id, step):
            raise CodeWrong("this is not the code that the app shows now, or it was used")

    async def _secret(self, factor: second_factors.SecondFactor, user_id: UUID) -> str:
        key = await self._services.keyring.unwrap(factor.key)
        return unseal(key, factor.secret_sealed, second_factors.place_of(user_id)).decode()


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    handlers = SecondFactors(entrance)
    api.add_open(LOG_IN, handlers.log_in)
    api.add(GET, handlers.get)
    api.add(ENROL, handlers.enrol)
    api.add(CONFIRM, handlers.confirm)
    api.add(RENEW, handlers.renew)
    api.add(DISABLE, handlers.disable)
