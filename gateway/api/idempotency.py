"""``Idempotency-Key``: a request that is repeated, because its answer was lost, gets the same answer and does nothing.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.access import Caller, token_hash
from gateway.openapi import Call
from gateway.problems import Fault, Invalid, KeyReused
from gateway.store import idempotency
from gateway.store.pool import TenantTx

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,255}")

#: For an operation's ``headers``.
IDEMPOTENCY: Mapping[str, str] = {
    HEADER: "Up to 255 characters without blanks, new for each message or note. Repeated with the same body within a"
    " day, the request gets the same answer and does nothing more; with another body it is refused (422)."
}


async def once(tx: TenantTx, call: Call[Any, Any], work: Callable[[], Awaitable[str]]) -> str:
    """Do what a request asks for, unless the same request was answered before; returns the answer as JSON text.

    Args:
        tx: in which the work is done, begun just now: whoever repeats the request meanwhile waits for its end.
        call: the request.
        work: does it, and returns the answer.

    Raises:
        Invalid: when the key is none.
        KeyReused: when the key stands for another request.
    """
    key = call.request.headers.get(HEADER)
    if key is None:
        return await work()
    if not KEY.fullmatch(key):
        fault = Fault("header", f"/{HEADER}", "write 1 to 255 characters of ASCII, without blanks")
        raise Invalid("this is no Idempotency-Key", [fault])
    owner = _owner(call.caller, call.request.headers.get("Authorization", ""))
    request = f"{call.request.path}\n{call.body.model_dump_json(by_alias=True)}"
    try:
        answer = await idempotency.claim(tx, owner, key, hashlib.sha256(request.encode()).digest())
    except idempotency.KeyReused:
        raise KeyReused(f"this {HEADER} came with another request before") from None
    if answer is None:
        answer = await work()
        await idempotency.answered(tx, owner, key, answer)
    return answer


def _owner(caller: Caller, authorization: str) -> str:
    """Tell callers apart: a person, or an API key."""
    if caller.user_id is not None:
        return f"usr_{caller.user_id.hex}"
    return f"key_{token_hash(authorization.partition(' ')[2].strip()).hex()}"
