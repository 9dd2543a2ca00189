"""The recipient blocks of a delivery report (RFC 3464), as sloppy as servers write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from channels.mail import limits
from channels.mail.addresses import address_in
from channels.mail.fields import Fields, read_fields

ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
SMTP_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?![\d.])")
ACTIONS = {
    "failed": "bounced",
    "failure": "bounced",
    "fail": "bounced",
    "error": "bounced",
    "delayed": "deferred",
    "delay": "deferred",
    "deferred": "deferred",
    "delivered": "delivered",
    "relayed": "sent",
    "expanded": "sent",
}
BY_CLASS = {"5": "bounced", "4": "deferred", "2": "delivered"}
REPEATABLE = frozenset({"final-recipient", "action", "status"})
MAX_BODY = 512 * 1024
MAX_BLOCKS = 2000
MAX_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How our mail fared for one recipient; ``bounce_class`` is hard or soft for a bounce."""

    recipient: str | None
    status: str
    bounce_class: str | None
    code: str | None
    message: str | None


def outcomes(body: bytes, default_recipient: str | None) -> list[Outcome]:
    """Read every recipient's block; one named twice counts once."""
    found: dict[str | None, Outcome] = {}
    for block in islice(_blocks(body[:MAX_BODY]), MAX_BLOCKS):
        if "final-recipient" in block or "original-recipient" in block or "action" in block:
            outcome = _outcome(block, default_recipient)
            found.setdefault((outcome.recipient or "").lower() or None, outcome)
        if len(found) >= limits.MAX_REPORT_RECIPIENTS:
            break
    return list(found.values())


def bounce(recipient: str | None, text: str, *, permanent: bool = False) -> Outcome:
    """Describe a bounce by the codes that stand in a text."""
    code = code_in(text)
    hard = code.startswith("5") if code is not None else permanent
    return Outcome(recipient, "bounced", "hard" if hard else "soft", code, text[:MAX_MESSAGE] or None)


def code_in(*texts: str) -> str | None:
    """Return the first enhanced status code (``5.1.1``) in the texts, else an SMTP code (``550``)."""
    found = (pattern.search(text) for pattern in (ENHANCED, SMTP_CODE) for text in texts)
    return next((match[1] for match in found if match is not None), None)


def _outcome(block: Fields, default_recipient: str | None) -> Outcome:
    diagnostic = (block.text("diagnostic-code") or "")[:MAX_MESSAGE]
    code = code_in(block.get("status") or "", diagnostic)
    word = re.split(r"[\s(;,]", (block.get("action") or "").strip(), maxsplit=1)[0].lower()
    status = ACTIONS.get(word) or BY_CLASS.get((code or "")[:1], "unknown")
    recipient = (
        address_in(block.get("original-recipient")) or address_in(block.get("final-recipient")) or default_recipient
    )
    failed = status in ("bounced", "deferred")
    bounce_class = None if status != "bounced" else ("hard" if (code or "").startswith("5") else "soft")
    return Outcome(recipient, status, bounce_class, code if failed else None, (diagnostic or None) if failed else None)


def _blocks(body: bytes) -> Iterator[Fields]:
    """Divide at blank lines (spaces may stand on them), and where a field comes again."""
    for chunk in re.split(rb"\n[ \t\r]*\n", body.strip()):
        block = chunk.lstrip(b"\r\n")
        group: list[tuple[str, str]] = []
        seen: set[str] = set()
        for name, value in read_fields(block, 0, len(block))[0].items:
            if name in REPEATABLE and name in seen:
                yield Fields(tuple(group))
                group, seen = [], set()
            group.append((name, value))
            seen.add(name)
        yield Fields(tuple(group))
