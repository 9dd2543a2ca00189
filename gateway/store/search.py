"""Searching: ids from the functions that find words, the rows of these ids under the tenant's own policies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from gateway.model.page import START, Position
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

Kind = Literal["messages", "customers", "conversations"]
LETTERS: Mapping[Kind, str] = {"messages": "m", "customers": "c", "conversations": "s"}

#: The best of so many newest matches come first, then the best of the next so many.
WINDOW = 100
#: The same where filters leave only some of them: more is looked at for one page.
FILTERED_WINDOW = 1000
LONGEST_MS = 3000
#: A match that is this much older has to be twice as good.
HALF_LIFE = timedelta(days=14)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BOUND = "SELECT set_config('statement_timeout', $1, true)"


class SearchTooSlow(Exception):
    """A search that was given up, since it took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is searched for; what is None narrows nothing.

    Attributes:
        terms: texts, of one or more words each.
        prefixes: for each, whether longer words count too.
        excluded: for each, whether it must not be there.
        channel_ids: any of these.
        customer_id: whose.
        assignee_id: of conversations that this member has; ``unassigned``: that nobody has.
        label_ids: with any of these labels.
        direction: of a message.
        before: older than this.
        since: at least as new as this.
    """

    terms: Sequence[str]
    prefixes: Sequence[bool]
    excluded: Sequence[bool]
    channel_ids: Sequence[UUID] | None = None
    customer_id: UUID | None = None
    assignee_id: UUID | None = None
    unassigned: bool = False
    label_ids: Sequence[UUID] | None = None
    direction: str | None = None
    before: datetime | None = None
    since: datetime | None = None

    @property
    def of_conversations(self) -> bool:
        """Whether something narrows it that only what is in a conversation has."""
        return bool(self.channel_ids or self.customer_id or self.assignee_id or self.unassigned or self.direction)

    @property
    def filtered(self) -> bool:
        """Whether matches may be left out after they were found."""
        return self.of_conversations or bool(self.label_ids)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of matches begins: among those between two positions, behind a score and an id.

    Attributes:
        upper: all of them are older.
        lower: none of them is older; None: it is yet to be found out.
        last: whether nothing is there below ``lower``.
        score: of the last one before the page, in millionths; None at the beginning.
        id: its id.
    """

    upper: Position
    lower: Position | None = None
    last: bool = False
    score: int | None = None
    id: UUID | None = None


BEGINNING = Place(START)


@dataclass(frozen=True, slots=True)
class Matches:
    """Ids, the best first, and where the next ones begin."""

    ids: Sequence[UUID]
    next: Place | None


@dataclass(frozen=True, slots=True)
class _Match:
    position: Position
    score: int


# Each row is looked up by its key, under the policies of the tenant; "shown" is whether it is there and passes the
# filters. Those that don't are told too: the next window begins behind them.
MESSAGES = """
SELECT s.id, s.at, s.rank, c.id IS NOT NULL AS shown
FROM search_matches('m', $2, $3, $4, $5, $6, $7) s
LEFT JOIN messages m ON m.tenant_id = $1 AND m.id = s.id AND m.deleted_at IS NULL
    AND ($13::text IS NULL OR m.direction = $13) AND ($8::uuid[] IS NULL OR m.channel_id = ANY ($8))
LEFT JOIN conversations c ON c.tenant_id = $1 AND c.id = m.conversation_id AND c.deleted_at IS NULL
    AND ($9::uuid IS NULL OR c.customer_id = $9) AND ($10::uuid IS NULL OR c.assignee_id = $10)
    AND (NOT $11::boolean OR c.assignee_id IS NULL)
    AND ($12::uuid[] IS NULL OR EXISTS (SELECT FROM conversation_labels l
        WHERE l.tenant_id = $1 AND l.conversation_id = c.id AND l.label_id = ANY ($12)))
ORDER BY s.at DESC, s.id DESC
"""
CONVERSATIONS = """
SELECT s.id, s.at, s.rank, c.id IS NOT NULL AND $13::text IS NULL AS shown
FROM search_matches('s', $2, $3, $4, $5, $6, $7) s
LEFT JOIN conversations c ON c.tenant_id = $1 AND c.id = s.id AND c.deleted_at IS NULL
    AND ($8::uuid[] IS NULL OR c.channel_id = ANY ($8))
    AND ($9::uuid IS NULL OR c.customer_id = $9) AND ($10::uuid IS NULL OR c.assignee_id = $10)
    AND (NOT $11::boolean OR c.assignee_id IS NULL)
    AND ($12::uuid[] IS NULL OR EXISTS (SELECT FROM conversation_labels l
        WHERE l.tenant_id = $1 AND l.conversation_id = c.id AND l.label_id = ANY ($12)))
ORDER BY s.at DESC, s.id DESC
"""
CUSTOMERS = """
SELECT s.id, s.at, s.rank, k.id IS NOT NULL AS shown
FROM search_matches('c', $2, $3, $4, $5, $6, $7) s
LEFT JOIN customers k ON k.tenant_id = $1 AND k.id = s.id AND k.deleted_at IS NULL AND k.status <> 'merged'
    AND ($8::uuid[] IS NULL OR EXISTS (SELECT FROM customer_labels l
        WHERE l.tenant_id = $1 AND l.customer_id = k.id AND l.label_id = ANY ($8)))
ORDER BY s.at DESC, s.id DESC
"""


async def bound(tx: TenantTx) -> None:
    """Let no statement of this transaction take longer than a person waits."""
    await tx.connection.execute(BOUND, str(LONGEST_MS))


async def matches(tx: TenantTx, kind: Kind, asked: Asked, place: Place, limit: int) -> Matches:
    """Return the ids of a page.

    A page looks at one window of matches only, so with filters it may hold fewer than ``limit``, even none, while more
    follow.

    Raises:
        SearchTooSlow: when it takes too long.
    """
    wanted = FILTERED_WINDOW if asked.filtered else WINDOW
    upper = place.upper if asked.before is None else min(place.upper, Position(asked.before, UUID(int=0)), key=_order)
    found = await _found(tx, kind, asked, upper, wanted)
    if place.lower is None:
        last = len(found) < wanted
        lower = upper if not found else Position(found[-1]["at"], found[-1]["id"])
        if place.upper == START and found:  # what comes in while somebody pages stays out of it
            upper = Position(found[0]["at"] + timedelta(microseconds=1), UUID(int=0))
    else:
        last, lower = place.last, place.lower
    if asked.since is not None and lower.moment < asked.since:
        last = True
    shown = sorted(
        (
            _Match(Position(row["at"], row["id"]), _score(row["rank"], row["at"]))
            for row in found
            if row["shown"] and _order(Position(row["at"], row["id"])) >= _order(lower)
            and (asked.since is None or row["at"] >= asked.since)
        ),
        key=lambda match: (-match.score, match.position.id.int),
    )  # fmt: skip
    if place.score is not None and place.id is not None:
        behind = (-place.score, place.id.int)
        shown = [match for match in shown if (-match.score, match.position.id.int) > behind]
    page = shown[:limit]
    following: Place | None = None
    if len(shown) > limit:
        following = Place(upper, lower, last, page[-1].score, page[-1].position.id)
    elif not last:
        following = Place(lower)
    return Matches([match.position.id for match in page], following)


LOOKALIKES = """
SELECT s.id FROM search_lookalikes($2, $3) s
JOIN customers k ON k.tenant_id = $1 AND k.id = s.id AND k.deleted_at IS NULL AND k.status <> 'merged'
ORDER BY s.likeness DESC, s.id
"""


async def lookalikes(tx: TenantTx, name: str, limit: int) -> Sequence[UUID]:
    """Return customers whose names are like a text, the likest first.

    Raises:
        SearchTooSlow: when it takes too long.
    """
    try:
        return [row["id"] for row in await tx.connection.fetch(LOOKALIKES, tx.tenant_id, name, limit)]
    except asyncpg.QueryCanceledError as error:
        raise SearchTooSlow from error


MESSAGES_SHOWN = """
SELECT json_build_object('id', public_id('msg_', m.id), 'conversation_id', public_id('cnv_', m.conversation_id),
        'direction', m.direction, 'kind', m.kind, 'from', json_build_object('name', m.sender_name,
        'address', m.sender_address), 'author_id', public_id('usr_', m.author_id), 'occurred_at', iso(m.occurred_at)
    )::text AS message,
    (SELECT j.data::text FROM conversation_json(c) j) AS conversation, left(m.text, 20000) AS text, m.subject,
    ARRAY(SELECT a.filename FROM attachments a WHERE a.tenant_id = m.tenant_id AND a.message_id = m.id
        AND a.filename IS NOT NULL ORDER BY a.position) AS files
FROM unnest($2::uuid[]) WITH ORDINALITY AS s (id, place)
JOIN messages m ON m.tenant_id = $1 AND m.id = s.id AND m.deleted_at IS NULL
JOIN conversations c ON c.tenant_id = $1 AND c.id = m.conversation_id
ORDER BY s.place
"""
CUSTOMERS_SHOWN = """
SELECT (SELECT j.data::text FROM customer_json(k) j) AS customer, (
        SELECT to_json(public_id('cnv_', c.id))::text FROM conversations c
        WHERE c.tenant_id = $1 AND c.customer_id = k.id AND c.deleted_at IS NULL
        ORDER BY c.last_message_at DESC, c.id LIMIT 1) AS conversation_id, k.name, k.business_name, k.customer_code,
    ARRAY(SELECT i.value FROM customer_identities i WHERE i.tenant_id = $1 AND i.customer_id = k.id
        ORDER BY i.position) AS identities
FROM unnest($2::uuid[]) WITH ORDINALITY AS s (id, place)
JOIN customers k ON k.tenant_id = $1 AND k.id = s.id
ORDER BY s.place
"""
CONVERSATIONS_SHOWN = """
SELECT (SELECT j.data::text FROM conversation_json(c) j) AS conversation, c.subject
FROM unnest($2::uuid[]) WITH ORDINALITY AS s (id, place)
JOIN conversations c ON c.tenant_id = $1 AND c.id = s.id
ORDER BY s.place
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found, as far as a list shows it.

    Attributes:
        objects: JSON text, by name.
        texts: in which the words may stand, with the name of their place, the likeliest first.
    """

    objects: Mapping[str, str]
    texts: Sequence[tuple[str, str]]


async def shown(tx: TenantTx, kind: Kind, ids: Sequence[UUID]) -> Sequence[Shown]:
    """Return what is shown of the matches with these ids, in their order."""
    statement = {"messages": MESSAGES_SHOWN, "customers": CUSTOMERS_SHOWN, "conversations": CONVERSATIONS_SHOWN}[kind]
    return [_shown(kind, row) for row in await tx.connection.fetch(statement, tx.tenant_id, list(ids))]


CATCH_UP = "SELECT search_catch_up($1, $2, $3)"


async def catch_up(pool: asyncpg.Pool, entries: int, enough: int = 1, patience: timedelta = timedelta()) -> int:
    """Bring the words up to date with the logs of all tenants; returns how many entries were read.

    Args:
        pool: of the role ``hook``.
        entries: how many are read at most.
        enough: so many of a tenant are read at once.
        patience: fewer of a tenant wait until its log was last read so long ago.

    Raises:
        DatabaseUnavailable: when it can't be reached.
    """
    try:
        done: int = await pool.fetchval(CATCH_UP, entries, enough, patience)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return done


async def _found(tx: TenantTx, kind: Kind, asked: Asked, upper: Position, wanted: int) -> Sequence[Any]:
    args = [list(asked.terms), list(asked.prefixes), list(asked.excluded), upper.moment, upper.id, wanted]
    try:
        if kind == "customers":
            if asked.of_conversations:
                return []
            found = await tx.connection.fetch(CUSTOMERS, tx.tenant_id, *args, asked.label_ids)
        else:
            found = await tx.connection.fetch(
                MESSAGES if kind == "messages" else CONVERSATIONS, tx.tenant_id, *args, asked.channel_ids,
                asked.customer_id, asked.assignee_id, asked.unassigned, asked.label_ids, asked.direction,
            )  # fmt: skip
    except asyncpg.QueryCanceledError as error:
        raise SearchTooSlow from error
    rows: Sequence[Any] = found  # Any: asyncpg ships no types
    return rows


def _shown(kind: Kind, row: Any) -> Shown:
    if kind == "messages":
        objects = {"message": row["message"], "conversation": row["conversation"]}
        texts = [("text", row["text"]), ("subject", row["subject"]), *(("attachment", name) for name in row["files"])]
    elif kind == "customers":
        objects = {"customer": row["customer"], "conversation_id": row["conversation_id"] or "null"}
        texts = [(name, row[name]) for name in ("name", "business_name", "customer_code")]
        texts += [("identity", value) for value in row["identities"]]
    else:
        objects = {"conversation": row["conversation"]}
        texts = [("subject", row["subject"])]
    return Shown(objects, [(place, text) for place, text in texts if text])


def _score(rank: float, at: datetime) -> int:
    """Weigh relevance and age, in millionths of a halving; the same at any time, so that pages fit together."""
    return round((math.log2(max(rank, 1e-9)) + (at - EPOCH) / HALF_LIFE) * 1_000_000)


def _order(position: Position) -> tuple[datetime, int]:
    return position.moment, position.id.int
