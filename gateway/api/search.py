"""``/api/v1/search``: messages, customers and conversations that hold some words."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.cursors import EPOCH, MICROSECOND, values_cursor_of, values_of
from gateway.api.services import Services
from gateway.api.terms import Term, beginning_of, number_of, parts_of, terms_of
from gateway.model.fields import ChannelId, CustomerId, LabelId, Moment
from gateway.model.ids import parse
from gateway.model.page import Position
from gateway.model.search import Found, Where
from gateway.model.view import SomeMember
from gateway.openapi import Answer, Api, Audit, Call, NoBody, Operation, QueryModel, json_answer
from gateway.openapi.operation import PLAIN_DIGITS
from gateway.problems import CursorInvalid
from gateway.store import search
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.search import BEGINNING, Asked, Kind, Place, SearchTooSlow, Shown

#: Searches of one process at a time; the others wait, so that reading the inbox never does.
AT_ONCE = 2
#: Names that are merely alike help somebody who found next to nothing.
FEW = 3
SHORTEST_NAME = 4
KINDS: Sequence[Kind] = ("messages", "customers", "conversations")
#: Farther than any date of a message; so that a cursor that was tampered with names no moment outside the calendar.
FARTHEST = timedelta(days=365 * 1900) // MICROSECOND
BEST = 10**15


class SearchQuery(QueryModel):
    """What is searched for, and what narrows it."""

    q: str = Field(
        max_length=200,
        examples=["blue hat"],
        description='Words, all of which must be there, in any order; the last one may go on. "Some words" in a row;'
        " -word: not there. Accents and case make no difference. Of a phone number any three digits in a row, of an"
        " e-mail address any of its parts.",
    )
    where: Where = Field(default="all", alias="in", description="all: a page of each.")
    channel: list[ChannelId] = Field(default=[], max_length=50, description="May be repeated.")
    customer: CustomerId | None = Field(default=None, alias="from", description="In conversations with this customer.")
    assignee: SomeMember | None = Field(default=None, description="In conversations of: me, nobody, or a member.")
    label: list[LabelId] = Field(default=[], max_length=20, description="Of the conversation; of a customer itself.")
    direction: Literal["inbound", "outbound", "internal"] | None = Field(
        default=None, description="Of messages; internal: private notes."
    )
    before: Moment | None = Field(default=None, description="Written, or made, before this.")
    after: Moment | None = Field(default=None, description="Written, or made, then or later.")
    limit: Annotated[int, Field(ge=1, le=50, description="How many of each kind at most."), PLAIN_DIGITS] = 20
    cursor: str | None = Field(default=None, description="The next_cursor of a kind; for the same search in it alone.")


SEARCH = Operation(
    method="GET",
    path="/api/v1/search",
    name="search",
    tag="Search",
    summary="Search messages, customers and the subjects of conversations.",
    description="The best matches among the newest come first. With filters a page may hold fewer than limit, even"
    " none, while next_cursor tells that more was not looked at yet. Filters that only messages and conversations have"
    " leave out all customers; direction leaves out conversations. Private notes are found, what was taken back not.",
    query=SearchQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("search", "messages", "conversations", "customers"),
    answers={200: Answer("What was found, by kind.", Found)},
    problems=(CursorInvalid, SearchTooSlow),
)


class Search:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def search(self, call: Call[SearchQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of each kind that is asked for."""
        query = call.query
        kinds = [kind for kind in KINDS if query.where in {"all", kind}]
        if query.cursor is not None and len(kinds) > 1:
            raise CursorInvalid("a cursor is of one kind: name it with in")
        found = dict.fromkeys(KINDS, "null")
        terms = terms_of(query.q)
        mark = _mark(query, call.caller)
        place = BEGINNING if query.cursor is None else _place(query.cursor, [*mark, *kinds])
        async with self._turn, tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await search.bound(tx)
            for kind in kinds:
                of_kind = _as_number(terms, query.q) if kind == "customers" else terms
                asked = _asked(query, call.caller, of_kind)
                found[kind] = await _page(tx, kind, asked, of_kind, place, query, [*mark, kind])
        return json_answer("{" + ",".join(f'"{kind}":{text}' for kind, text in found.items()) + "}")


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(SEARCH, Search(services).search)


async def _page(
    tx: TenantTx, kind: Kind, asked: Asked, terms: Sequence[Term], place: Place, query: SearchQuery, mark: Sequence[str]
) -> str:
    page = await search.matches(tx, kind, asked, place, query.limit)
    ids = list(page.ids)
    if kind == "customers" and place == BEGINNING and len(ids) < min(FEW, query.limit) and not asked.filtered:
        ids += await _alike(tx, terms, ids, query.limit - len(ids))
    rows = [_hit(kind, one, terms) for one in await search.shown(tx, kind, ids)]
    cursor = values_cursor_of(_values(page.next), mark) if page.next else None
    return f'{{"data":[{",".join(rows)}],"next_cursor":{orjson.dumps(cursor).decode()}}}'


async def _alike(tx: TenantTx, terms: Sequence[Term], known: Sequence[UUID], wanted: int) -> Sequence[UUID]:
    name = " ".join(term.text for term in terms if not term.excluded)
    if len(name) < SHORTEST_NAME or any(term.excluded for term in terms):
        return []
    found = await search.lookalikes(tx, name, wanted + len(known))
    return [key for key in found if key not in known][:wanted]


def _hit(kind: Kind, one: Shown, terms: Sequence[Term]) -> str:
    """Write a hit. The excerpt is pieces of plain text, so that nobody is led to show it as HTML."""
    cut = ((place, parts_of(text, terms)) for place, text in one.texts)
    place, parts = next(
        ((place, parts) for place, parts in cut if parts is not None),
        (one.texts[0][0], beginning_of(one.texts[0][1])) if one.texts else (_FIRST_PLACE[kind], []),
    )
    excerpt = orjson.dumps([{"text": text, "hit": hit} for text, hit in parts]).decode()
    where = "" if kind == "conversations" else f'"place":"{place}",'
    objects = "".join(f'"{name}":{text},' for name, text in one.objects.items())
    return f'{{{objects}{where}"excerpt":{excerpt}}}'


#: Which place is named for what has none of the texts any more.
_FIRST_PLACE: Mapping[Kind, str] = {"messages": "text", "customers": "name", "conversations": "subject"}


def _as_number(terms: Sequence[Term], typed: str) -> Sequence[Term]:
    """Read all that was typed as one phone number, if it looks like one."""
    number = number_of(typed)
    return terms if number is None else [Term(number, prefix=True)]


def _asked(query: SearchQuery, caller: Caller, terms: Sequence[Term]) -> Asked:
    mine = caller.user_id or UUID(int=0)  # an API key has none: nothing is found
    member = None if query.assignee in {None, "me", "nobody"} else parse("usr", str(query.assignee))
    return Asked(
        terms=[term.text for term in terms],
        prefixes=[term.prefix for term in terms],
        excluded=[term.excluded for term in terms],
        channel_ids=[parse("ch", one) for one in query.channel] or None,
        customer_id=parse("cus", query.customer) if query.customer else None,
        assignee_id=mine if query.assignee == "me" else member,
        unassigned=query.assignee == "nobody",
        label_ids=[parse("lbl", one) for one in query.label] or None,
        direction=query.direction,
        before=query.before,
        since=query.after,
    )


def _mark(query: SearchQuery, caller: Caller) -> Sequence[str]:
    """Write down what a cursor is bound to."""
    whole: Mapping[str, Any] = query.model_dump(exclude={"where", "cursor", "limit"})  # Any: values of any kind
    return [*(f"{name}={value}" for name, value in whole.items()), str(caller.user_id)]


def _values(place: Place) -> Sequence[object]:
    lower = place.lower
    return [
        *_numbers(place.upper), *(_numbers(lower) if lower else (None, None)), place.last, place.score,
        place.id.hex if place.id else None,
    ]  # fmt: skip


def _numbers(position: Position) -> tuple[int, str]:
    return (position.moment - EPOCH) // MICROSECOND, position.id.hex


def _place(cursor: str, mark: Sequence[str]) -> Place:
    upper_at, upper_id, lower_at, lower_id, last, score, key = values_of(cursor, mark, 7)
    try:
        return Place(
            upper=_position(upper_at, upper_id),
            lower=None if lower_at is None else _position(lower_at, lower_id),
            last=last is True,
            score=None if score is None else _whole(score, BEST),
            id=None if key is None else UUID(hex=str(key)),
        )
    except ValueError:
        raise CursorInvalid("this is not a cursor of this list") from None


def _position(at: object, key: object) -> Position:
    return Position(EPOCH + _whole(at, FARTHEST) * MICROSECOND, UUID(hex=str(key)))


def _whole(value: object, most: int) -> int:
    if type(value) is not int or not -most <= value <= most:
        raise ValueError("not a number of a cursor")
    return value
