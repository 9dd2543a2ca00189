"""One attempt to deliver: the call, and what its answer means. Whatever happens, it comes to a verdict."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.delivery import metrics
from gateway.delivery.caller import Answer, Caller
from gateway.delivery.hiding import without
from gateway.delivery.lane import Owed
from gateway.delivery.oauth import Tokens
from gateway.delivery.receiver import Prepared, Receiver
from gateway.delivery.verdict import Outcome, Verdict, judge

log = structlog.get_logger(__name__)

OUTCOMES = {outcome: metrics.ATTEMPTS.labels(outcome.value) for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class Made:
    """An attempt that was made.

    Attributes:
        begun: when.
        ended: when.
        answer: what came back.
        verdict: what it means.
        shown: the request's headers as JSON text, without logins.
    """

    begun: datetime
    ended: datetime
    answer: Answer
    verdict: Verdict
    shown: str


async def attempt(
    receiver: Receiver, owed: Owed, caller: Caller, tokens: Tokens, clock: Callable[[], datetime]
) -> Made:
    """Make an attempt."""
    begun = clock()
    shown = "{}"
    try:
        answer, shown = await _call(receiver, owed, caller, tokens, begun)
        verdict = judge(answer.status, answer.error_kind, answer.error, answer.retry_after, clock())
    except Exception as error:  # a fault of ours must not lose the delivery: it is tried again as ever
        log.exception("delivery.attempt_failed", delivery=str(owed.id))
        answer = failed_answer("internal", f"the gateway failed: {type(error).__name__}")
        verdict = Verdict(Outcome.FAILURE, answer.error_kind, answer.error)
    ended = clock()
    _count(owed, verdict, ended.timestamp())
    return Made(begun, ended, answer, verdict, shown)


def failed_answer(kind: str, words: str) -> Answer:
    """Return the answer of a call that was not made."""
    return Answer(status=None, error_kind=kind, error=words, total_ms=0.0)


async def _call(receiver: Receiver, owed: Owed, caller: Caller, tokens: Tokens, begun: datetime) -> tuple[Answer, str]:
    if receiver.auth_type != "oauth2":
        prepared = await _prepared(receiver, owed, begun)
        return without(await caller.post(prepared.request), prepared.hidden), prepared.shown
    shown = "{}"

    async def post(authorization: str) -> Answer:
        nonlocal shown
        prepared = await _prepared(receiver, owed, begun, authorization)
        shown = prepared.shown
        return without(await caller.post(prepared.request), prepared.hidden)

    seconds = receiver.timeout_seconds
    return await tokens.post(receiver.endpoint_id, receiver.secrets.login, post, seconds), shown


async def _prepared(receiver: Receiver, owed: Owed, begun: datetime, authorization: str | None = None) -> Prepared:
    if receiver.is_slow(owed):
        return await asyncio.to_thread(receiver.prepare, owed, begun, authorization)
    return receiver.prepare(owed, begun, authorization)


def _count(owed: Owed, verdict: Verdict, now: float) -> None:
    OUTCOMES[verdict.outcome].inc()
    if verdict.error_kind is not None:
        metrics.ERRORS.labels(verdict.error_kind).inc()
    elif owed.attempts == 0:
        metrics.SECONDS.observe(max(now - owed.happened_at, 0.0))
