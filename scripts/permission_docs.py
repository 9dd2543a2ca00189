"""Writes ``docs/permissions.md`` from ``gateway/permissions.py``: ``make docs``. A test holds the two together."""

from collections.abc import Sequence
from pathlib import Path

from gateway.permissions import BROAD_SCOPES, MEANINGS, OF_KEYS, OF_ROLE, PERMISSIONS

PAGE = Path(__file__).parents[1] / "docs" / "permissions.md"
HEAD = """# Who may do what

Each operation of the API asks for one permission; `/docs` and `/openapi.json` (`x-permission`) say which. A role is a
set of permissions, and a member may be given others beyond their role. An API key has those that it was made with; it
has no account, so that `account.write` is not for keys.

Nobody gives or takes what they do not have themselves. Only owners decide about owners, and one owner always stays.
"""


def page() -> str:
    """Write the page."""
    heads = ["Permission", *OF_ROLE, "keys", "What it lets somebody do"]
    lines = [HEAD, _row(heads), _row(["---"] * len(heads))]
    for permission in PERMISSIONS:
        marks = ["✓" if permission in granted else "" for granted in (*OF_ROLE.values(), OF_KEYS)]
        lines.append(_row([f"`{permission}`", *marks, MEANINGS[permission]]))
    reading = ", ".join(f"`{one}`" for one in PERMISSIONS if one in BROAD_SCOPES["read"])
    lines += [
        "",
        f"Older API keys may have the scope `read` ({reading}), or `write`: all that a key can have but"
        " `audit.read` and `customers.privacy`, which have to be named.",
        "",
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
