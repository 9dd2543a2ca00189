"""The part of a text that its sender wrote now, apart from the mail quoted with it.

The full text is always kept: this is what is shown first, and what may be folded away meanwhile.
Where it is not certain that a fold hides nothing (answers between quotes, forwarded mail), there is
none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from channels.mail import limits
from channels.mail.attributions import STRONG, VERBS, attribution
from channels.mail.header_blocks import begins_header_block, is_dashed, is_forward_mark, is_original_mark
from channels.mail.quote_marks import QUOTE, SIGNATURE
from channels.mail.signatures import signature_start

MAX_LINES = 2000
MAX_LINE = 2000
MAX_FORWARD_SEARCH = 200_000
MARKER = re.compile(r"(?i)\W{0,20}(?:please )?(?:reply|write|type your reply) above this line\b.{0,80}")
FORWARD_SUBJECT = re.compile(r"(?i)\s{0,5}(?:fwd?|wg|tr|rv|vb|enc|vl|doorst|i)\s{0,3}:")


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines of a text, from ``start`` to before ``end``, that may be folded away: a quote or a signature."""

    kind: str
    start: int
    end: int


def folds(text: str, subject: str | None = None) -> tuple[Fold, ...]:
    """Return what may be folded away in ``text``, in order.

    Nothing when in doubt, when no text would be left, or when it has more than ``limits.MAX_FOLDED_LINES``.
    """
    if FORWARD_SUBJECT.match(subject or "") or text.count("\n") > limits.MAX_FOLDED_LINES:
        return ()
    lines = text.rstrip().split("\n")
    quote = _quote([line[:MAX_LINE] for line in lines[:MAX_LINES]], len(lines))
    if quote is None:
        return ()
    own = [number for number in range(len(lines)) if number not in quote]
    signature = own[signature_start([lines[number] for number in own]) :]
    if not any(lines[number].strip() for number in own[: len(own) - len(signature)]):
        return ()
    found = [*_runs(QUOTE, list(quote)), *_runs(SIGNATURE, signature)]
    return tuple(sorted(found, key=lambda fold: fold.start))


def unfolded(text: str, folded: Sequence[Fold]) -> str:
    """Return a text without what may be folded away."""
    lines, kept, at = text.rstrip().split("\n"), [], 0
    for fold in folded:
        kept.append("\n".join(lines[at : fold.start]).rstrip())
        at = fold.end
    kept.append("\n".join(lines[at:]).rstrip())
    return "\n\n".join(piece for piece in kept if piece).strip()


def visible_reply(text: str, subject: str | None = None) -> str:
    """Return what is new in ``text``; all of it when nothing is quoted, or when in doubt."""
    folded = folds(text, subject)
    return unfolded(text, folded) if folded else text.rstrip()


def is_forward(text: str, subject: str | None) -> bool:
    """Tell whether a mail passes on another one: that is content, whatever it is marked as."""
    if FORWARD_SUBJECT.match(subject or ""):
        return True
    return any(is_forward_mark(line) for line in text[:MAX_FORWARD_SEARCH].split("\n", MAX_LINES)[:MAX_LINES])


def _runs(kind: str, numbers: Sequence[int]) -> Iterator[Fold]:
    """Put neighbouring lines together."""
    for _, run in groupby(enumerate(numbers), key=lambda place: place[1] - place[0]):
        members = [number for _, number in run]
        yield Fold(kind, members[0], members[-1] + 1)


def _quote(lines: Sequence[str], end: int) -> range | None:
    """Find the quoted lines of ``end``, of which ``lines`` are looked at; None when everything has to stay."""
    written = _written(lines)
    if isinstance(written, int):
        return range(end, end) if written == len(lines) else range(written, end)
    return None if written is None else range(*written)


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
