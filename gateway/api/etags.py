"""ETags: a change is refused when what it is made to is no longer what its caller saw (RFC 9110 section 13.1.1).

The tag is a digest of the JSON answer, so whatever shows also counts. A handler locks the row, reads it, calls
``require_match``, and changes it in the same transaction: of two who saw the same, one is told.
"""

import hashlib
from collections.abc import Mapping

from aiohttp import web

from gateway.openapi import json_answer
from gateway.problems import ChangedMeanwhile

ANY = "*"

#: For an operation's ``headers``.
IF_MATCH: Mapping[str, str] = {
    "If-Match": "The ETag under which it was read. If it has another one by now, nothing is changed (412)."
}
#: For an answer's ``headers``.
ETAG: Mapping[str, str] = {"ETag": "Changes with what is answered; for If-Match."}


def etag_of(body: str) -> str:
    """Return the strong tag of a JSON answer, without its quotes."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def tagged(body: str, status: int = 200) -> web.Response:
    """Answer with JSON text and its tag."""
    answer = json_answer(body, status)
    answer.etag = etag_of(body)
    return answer


def require_match(request: web.Request, body: str) -> None:
    """Let a change go on if its caller has seen what is there now, or does not ask.

    Args:
        request: whose ``If-Match`` counts.
        body: the JSON text as ``GET`` would answer it, read while its row is locked.

    Raises:
        ChangedMeanwhile: when it was changed since.
    """
    if "If-Match" not in request.headers:
        return
    tags = request.if_match or ()  # none: the header is not understood, and then nothing matches
    if not any(tag.value in {ANY, etag_of(body)} and not tag.is_weak for tag in tags):
        raise ChangedMeanwhile("it was changed since it was read")
