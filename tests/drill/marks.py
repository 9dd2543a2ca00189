"""Marks: each text of the drill names its tenant and a number, so that whatever is found anywhere tells whose it is."""

import re

#: As ``mark`` writes them; the first group is the tenant.
MARK = re.compile(r"drill-([a-z]+)-[0-9]{7}")
#: The same for Postgres.
PATTERN = "drill-([a-z]+)-[0-9]{7}"


def mark(tenant: str, number: int) -> str:
    """Return a mark of a tenant."""
    return f"drill-{tenant}-{number:07}"


def marks_in(text: str) -> list[str]:
    """Return the marks in a text, in their order."""
    return [found[0] for found in MARK.finditer(text)]


def tenant_of(mark_: str) -> str:
    """Return the tenant that a mark names."""
    return mark_.split("-")[1]


def strangers(tenant: str, text: str) -> list[str]:
    """Return the marks in a text that name other tenants than the one that it was found at."""
    return [one for one in marks_in(text) if tenant_of(one) != tenant]
