"""Fetching a picture that a mail shows from elsewhere, for somebody who asked to see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import filetype

from channels.http import Headers, HttpRequest, HttpResponse
from gateway.problems import PictureUnavailable

#: Makes a request of ours, guarded; reads at most that many bytes of the answer.
CallOut = Callable[[HttpRequest, int], Awaitable[HttpResponse]]

LIMIT = 5 * 1024 * 1024
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: What browsers draw and what can hold no script, by magic bytes; what the server calls it does not count.
TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a harmless type."""

    mime_type: str
    content: bytes


async def fetch_picture(call: CallOut, address: str) -> Picture:
    """Fetch a picture over https; each redirect is a call of its own, and guarded like the first.

    Raises:
        PictureUnavailable: when it can't be had, is too large, or is no picture.
    """
    for _ in range(1 + MOST_REDIRECTS):
        request = HttpRequest("GET", _secure(address), Headers.of({"accept": "image/*"}))
        answer = await call(request, LIMIT)
        if answer.status not in REDIRECTS:
            return _picture(answer)
        address = urljoin(request.url, answer.headers.get("location"))
    raise PictureUnavailable("the picture's address leads from one to the next")


def _picture(answer: HttpResponse) -> Picture:
    if answer.status != 200:
        raise PictureUnavailable("the picture could not be fetched")
    mime_type = filetype.guess_mime(answer.body) if answer.body else None
    if mime_type not in TYPES:
        raise PictureUnavailable("what was fetched is no picture of a kind that is shown")
    return Picture(mime_type, answer.body)


def _secure(address: str) -> str:
    """Ask over https, as browsers do for the pictures of a page that came over https."""
    scheme, mark, rest = address.partition("://")
    return f"https{mark}{rest}" if scheme.lower() == "http" else address
