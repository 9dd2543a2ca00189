"""Cutting out of an answer what others made up, before it is looked through for ids.

What a provider, a customer's device or an agent calls what (``extra``, custom fields, headers) is shown as it came: a
key ``id`` in there is theirs, and must not write into the audit that a record was read. To parse each answer would take
ten times as long as to look for ids; most of these values are empty, and are passed by.
"""

import re
from collections.abc import Sequence
from functools import cache

from gateway.model.audit import TABLES, Table

#: A key of ours with an object or a list that is not empty. Quotes within a text are escaped, so this is in no text.
BEGINS = rb'"(?:%s)" ?: ?(?=[{\[] ?(?![}\] ]))'
#: Up to the next bracket that is in no text (RFC 8259 section 7 tells how a text ends).
BRACKET = re.compile(rb'[^]\[{}"]*+(?:"(?:[^"\\]++|\\.)*+"[^]\[{}"]*+)*+([]\[{}])')


@cache
def free_in(tables: Sequence[Table]) -> re.Pattern[bytes] | None:
    """Return what finds where a free value of these tables begins; None when they have none."""
    keys = dict.fromkeys(key for table in tables for key in TABLES[table].free)
    return re.compile(BEGINS % "|".join(keys).encode()) if keys else None


def without(shown: bytes, free: re.Pattern[bytes] | None) -> bytes:
    """Return an answer, which is JSON, without the free values in it; it need not be JSON any more."""
    if free is None:
        return shown
    kept, end = [], 0
    while (found := free.search(shown, end)) is not None:
        kept.append(shown[end : found.end()])
        end = _end_of(shown, found.end())
    return b"".join([*kept, shown[end:]]) if kept else shown


def _end_of(shown: bytes, start: int) -> int:
    """Return where an object or a list ends that begins somewhere; one that does not end goes on to the last byte."""
    depth = 0
    while (bracket := BRACKET.match(shown, start)) is not None:
        start = bracket.end()
        depth += 1 if bracket[1] in b"{[" else -1
        if depth == 0:
            return start
    return len(shown)
