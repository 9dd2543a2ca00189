"""Forgetting a customer in files of customers that somebody imported."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from typing import IO
from uuid import UUID

import orjson

from gateway.customers.csv_files import rows_of
from gateway.store import customer_imports, erasing
from gateway.store.erasing import Import
from gateway.store.pool import TenantTx

#: How a file is called whose name or rows spoke of the customer.
RENAMED = "customers.csv"
#: States of files that are still to be read.
WAITING = frozenset({"uploaded", "checking", "checked", "running"})
#: What is left of a number without its country's code is one of theirs from this length on.
LEAST_DIGITS = 7
IN_MEMORY = 1024 * 1024


class Card:
    """What cells hold that speak of a customer.

    Args:
        addresses: numbers and mail addresses.
        names: of the person, the business, and their code.
    """

    def __init__(self, addresses: Iterable[str], names: Iterable[str]) -> None:
        known = list(addresses)
        self._texts = {text.strip().casefold() for text in (*known, *names)}
        self._numbers = [digits for one in known if (digits := one.lstrip("+")).isdigit()]

    def named_in(self, cells: Iterable[str]) -> bool:
        """Tell whether one of some cells is the customer's, or ends as a number of theirs does."""
        return any(self._names(cell) for cell in cells)

    def _names(self, cell: str) -> bool:
        if cell.strip().casefold() in self._texts:
            return True
        digits = re.sub(r"\D", "", cell).lstrip("0")
        return len(digits) >= LEAST_DIGITS and any(number.endswith(digits) for number in self._numbers)


async def forget_in_imports(
    tx: TenantTx, after: UUID, before: datetime, card: Card
) -> tuple[UUID | None, Counter[str]]:
    """Forget a customer in the next import: its sample, and rows that could not be taken.

    A file that is still to be read, and speaks of the customer, is read no further: it would make them anew.

    Returns:
        the import that was looked at (None: there are no more), and rows by table.
    """
    found = await erasing.next_import(tx, after, before)
    if found is None:
        return None, Counter()
    counts: Counter[str] = Counter()
    theirs = [number for number, cells in await erasing.problem_rows(tx, found.id) if card.named_in(cells)]
    if theirs:
        await erasing.drop_problems(tx, found.id, theirs)
        counts["customer_import_problems"] = len(theirs)
    if any(card.named_in(row) for row in [*orjson.loads(found.sample), found.columns, [found.filename]]):
        await erasing.empty_sample(tx, found.id, RENAMED)
        counts["customer_imports"] = 1
    if found.state in WAITING and await _in_file(tx, found, card):
        await customer_imports.cancel(tx, found.id)
        counts["customer_import_pieces"] = 1
    return found.id, counts


async def _in_file(tx: TenantTx, found: Import, card: Card) -> bool:
    columns: Sequence[str] = found.columns
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        async for piece in customer_imports.pieces(tx, found.id):
            file.write(piece)
        return await asyncio.to_thread(_speaks_of, file, found, len(columns), card)


def _speaks_of(file: IO[bytes], found: Import, width: int, card: Card) -> bool:
    """Read a file; a large one takes seconds."""
    with closing(rows_of(file, found.encoding, found.delimiter, width)) as rows:
        return any(card.named_in(row.cells) for row in rows)
