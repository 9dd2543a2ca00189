"""Erasing a customer, step by step; each call does a part, counts what it erased, and can be repeated.

What the role ``app`` may not do by itself is done in definer functions (migrations 0042 and 0044), which look for a
running erasure of the tenant of the transaction.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.erased import Name
from gateway.store.pool import TenantTx

# Whoever brings them an address or a conversation in this moment waits, or is waited for.
LOCK = """
WITH RECURSIVE part AS (
    SELECT k.id FROM customers k WHERE k.tenant_id = $1 AND k.id = $2
    UNION
    SELECT k.id FROM part p JOIN customers k ON k.tenant_id = $1 AND k.merged_into = p.id
)
SELECT k.id, k.merged_into, k.deleted_at FROM customers k
WHERE k.tenant_id = $1 AND k.id IN (SELECT p.id FROM part p) ORDER BY k.id FOR UPDATE
"""
THREADS = """
SELECT id, created_at FROM conversations WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[])
ORDER BY id FOR NO KEY UPDATE
"""
MARK = """
INSERT INTO erasure_marks (tenant_id, request_id, kind, value)
SELECT $1, $2, $3, v FROM unnest($4::text[]) v
ON CONFLICT DO NOTHING
"""
NAMES = """
SELECT DISTINCT n FROM customers k CROSS JOIN LATERAL unnest(ARRAY[k.name, k.business_name, k.customer_code]) n
WHERE k.tenant_id = $1 AND k.id = ANY ($2::uuid[]) AND n <> ''
"""
FREE = "DELETE FROM customer_identities WHERE tenant_id = $1 AND customer_id = ANY ($2::uuid[]) RETURNING value"
HIDE = """
UPDATE conversations SET deleted_at = now(), subject = NULL, threading = 'merged', snoozed_until = NULL,
    status = CASE status WHEN 'snoozed' THEN 'resolved' ELSE status END
WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
"""
EMPTY = """
UPDATE customers SET name = NULL, business_name = NULL, customer_code = NULL, custom_fields = '{}',
    deleted_at = coalesce(deleted_at, now())
WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
"""
STOP_SENDING = """
UPDATE sends SET state = 'canceled', lease_token = NULL, lease_until = NULL
WHERE tenant_id = $1 AND conversation_id = ANY ($2::uuid[]) AND state = 'queued'
"""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer who is to be erased, and whom they were merged into, if they were."""

    id: UUID
    merged_into: UUID | None


async def lock(tx: TenantTx, customer_id: UUID) -> Sequence[Person]:
    """Lock a customer with all that were merged into them, deleted ones too; none when there is no such customer.

    Who was waited for may have merged somebody into them, or have undone that: so it looks until nothing changes.
    """
    people: list[Person] | None = None
    while True:
        rows = await tx.connection.fetch(LOCK, tx.tenant_id, customer_id)
        found = [Person(row["id"], row["merged_into"]) for row in rows]
        if found == people:
            return found
        people = found


HOLD_IMPORTS = """
UPDATE customer_imports SET lease = NULL, lease_until = NULL WHERE tenant_id = $1 AND state IN ('checking', 'running')
"""


async def hold_imports(tx: TenantTx) -> None:
    """Have nobody read on in files of customers: until the erasure has looked at them, nobody takes them up.

    To be called before customers are locked, as those do who read the files.
    """
    await tx.connection.execute(HOLD_IMPORTS, tx.tenant_id)


async def begin(tx: TenantTx, request_id: UUID, people: Sequence[UUID]) -> int:
    """Take locked customers and their conversations out of sight, and mark what is to be erased.

    Their addresses are free from here on: whoever writes under one is a new customer.

    Returns:
        how many addresses were removed.
    """
    threads = [row["id"] for row in await tx.connection.fetch(THREADS, tx.tenant_id, list(people))]
    freed = [row["value"] for row in await tx.connection.fetch(FREE, tx.tenant_id, list(people))]
    names = [row["n"] for row in await tx.connection.fetch(NAMES, tx.tenant_id, list(people))]
    await mark(tx, request_id, "name", names)
    await mark(tx, request_id, "customer", [str(one) for one in people])
    await mark(tx, request_id, "conversation", [str(one) for one in threads])
    await mark(tx, request_id, "address", freed)
    await tx.connection.execute(HIDE, tx.tenant_id, threads)
    await tx.connection.execute(STOP_SENDING, tx.tenant_id, threads)
    await tx.connection.execute(EMPTY, tx.tenant_id, list(people))
    return len(freed)


async def mark(tx: TenantTx, request_id: UUID, kind: str, values: Sequence[str]) -> None:
    """Note something that later steps need."""
    await tx.connection.execute(MARK, tx.tenant_id, request_id, kind, list(values))


MARKS = "SELECT kind, value FROM erasure_marks WHERE tenant_id = $1 AND request_id = $2 AND kind = ANY ($3::text[])"
FORGET_MARKS = "DELETE FROM erasure_marks WHERE tenant_id = $1 AND request_id = $2"


async def marks(tx: TenantTx, request_id: UUID, *kinds: str) -> Mapping[str, Sequence[str]]:
    """Return what is marked, by kind."""
    found: dict[str, list[str]] = {kind: [] for kind in kinds}
    for row in await tx.connection.fetch(MARKS, tx.tenant_id, request_id, list(kinds)):
        found[row["kind"]].append(row["value"])
    return found


async def forget_marks(tx: TenantTx, request_id: UUID) -> None:
    """Remove all marks: the last step."""
    await tx.connection.execute(FORGET_MARKS, tx.tenant_id, request_id)


STRAYS = "SELECT looked, last_id FROM mark_strays($1, $2, $3)"
EVENTS = "SELECT upto, name, gone FROM erase_events($1, $2, $3)"
MESSAGES = "SELECT name, gone FROM erase_next_messages($1, $2)"
WAITS_FOR = "SELECT erasure_waits_for($1)"
TAKE_MARKS = "DELETE FROM erasure_marks WHERE tenant_id = $1 AND request_id = $2 AND kind = $3 RETURNING value"
CUSTOMER = "SELECT name, gone FROM erase_customer($1)"
# Entries are numbered when they are committed, and dated when their transaction began.
SINCE = """
SELECT log_seq_at($1, least(
    (SELECT min(k.created_at) FROM customers k WHERE k.tenant_id = $1 AND k.id = ANY ($2::uuid[])),
    (SELECT min(c.created_at) FROM conversations c WHERE c.tenant_id = $1 AND c.id = ANY ($3::uuid[])))
    - interval '1 hour') - 1
"""
FIRST = UUID(int=0)


async def mark_strays(tx: TenantTx, request_id: UUID, after: UUID, most: int) -> UUID | None:
    """Mark mails of the customer in the threads of others, among the next messages.

    Returns:
        where to go on; None when there are no more.
    """
    row = await tx.connection.fetchrow(STRAYS, request_id, after, most)
    return row["last_id"] if row["looked"] == most else None


async def first_seq(tx: TenantTx, people: Sequence[UUID], threads: Sequence[UUID]) -> int:
    """Return behind which entry of the log something may tell of a customer."""
    found: int | None = await tx.connection.fetchval(SINCE, tx.tenant_id, list(people), list(threads))
    return found or 0


async def erase_events(tx: TenantTx, request_id: UUID, after: int, most: int) -> tuple[int | None, Counter[str]]:
    """Put a word in place of what the next entries of the log tell of the customer.

    Returns:
        up to which entry it looked (None: the log ends here), and how many rows of which tables it changed.
    """
    rows = await tx.connection.fetch(EVENTS, request_id, after, most)
    return (rows[0]["upto"] if rows else None), _counted(rows)


async def erase_messages(tx: TenantTx, request_id: UUID, most: int) -> Counter[str]:
    """Empty the next messages; nothing counted: there are no more."""
    return _counted(await tx.connection.fetch(MESSAGES, request_id, most))


async def names_of_erased(tx: TenantTx, request_id: UUID) -> Sequence[Name]:
    """Take what names the messages that were just emptied; it is marked nowhere any more."""
    rows = await tx.connection.fetch(TAKE_MARKS, tx.tenant_id, request_id, "repeat")
    named = [row["value"].split(" ", 2) for row in rows]
    return [Name(UUID(channel), kind, value) for channel, kind, value in named]


async def waits_for_sends(tx: TenantTx, request_id: UUID) -> bool:
    """Tell whether a provider is being asked to send one of the messages: its answer is waited for."""
    found: int = await tx.connection.fetchval(WAITS_FOR, request_id)
    return found > 0


# Whoever looks for personal data reads the log and writes what it found in one transaction, with this row locked.
DETECTED = "SELECT FROM pii_heads WHERE tenant_id = $1 FOR UPDATE"
LATE = "SELECT upto, name, gone FROM erase_late_rows($1, $2, $3)"
NEWCOMERS = """
SELECT c.id FROM conversations c
WHERE c.tenant_id = $1 AND c.customer_id = ANY ($2::uuid[]) AND NOT EXISTS (
    SELECT FROM erasure_marks k
    WHERE k.tenant_id = $1 AND k.request_id = $3 AND k.kind = 'conversation' AND k.value = c.id::text)
ORDER BY c.id FOR NO KEY UPDATE OF c
"""


async def erase_late_rows(tx: TenantTx, request_id: UUID, after: UUID, most: int) -> tuple[UUID | None, Counter[str]]:
    """Erase what came to the next emptied messages since; returns up to which, None behind the last, and counts."""
    await tx.connection.execute(DETECTED, tx.tenant_id)
    rows = await tx.connection.fetch(LATE, request_id, after, most)
    return (rows[0]["upto"] if rows else None), _counted(rows)


async def mark_newcomers(tx: TenantTx, request_id: UUID, people: Sequence[UUID]) -> bool:
    """Mark conversations of the customer that are not marked yet, and hide them; False when there are none."""
    found = [row["id"] for row in await tx.connection.fetch(NEWCOMERS, tx.tenant_id, list(people), request_id)]
    await mark(tx, request_id, "conversation", [str(one) for one in found])
    await tx.connection.execute(HIDE, tx.tenant_id, found)
    await tx.connection.execute(STOP_SENDING, tx.tenant_id, found)
    return bool(found)


async def empty_cards(tx: TenantTx, request_id: UUID, people: Sequence[UUID]) -> int:
    """Take addresses and names of the customer once more; returns how many addresses there were."""
    freed = [row["value"] for row in await tx.connection.fetch(FREE, tx.tenant_id, list(people))]
    await mark(tx, request_id, "address", freed)
    await tx.connection.execute(EMPTY, tx.tenant_id, list(people))
    return len(freed)


async def erase_customer(tx: TenantTx, request_id: UUID) -> Counter[str]:
    """Erase what is known of the customer beside messages."""
    return _counted(await tx.connection.fetch(CUSTOMER, request_id))


REFUSALS = """
SELECT count(DISTINCT c.address) FROM erasure_marks k
JOIN consents c ON c.tenant_id = k.tenant_id AND c.address = address_digest(k.tenant_id, k.value) AND c.key = 'erased'
WHERE k.tenant_id = $1 AND k.request_id = $2 AND k.kind = 'address'
"""


async def refusals(tx: TenantTx, request_id: UUID) -> int:
    """Tell how many addresses of the customer are remembered, by a digest, as not to be written to."""
    found: int = await tx.connection.fetchval(REFUSALS, tx.tenant_id, request_id)
    return found


def _counted(rows: Sequence[Mapping[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[str(row["name"])] += row["gone"]
    return counts


IMPORTS = """
SELECT id, encoding, delimiter, columns, state, sample::text, filename FROM customer_imports
WHERE tenant_id = $1 AND id > $2 AND created_at <= $3 ORDER BY id LIMIT 1 FOR NO KEY UPDATE
"""
PROBLEMS = "SELECT row_number, cells FROM customer_import_problems WHERE tenant_id = $1 AND import_id = $2"
DROP_PROBLEMS = """
DELETE FROM customer_import_problems WHERE tenant_id = $1 AND import_id = $2 AND row_number = ANY ($3::integer[])
"""
EMPTY_SAMPLE = "UPDATE customer_imports SET sample = '[]', filename = $3 WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Import:
    """A file of customers, as far as it shows some of them."""

    id: UUID
    encoding: str
    delimiter: str
    columns: Sequence[str]
    state: str
    sample: str
    filename: str


async def next_import(tx: TenantTx, after: UUID, before: datetime) -> Import | None:
    """Lock the import that follows one, of those that came before a moment."""
    row = await tx.connection.fetchrow(IMPORTS, tx.tenant_id, after, before)
    return None if row is None else Import(*row)


async def problem_rows(tx: TenantTx, import_id: UUID) -> Sequence[tuple[int, Sequence[str]]]:
    """Return the rows of an import that could not be taken: number and cells."""
    return [tuple(row) for row in await tx.connection.fetch(PROBLEMS, tx.tenant_id, import_id)]


async def drop_problems(tx: TenantTx, import_id: UUID, numbers: Sequence[int]) -> None:
    """Remove some of them."""
    await tx.connection.execute(DROP_PROBLEMS, tx.tenant_id, import_id, list(numbers))


async def empty_sample(tx: TenantTx, import_id: UUID, filename: str) -> None:
    """Show nothing of an import's first rows any more, and call it by another name."""
    await tx.connection.execute(EMPTY_SAMPLE, tx.tenant_id, import_id, filename)


DUE = "UPDATE files SET expires_at = now() WHERE tenant_id = $1 AND id = $2 RETURNING 1"


async def file_is_due(tx: TenantTx, file_id: UUID) -> bool:
    """Let go of a file, unless a message has it (which removing looks after); False when it is gone already."""
    return await tx.connection.fetchval(DUE, tx.tenant_id, file_id) is not None
