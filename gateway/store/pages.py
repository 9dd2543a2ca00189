"""Cutting what a list's query found into a page."""

from collections.abc import Sequence
from typing import Any

from gateway.model.page import Page, Position


def page_of(found: Sequence[Any], limit: int) -> Page:  # Any: asyncpg ships no types
    """Make a page of rows (JSON text, moment, id).

    Args:
        found: what a query with a limit of ``limit + 1`` returned: the one too many tells that more follow.
        limit: how many the page may hold.
    """
    rows = found[:limit]
    more = len(found) > limit
    last = Position(rows[-1]["moment"], rows[-1]["id"]) if more else None
    first = Position(rows[0]["moment"], rows[0]["id"]) if rows else None
    return Page([row["json"] for row in rows], last, first)
