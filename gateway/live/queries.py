"""The parameters and answers of ``/api/v1/events`` and ``/api/v1/stream``, for the checks and the document."""

from collections.abc import Sequence
from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field

from gateway.live.protocol import LARGEST_SEQ
from gateway.model.event import EventPage
from gateway.model.event_types import EventPattern
from gateway.openapi import PLAIN_DIGITS, Answer, Audit, NoBody, NoQuery, Operation, QueryModel
from gateway.problems import Fault, Invalid, Malformed, OriginMismatch, Overloaded, Resync

TAG = "Events"
LAST_EVENT_ID = "Last-Event-ID"


def _separated(given: Sequence[str]) -> Sequence[str]:
    return [one for text in given for one in text.split(",")]


class EventQuery(QueryModel):
    """From where, which and how many, and how long to wait for one."""

    after: Annotated[int, Field(ge=0, le=LARGEST_SEQ), PLAIN_DIGITS] | None = Field(
        default=None,
        description="The seq of the last entry that you have. "
        "Without it a page starts at the oldest entry, a stream now.",
    )
    epoch: str | None = Field(
        default=None, max_length=64, description="Of the log that the position is in; another one is answered 410."
    )
    limit: Annotated[int, Field(ge=1, le=1000, description="How many entries at most; pages only."), PLAIN_DIGITS] = 100
    types: Annotated[list[EventPattern], BeforeValidator(_separated)] = Field(
        default=[],
        max_length=20,
        description="Only these, separated by commas or repeated; an asterisk stands for any words, as in "
        "`message.*`. None means all. Pages only.",
    )
    wait: Annotated[int, Field(ge=0, le=60), PLAIN_DIGITS] = Field(
        default=0, description="So many seconds an answer without entries waits for the next one; pages only."
    )


EVENTS = Operation(
    method="GET",
    path="/api/v1/events",
    name="list_events",
    tag=TAG,
    summary="Read the log after a position.",
    description="With `Accept: text/event-stream` the entries are sent as server-sent events, then those that come: "
    "`id` is the seq, `event` the type, `data` the entry. `Last-Event-ID` counts before `after`.\n\n"
    "Go on from `next_after`. With `types` a page looks at ten thousand entries at most, so it may hold none of them "
    "and yet move on. With `wait` it is answered as soon as an entry comes, and without any when the time is up or "
    "the server stops.",
    query=EventQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "events"),
    answers={200: Answer("Entries, oldest first.", EventPage)},
    problems=(Resync, Overloaded),
)
STREAM = Operation(
    method="GET",
    path="/api/v1/stream",
    name="open_stream",
    tag=TAG,
    summary="Open a websocket that carries the log live.",
    description='Send `{"type":"resume","after":SEQ}` first. What is said then is described in `/asyncapi.json`.',
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("follow", "events"),
    answers={101: Answer("The websocket protocol follows.", content_type=None)},
    problems=(Malformed, OriginMismatch),
)


def last_event_id(request: web.Request) -> int | None:
    """Return the position with which a browser comes back to a stream.

    Raises:
        Invalid: when it is none.
    """
    text = request.headers.get(LAST_EVENT_ID, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_SEQ):
        fault = Fault("header", f"/{LAST_EVENT_ID}", "this should be the seq of an entry")
        raise Invalid("the Last-Event-ID is not acceptable", [fault])
    return int(text)
