"""What somebody typed into a search: words, "quoted phrases", -words; and where a text holds it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

TERM = re.compile(r'(-)?(?:"([^"]*)"?|([^\s"]+))')
#: As people write numbers; a national zero in brackets belongs to none of the ways to dial it.
NUMBER = re.compile(r"[+(0-9][0-9\s()./\-]*")
WORD = re.compile(r"\w+")
REST = re.compile(r"[^\W_]*")
MOST_TERMS = 12
SHORTEST_NUMBER = 3
#: How much of a text is shown around a hit, in characters.
BEFORE, WHOLE = 40, 180
#: Letters that are no base letter with a mark, as Postgres' unaccent writes them.
PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "þ": "th", "ð": "d"})


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or some in a row.

    Attributes:
        text: as it was typed.
        prefix: whether longer words that begin so count too.
        excluded: whether it is what must not be there.
    """

    text: str
    prefix: bool = False
    excluded: bool = False


def terms_of(text: str) -> Sequence[Term]:
    """Read what was typed; the last word may go on, unless a space or a quote ended it."""
    typed = "".join(c if c.isprintable() or c.isspace() else " " for c in text)
    found = [
        Term(quoted if word is None else word, word is not None and end == len(typed), bool(minus))
        for minus, quoted, word, end in ((m[1], m[2], m[3], m.end()) for m in TERM.finditer(typed))
    ]
    return [term for term in found if term.text.strip()][:MOST_TERMS]


def number_of(text: str) -> str | None:
    """Return the digits that tell a phone number, however it was written; None when it is no number."""
    typed = text.strip()
    digits = re.sub(r"\D", "", typed.replace("(0)", "")).lstrip("0")
    return digits if NUMBER.fullmatch(typed) and len(digits) >= SHORTEST_NUMBER else None


def parts_of(text: str, terms: Sequence[Term]) -> Sequence[tuple[str, bool]] | None:
    """Cut a text into what was searched for and what was not, around the first hit; None without a hit."""
    hits = list(_merged(sorted(_hits(text, terms))))
    if not hits:
        return None
    begin = _begin(text, hits[0][0])
    end = min(len(text), begin + WHOLE)
    parts: list[tuple[str, bool]] = []
    at = begin
    for first, last in hits:
        if first >= end:
            break
        parts += [(text[at:first], False), (text[first : min(last, end)], True)]
        at = min(last, end)
    parts.append((text[at:end], False))
    cut = [("…", False)] if begin else []
    return [*cut, *(part for part in parts if part[0]), *([("…", False)] if end < len(text) else [])]


def beginning_of(text: str) -> Sequence[tuple[str, bool]]:
    """Return the first characters of a text in which no hit can be shown."""
    return [(text[:WHOLE] + ("…" if len(text) > WHOLE else ""), False)]


def _begin(text: str, hit: int) -> int:
    if hit <= BEFORE:
        return 0
    space = text.find(" ", hit - BEFORE, hit)
    return space + 1 if space >= 0 else hit - BEFORE


def _hits(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Give the hits of each term, from the first of all as far as a text is shown around that."""
    folded, places = _folded(text)
    sought = [(term, words, _pattern(term, words)) for term in terms if (words := _words(term))]
    first = min((found.start() for *_, pattern in sought if (found := pattern.search(folded))), default=None)
    if first is None:
        return
    for term, words, pattern in sought:
        for match in pattern.finditer(folded, first):
            if places[match.start()] > places[first] + WHOLE:
                break
            end = match.end()
            if term.prefix:  # the whole word is shown as the hit, which is easier to read than its beginning
                rest = REST.match(folded, end)
                end = rest.end() if rest and not _unspaced(words[-1]) else end
            yield places[match.start()], places[end - 1] + 1


def _words(term: Term) -> Sequence[str]:
    """Return the words of a term that has to be there."""
    return [] if term.excluded else WORD.findall(_folded(term.text)[0].replace("_", " "))


def _pattern(term: Term, words: Sequence[str]) -> re.Pattern[str]:
    after = r"" if term.prefix or _unspaced(words[-1]) else r"(?![^\W_])"
    before = "" if _unspaced(words[0]) else r"(?<![^\W_])"
    return re.compile(before + r"[\W_]*".join(re.escape(word) for word in words) + after)


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return a text in lower case and without accents, and where each of its characters was."""
    if text.isascii():
        return text.lower(), range(len(text))
    folded = [_plain(character) for character in text]
    places = [place for place, plain in enumerate(folded) for _ in plain]
    return "".join(folded), places


@lru_cache(4096)
def _plain(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character).casefold().translate(PLAIN)
    return "".join(one for one in plain if not unicodedata.combining(one))


def _unspaced(word: str) -> bool:
    """Whether a word is of a script without spaces, in which any part of a row of characters may be found."""
    return any("\u0e00" <= c <= "\u0eff" or "\u1000" <= c <= "\u109f" or "\u1780" <= c <= "\u17ff"
               or "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" or "\uf900" <= c <= "\ufaff"
               or c >= "\U00020000" for c in word)  # fmt: skip


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for first, last in spans:
        if current is not None and first <= current[1]:
            current = (current[0], max(current[1], last))
            continue
        if current is not None:
            yield current
        current = (first, last)
    if current is not None:
        yield current
