"""Pages of a conversation's messages: the newest, what is older or newer, and what is around one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from gateway.api.cursors import both_ways_json, position_of
from gateway.model.fields import MessageId
from gateway.model.ids import parse
from gateway.model.page import Page, Position
from gateway.openapi import Limit, QueryModel
from gateway.problems import Fault, Invalid, NotFound
from gateway.store import messages
from gateway.store.pool import TenantTx


class ThreadQuery(QueryModel):
    """Which page: one of these, or the newest."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of a page: what is older.")
    newer: str | None = Field(default=None, description="The previous_cursor of a page: what is newer.")
    around: MessageId | None = Field(default=None, description="A message of this conversation, to be in the middle.")


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Messages, the newest first, and where what is newer begins."""

    page: Page
    first: Position | None


async def page_of_thread(tx: TenantTx, conversation_id: UUID, asked: ThreadQuery) -> ThreadPage:
    """Read a page.

    Raises:
        Invalid: when more than one page is asked for.
        CursorInvalid: when a cursor is none of this conversation.
        NotFound: when the message in the middle is not in it.
    """
    given = [name for name in ("cursor", "newer", "around") if getattr(asked, name) is not None]
    if len(given) > 1:
        raise Invalid(
            "one page can be asked for at a time",
            [Fault("query", f"/{name}", "this can't be given together with the others") for name in given],
        )
    filters = [conversation_id.hex]
    if asked.newer is not None:
        return await _newer(tx, conversation_id, position_of(asked.newer, filters), asked.limit)
    if asked.around is not None:
        return await _around(tx, conversation_id, parse("msg", asked.around), asked.limit)
    page = await messages.newest_first(tx, conversation_id, position_of(asked.cursor, filters), asked.limit)
    return ThreadPage(page, page.first if asked.cursor is not None else None)


def thread_json(found: ThreadPage, filters: Sequence[str], seq: int) -> str:
    """Write a page as the API answers it."""
    return both_ways_json(found.page, found.first, filters, seq)


async def _newer(tx: TenantTx, conversation_id: UUID, after: Position, limit: int) -> ThreadPage:
    page = await messages.oldest_first(tx, conversation_id, after, limit)
    return ThreadPage(Page(page.rows[::-1], page.first), page.last)


async def _around(tx: TenantTx, conversation_id: UUID, message_id: UUID, limit: int) -> ThreadPage:
    place = await messages.position_in(tx, conversation_id, message_id)
    if place is None:
        raise NotFound("there is no such message in this conversation")
    later = await messages.oldest_first(tx, conversation_id, place, limit // 2)
    before = Position(place.moment, UUID(int=min(place.id.int + 1, (1 << 128) - 1)))
    earlier = await messages.newest_first(tx, conversation_id, before, limit - limit // 2)
    return ThreadPage(Page([*later.rows[::-1], *earlier.rows], earlier.last), later.last)
