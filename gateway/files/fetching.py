"""Fetching one file that a message only points at: what to ask its provider for, and what the answer means."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urljoin
from uuid import UUID

from channels.adapter import Adapter
from channels.downloads import FILE_GONE, by_link
from channels.events import Media
from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from channels.outbound import Refused
from channels.retry_after import retry_after
from gateway.files.errors import FileEmpty, FileTooLarge
from gateway.files.keeping import Files
from gateway.outgoing.base_url import calling, moved
from gateway.outgoing.dialogue import DialogueEndless, drive
from gateway.outgoing.http import BrokenOff, Calls
from gateway.store.files import StoredFile

MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
LATER = frozenset({408, 425, 429, NO_ANSWER})


class Route(Protocol):
    """A connection: how its provider is spoken to."""

    @property
    def adapter(self) -> Adapter:
        """The provider."""

    @property
    def credentials(self) -> Any:
        """What lets us in."""

    @property
    def context(self) -> Mapping[str, Any]:
        """The connection's settings by name."""


#: Finds a connection by its id; None when it is gone.
RouteOf = Callable[[UUID], Awaitable[Route | None]]


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that was not to be had.

    Attributes:
        reason: for people.
        state: what it comes to: ``failed`` or ``expired``; None when another try may work.
        wait: seconds until then that the provider asks for.
    """

    reason: str
    state: str | None = None
    wait: float | None = None


async def fetch(
    files: Files, calls: Calls, tenant_id: UUID, route: Route, media: Media, now: datetime
) -> StoredFile | Missing:
    """Fetch a file and store it.

    Args:
        files: takes it in.
        calls: makes the requests.
        tenant_id: whose it is.
        route: the connection that its message came in on.
        media: where it is; or its bytes.
        now: the time, for requests that are signed with it.

    Raises:
        StorageUnavailable: when it can't be stored now.
        DatabaseUnavailable: when it can't be noted now.
    """
    if media.content is not None:
        return await _stored(files, tenant_id, _once(media.content), media)
    request = await _asked(calls, route, media, now)
    if isinstance(request, Missing):
        return request
    for _ in range(1 + MOST_REDIRECTS):
        async with calls.stream(moved(request, route.context)) as answer:
            if answer.response.status == 200:
                return await _stored(files, tenant_id, answer.chunks, media)
            if answer.response.status not in REDIRECTS:
                return _refusal(answer.response)
            # Without the login: where it leads is somebody else's.
            request = HttpRequest("GET", urljoin(request.url, answer.response.headers.get("location")), Headers())
    return Missing("The provider's link leads from one to the next.", "failed")


async def _asked(calls: Calls, route: Route, media: Media, now: datetime) -> HttpRequest | Missing:
    """Return the request for the bytes, once what has to be asked was asked."""
    download = route.adapter.operations.download
    dialogue = by_link(media) if download is None else download(media, route.credentials, now)
    try:
        outcome = await drive(dialogue, calling(calls.send, route.context))
    except DialogueEndless:
        return Missing("The provider did not come to an end with where the file is.", "failed")
    if not isinstance(outcome, Refused):
        return outcome
    if outcome.retryable:
        return Missing(outcome.reason, wait=outcome.retry_after)
    return Missing(outcome.reason, "expired" if outcome.code == FILE_GONE else "failed")


async def _stored(files: Files, tenant_id: UUID, chunks: AsyncIterator[bytes], media: Media) -> StoredFile | Missing:
    try:
        return await files.take(tenant_id, chunks, filename=media.filename, declared=media.mime_type)
    except BrokenOff:
        return Missing("The file broke off while it was fetched.")
    except FileTooLarge:
        return Missing(f"The file is larger than the {files.limit} bytes that are kept.", "failed")
    except FileEmpty:
        return Missing("The file is empty.", "failed")


def _refusal(response: HttpResponse) -> Missing:
    if response.status in GONE:
        return Missing("The provider no longer has the file.", "expired")
    if response.status in LATER or response.status >= 500:
        return Missing("The provider did not hand out the file yet.", wait=retry_after(response))
    if response.status in (401, 403):
        return Missing("The provider does not hand out the file to this connection's credentials.", "failed")
    return Missing(f"The provider did not hand out the file (it answered {response.status}).", "failed")


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
