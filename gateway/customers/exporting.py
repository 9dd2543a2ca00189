"""Customers as a table: which columns, and what stands in the cells."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.store.customers_fields import Field

#: How spreadsheets begin a formula. https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
FIRST = ("id", "name", "business_name", "customer_code", "status", "phone", "whatsapp", "email", "labels")
#: Spreadsheets take a file for UTF-8 when it begins so.
MARK = "\ufeff"


def columns(fields: Sequence[Field]) -> list[str]:
    """Return the names of the columns."""
    return [*FIRST, *[f"custom_fields.{field.key}" for field in fields], "created_at"]


def cells(customer: Mapping[str, Any], fields: Sequence[Field], labels: Mapping[str, str]) -> list[str]:
    """Return a customer's cells.

    Args:
        customer: as the API shows them.
        fields: the tenant's own.
        labels: the tenant's, names by id.
    """
    by_kind: dict[str, list[str]] = {}
    for identity in customer["identities"]:
        by_kind.setdefault(identity["kind"], []).append(identity["value"])
    values = customer["custom_fields"]
    return [
        customer["id"],
        *[customer[key] or "" for key in ("name", "business_name", "customer_code", "status")],
        *["; ".join(by_kind.get(kind, ())) for kind in ("phone", "whatsapp", "email")],
        "; ".join(labels[key] for key in customer["label_ids"] if key in labels),
        *[_written(values.get(field.key)) for field in fields],
        customer["created_at"],
    ]


def line(row: Sequence[str]) -> bytes:
    """Write a row as RFC 4180 has it; cells that a spreadsheet would take for formulas are defused."""
    text = io.StringIO()
    csv.writer(text).writerow([defused(cell) for cell in row])
    return text.getvalue().encode("utf-8", "replace")


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _written(value: object) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
