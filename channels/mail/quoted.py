"""The part of a text that its sender wrote now, apart from the mail quoted with it.

The full text is always kept: this is what is shown first. Where it is not certain that a cut
loses nothing (answers between quotes, forwarded mail), all is kept.
"""

import re
from collections.abc import Sequence

from channels.mail.attributions import STRONG, VERBS, attribution
from channels.mail.header_blocks import begins_header_block, is_dashed, is_forward_mark, is_original_mark
from channels.mail.signatures import without_signature

MAX_LINES = 2000
MAX_LINE = 2000
MAX_FORWARD_SEARCH = 200_000
MARKER = re.compile(r"(?i)\W{0,20}(?:please )?(?:reply|write|type your reply) above this line\b.{0,80}")
FORWARD_SUBJECT = re.compile(r"(?i)\s{0,5}(?:fwd?|wg|tr|rv|vb|enc|vl|doorst|i)\s{0,3}:")


def visible_reply(text: str, subject: str | None = None) -> str:
    """Return what is new in ``text``; all of it when nothing is quoted, or when in doubt."""
    whole = text.rstrip()
    if FORWARD_SUBJECT.match(subject or ""):
        return whole
    lines = whole.split("\n")
    written = _written([line[:MAX_LINE] for line in lines[:MAX_LINES]])
    if written is None:
        return whole
    if written == len(lines[:MAX_LINES]):
        kept = lines
    elif isinstance(written, int):
        kept = lines[:written]
    else:
        kept = [*_trim(lines[: written[0]]), "", *lines[written[1] :]]
    reply = "\n".join(without_signature(kept)).strip()
    return reply or whole


def is_forward(text: str, subject: str | None) -> bool:
    """Tell whether a mail passes on another one: that is content, whatever it is marked as."""
    if FORWARD_SUBJECT.match(subject or ""):
        return True
    return any(is_forward_mark(line) for line in text[:MAX_FORWARD_SEARCH].split("\n")[:MAX_LINES])


def _written(lines: Sequence[str]) -> int | tuple[int, int] | None:
    """Find the first mark of quoted mail.

    Returns:
        The number of lines above it; or, when the answer continues below a quote, the range that
        is quoted; or None when everything has to stay.
    """
    for at, line in enumerate(lines):
        if MARKER.fullmatch(line.strip()):
            return at
        if is_forward_mark(line):
            return None
        if is_original_mark(line) or (is_dashed(line) and VERBS.search(line)) or begins_header_block(lines, at):
            return at
        found = attribution(lines, at)
        if found is not None and (found[0] == STRONG or _is_quoted(_next_text(lines, at + found[1]))):
            return _below_attribution(lines, at, at + found[1])
        if _is_quoted(line):
            return at if _only_quoted(lines[at:]) else None
    return len(lines)


def _below_attribution(lines: Sequence[str], at: int, below: int) -> int | tuple[int, int] | None:
    """Judge what follows an attribution: a quote to the end, an answer below it, or both mixed."""
    if not _is_quoted(_next_text(lines, below)):
        return at
    end = below
    while end < len(lines) and (_is_quoted(lines[end]) or not lines[end].strip()):
        end += 1
    if end == len(lines):
        return at
    if any(_is_quoted(line) for line in lines[end:]):
        return None
    return at, end


def _only_quoted(lines: Sequence[str]) -> bool:
    return all(_is_quoted(line) or not line.strip() for line in lines)


def _is_quoted(line: str | None) -> bool:
    return line is not None and line.lstrip(" \ufeff").startswith(">")


def _next_text(lines: Sequence[str], at: int) -> str | None:
    return next((line for line in lines[at:] if line.strip()), None)


def _trim(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines
