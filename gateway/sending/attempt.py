"""One attempt to send one message: make it, note that it is called, call, record what came of it.

No transaction is open while somebody else is waited for. Between the note and the record the message may have been
sent: whoever dies there leaves it to be found, and it is never sent again by itself.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from pydantic import ValidationError

from channels.adapter import Adapter
from channels.errors import CannotSend
from channels.http import HttpRequest, HttpResponse
from channels.outbound import Accepted, Refused, SendResult
from channels.providers.smtp import SmtpCredentials
from channels.refusals import unanswered
from gateway import tracing
from gateway.files.errors import StorageUnavailable
from gateway.keys import Keyring, KeysUnavailable, KeyUnusable
from gateway.model.log import Entry
from gateway.model.sending import OBSTACLES, Content
from gateway.outgoing.base_url import calling
from gateway.outgoing.dialogue import DialogueEndless, Send
from gateway.sending import metrics
from gateway.sending.making import Own, UploadRefused, make
from gateway.sending.schedule import next_wait
from gateway.store import claims, outcomes, sending, targets
from gateway.store import log as store_log
from gateway.store.claims import Claimed, Job, LeaseLost
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx

log = structlog.get_logger(__name__)

#: Longer than a call can take (gateway/outgoing): who holds it is at work, or dead.
CALL_LEASE = timedelta(seconds=180)
#: For what comes before the call: reading files, uploading them.
PREPARE_SECONDS = 90.0
#: Trouble of our own, such as a storage that does not answer.
OWN_TROUBLE = Refused("file_unavailable", "A file of this message can't be read or uploaded now.", retryable=True)
#: Between the tries to record an outcome; all of it within the lease.
RECORD_WAITS = (0.1, 0.5, 2.0, 5.0, 10.0, 20.0, 30.0)
#: How servers say that a login is wrong: HTTP, and SMTP (RFC 4954 section 6).
LOGIN_STATUSES = frozenset({401, 530, 534, 535, 538})
TOO_MANY = 429

LOST = {
    "code": "no_answer",
    "message": "The gateway stopped while it was sending; the message may have been sent.",
    "retryable": None,
}
NO_KEY = Refused("connection_unusable", "The connection's credentials can't be read; enter them anew.", retryable=False)
FAULT = Refused("gateway_fault", "The gateway could not make this message; it was noted.", retryable=False)
MAYBE_SENT = Refused(
    "answer_unreadable", "The provider's answer can't be read; the message may have been sent.", retryable=False,
    unknown=True,
)  # fmt: skip

Write = Callable[[TenantTx], Awaitable[UUID | None]]
#: A word for the metrics, and a refusal's code.
Outcome = tuple[str, str | None]


class NotSent(Exception):
    """A message that can't be sent, or not now; nobody was called."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that sends a message, and what makes it."""

    adapter: Adapter
    request: HttpRequest
    credentials: Any  # of the adapter's model
    send: Send


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What it takes to send.

    Attributes:
        pool: of the role ``app``.
        keyring: opens credentials.
        own: files and URL of this gateway.
        call: makes a request to a provider.
        deliver: hands a mail to a mail server.
        announce: told new log entries after their commit.
        clock: the time, in UTC.
        new_id: makes an id of now.
        chance: a random number from 0 to 1.
    """

    pool: asyncpg.Pool
    keyring: Keyring
    own: Own
    call: Send
    deliver: Callable[[HttpRequest, SmtpCredentials], Awaitable[HttpResponse]]
    announce: Callable[[Sequence[Entry]], None]
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    chance: Callable[[], float]


class Attempt:
    """An attempt to send what is leased to this worker.

    Args:
        claimed: what.
        around: what it takes.
        stopping: whether this worker stops: then nothing more is called.
    """

    def __init__(self, claimed: Claimed, around: Surroundings, stopping: Callable[[], bool]) -> None:
        self._claimed = claimed
        self._around = around
        self._stopping = stopping

    async def make(self) -> None:
        """Make the attempt; returns once its outcome is recorded."""
        began = time.perf_counter()
        async with self._tx() as tx:
            job = await claims.job(tx, self._claimed)
        outcome: Outcome = ("lost", None)
        if job is not None:
            with suppress(LeaseLost):
                outcome = await self._outcome(job)
        provider = job.target.provider if job else "-"
        metrics.OUTCOMES.labels(provider, outcome[0]).inc()
        log.info(
            "sending.attempt",
            tenant=str(self._claimed.tenant_id),
            message=str(self._claimed.message_id),
            provider=provider,
            attempts=job and job.attempts,
            outcome=outcome[0],
            code=outcome[1],
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        if tracing.current is not None:
            self._trace(tracing.current, provider, outcome, time.perf_counter() - began)

    def _trace(self, tracer: tracing.Tracer, provider: str, outcome: Outcome, seconds: float) -> None:
        ended = time.time_ns()
        about: dict[str, tracing.Attribute | None] = {
            "postgate.tenant": str(self._claimed.tenant_id),
            "postgate.provider": provider,
            "postgate.outcome": outcome[0],
            "postgate.code": outcome[1],
        }
        error = None if outcome[0] == "accepted" else outcome[0]
        of, began = self._claimed.message_id, ended - int(seconds * 1e9)
        tracer.span("send", of, began, ended, about, kind="client", error=error)

    async def _outcome(self, job: Job) -> Outcome:
        """Send a message; returns what came of it, and a refusal's code."""
        if self._claimed.lost:
            await self._record(lambda tx: self._unknown(tx, job, LOST))
            return "unknown", "worker_lost"
        try:
            ready = await self._prepared(job)
        except NotSent as error:
            return await self._refused(job, error.refused, None)
        if self._stopping():
            return await self._again(timedelta(), counts=False)
        async with self._tx() as tx:
            await claims.begin_call(tx, self._claimed, CALL_LEASE)
        response, result = await self._call(job, ready)
        if isinstance(result, Accepted):
            named = job.reference if ready.adapter.told_by_reference else result.external_id
            return await self._accepted(job, named)
        return await self._refused(job, result, response)

    async def _prepared(self, job: Job) -> "Ready":
        """Return the request that sends a message.

        Raises:
            NotSent: when there is none, or not now.
        """
        to = job.target
        content = Content.model_validate_json(job.content)
        found = targets.obstacle(to, self._around.clock(), template=content.template is not None)
        if to.adapter is None or found is not None:
            code = found or "connection_disabled"
            raise NotSent(Refused(code, OBSTACLES[code], retryable=False))
        try:
            async with asyncio.timeout(PREPARE_SECONDS):
                return await self._built(job, content, to.adapter)
        except CannotSend as error:
            sentence = f"{error.detail[:1].upper()}{error.detail[1:]}."
            raise NotSent(Refused(error.code, sentence, retryable=False)) from error
        except (KeyUnusable, ValidationError) as error:
            raise NotSent(NO_KEY) from error
        except UploadRefused as error:  # to upload a file twice does no harm
            retryable = error.refused.retryable or error.refused.unknown
            raise NotSent(replace(error.refused, retryable=retryable, unknown=False)) from error
        except (StorageUnavailable, KeysUnavailable, TimeoutError, DialogueEndless) as error:
            log.warning("sending.own_trouble", error=type(error).__name__, message=str(job.message_id))
            raise NotSent(OWN_TROUBLE) from error
        except Exception as error:  # a fault of an adapter: its message must not be tried for ever
            log.exception("sending.unbuildable", message=str(job.message_id))
            raise NotSent(FAULT) from error

    async def _built(self, job: Job, content: Content, adapter: Adapter) -> "Ready":
        to, tenant_id, around = job.target, self._claimed.tenant_id, self._around
        credentials = await to.credentials(around.keyring, tenant_id)
        send = calling(around.call, to.settings)
        message = await make(job, content, adapter, tenant_id, credentials, around.own, send, around.clock())
        return Ready(adapter, adapter.build(message, credentials), credentials, send)

    async def _call(self, job: Job, ready: "Ready") -> tuple[HttpResponse, SendResult]:
        try:
            if isinstance(ready.credentials, SmtpCredentials):
                response = await self._around.deliver(ready.request, ready.credentials)
            else:
                response = await ready.send(ready.request)
            return response, unanswered(response) or ready.adapter.read(response)
        except Exception:  # a fault of ours after the request may have left
            log.exception("sending.unreadable", message=str(job.message_id))
            return HttpResponse(200), MAYBE_SENT

    async def _accepted(self, job: Job, external_id: str) -> Outcome:
        async def write(tx: TenantTx) -> UUID | None:
            if job.target.status == "error":
                await outcomes.connection_works(tx, job.target.integration_id)
            return await outcomes.accepted(tx, self._claimed, job.target.channel_id, external_id)

        await self._record(write)
        waited = self._around.clock() - job.queued_at
        metrics.SECONDS.labels(job.target.provider).observe(waited.total_seconds())
        return "accepted", None

    async def _refused(self, job: Job, refused: Refused, response: HttpResponse | None) -> Outcome:
        """Record what a refusal means. One that came before the call (``response`` is None) leaves nothing unknown."""
        if refused.unknown and response is not None:
            await self._record(lambda tx: self._unknown(tx, job, _error(refused, retryable=None)))
            return "unknown", refused.code
        throttled = response is not None and response.status == TOO_MANY
        age = (self._around.clock() - job.queued_at).total_seconds()
        attempts = job.attempts + 1
        wait = next_wait(refused, attempts, age, self._around.chance(), throttled=throttled)
        if wait is not None:
            slow = throttled or refused.retry_after is not None
            await self._again(timedelta(seconds=wait), slow=slow)
            return "again", refused.code
        login = response is not None and response.status in LOGIN_STATUSES
        return await self._failed(job, refused, login=login)

    async def _failed(self, job: Job, refused: Refused, *, login: bool = False) -> Outcome:
        async def write(tx: TenantTx) -> UUID | None:
            if login:
                await outcomes.connection_fails(tx, job.target.integration_id, refused.reason)
            await outcomes.failed(tx, self._claimed, _error(refused, retryable=refused.retryable))
            if refused.opt_out is not None:
                await outcomes.opted_out(tx, job.message_id, refused.opt_out, self._around.clock())
            return None

        await self._record(write, customer_id=job.target.customer_id if refused.opt_out is not None else None)
        return "failed", refused.code

    async def _unknown(self, tx: TenantTx, job: Job, error: dict[str, Any]) -> UUID | None:
        await outcomes.unknown(tx, self._claimed, job.target.channel_id, job.reference, error)
        return None

    async def _again(self, wait: timedelta, *, slow: bool = False, counts: bool = True) -> Outcome:
        """Give the send back; ``counts`` when that was an attempt."""

        async def write(tx: TenantTx) -> None:
            await outcomes.again(tx, self._claimed, wait, slow=slow, counts=counts)

        await self._insist(write)
        return "again", None

    async def _record(self, write: Write, *, customer_id: UUID | None = None) -> None:
        """Record an outcome with its log entry, and tell everybody after the commit.

        Args:
            write: records it; may return a message that is gone.
            customer_id: somebody of whom it also tells something.
        """
        told: list[Entry] = []

        async def all_of_it(tx: TenantTx) -> None:
            told.clear()
            double = await write(tx)
            await store_log.lock_head(tx)
            if double is not None:
                told.append(await self._entry(tx, "message.deleted", double))
            told.append(await self._entry(tx, "message.status_changed", self._claimed.message_id))
            if customer_id is not None:
                shown = await sending.customer_json(tx, customer_id)
                told.append(await store_log.append(tx, "customer.updated", None, shown, self._around.new_id()))

        await self._insist(all_of_it)
        self._around.announce(told)

    async def _entry(self, tx: TenantTx, kind: str, message_id: UUID) -> Entry:
        shown = await sending.message_json(tx, message_id)
        conversation_id = await sending.conversation_of(tx, self._claimed.message_id)
        return await store_log.append(tx, kind, conversation_id, shown, self._around.new_id())

    async def _insist(self, write: Callable[[TenantTx], Awaitable[None]]) -> None:
        """Write, although the database may be away for a while: what is known now nobody else will ever know."""
        for wait in RECORD_WAITS:
            try:
                async with self._tx() as tx:
                    await write(tx)
            except (DatabaseUnavailable, asyncpg.DeadlockDetectedError) as error:
                log.warning("sending.not_recorded_yet", error=type(error).__name__)
                await asyncio.sleep(wait)
            else:
                return
        async with self._tx() as tx:
            await write(tx)

    def _tx(self) -> Any:
        return tenant_tx(self._around.pool, self._claimed.tenant_id)


def _error(refused: Refused, *, retryable: bool | None) -> dict[str, Any]:
    """Return a refusal as a message shows it."""
    return {"code": refused.code, "message": refused.reason, "retryable": retryable}
