"""HTML as a flat stream of tags and texts, read in one pass.

A reader for hostile mail: each kind of search remembers that it found nothing, so that the time
is linear whatever is left open. What it yields is no security boundary (the sanitiser is); it
bounds what the sanitiser gets to see.
"""

import html
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from channels.mail.wordsets import words

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=\"'<]{1,200})(?:\s{0,50}=\s{0,50}(\"|'|[^\s>\"'][^\s>]*)?)?")
LONE = re.compile(r"<+(?=<)")
LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")
RAW_TEXT = words("script style title textarea xmp iframe noembed noframes")
SKIPPED = words("noscript template svg math object applet video audio canvas select datalist frameset")
MOST_ATTRIBUTES = 64
MOST_ATTRIBUTES_IN_ALL = 40_000


@dataclass(frozen=True, slots=True)
class Text:
    """Characters between tags, with references resolved."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or end tag, its name in lower case.

    ``empty`` when written as ``<name/>``; ``unclosed`` when it begins what is to be skipped, and no end tag follows.
    """

    name: str
    closing: bool = False
    empty: bool = False
    unclosed: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


class _Source:
    """The markup, with a memory of what no longer occurs in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._absent: set[str] = set()
        self._lower: str | None = None
        self._last: dict[str, int] = {}
        self.attributes_left = MOST_ATTRIBUTES_IN_ALL

    def find(self, needle: str, at: int) -> int:
        """Return where ``needle`` comes next; the length of the text when it does not."""
        if needle in self._absent:
            return len(self.text)
        found = self.text.find(needle, at)
        return found if found >= 0 else self._miss(needle)

    def find_end(self, name: str, at: int) -> int:
        """Return where ``</name`` comes next, in any case."""
        needle = f"</{name}"
        if needle in self._absent:
            return len(self.text)
        found = self._lowered().find(needle, at)
        return found if found >= 0 else self._miss(needle)

    def closes(self, name: str, at: int) -> bool:
        """Tell whether ``</name`` comes later, in any case."""
        if name not in self._last:
            self._last[name] = self._lowered().rfind(f"</{name}")
        return self._last[name] >= at

    def _lowered(self) -> str:
        if self._lower is None:
            self._lower = _ascii_lower(self.text)
        return self._lower

    def _miss(self, needle: str) -> int:
        self._absent.add(needle)
        return len(self.text)


def tokens(markup: str) -> Iterator[Text | Tag]:
    """Read markup; comments, declarations and the insides of scripts and styles are left out."""
    source, at = _Source(markup), 0
    while at < len(markup):
        opening = source.find("<", at)
        if opening > at:
            yield Text(unescaped(markup[at:opening]))
        if opening == len(markup):
            return
        tag = TAG.match(markup, opening)
        if tag is None:
            at = yield from _not_a_tag(source, opening)
            continue
        attributes, at = _attributes(source, tag.end())
        name = tag[2].lower()
        unclosed = name in SKIPPED and not source.closes(name, at)
        yield Tag(name, bool(tag[1]), markup[at - 2 : at] == "/>", unclosed, attributes)
        if name in RAW_TEXT and not tag[1]:
            at = source.find_end(name, at)


def unescaped(text: str) -> str:
    """Resolve character references; numbers too long for any character become a mark."""
    return html.unescape(LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def escaped(text: str) -> str:
    """Write text so that it is text in HTML, also within a quoted attribute."""
    return html.escape(text, quote=True)


def _not_a_tag(source: _Source, at: int) -> Generator[Text | Tag, None, int]:
    """Skip a comment or declaration, or give a lone ``<`` as text; return where to go on."""
    if source.text.startswith("<!--", at):
        if source.text.startswith((">", "->"), at + 4):
            return source.find(">", at + 4) + 1
        return source.find("-->", at + 4) + 3
    if source.text[at + 1 : at + 2] in ("!", "?", "/"):
        return source.find(">", at) + 1
    lone = LONE.match(source.text, at)
    end = at + 1 if lone is None else lone.end()
    yield Text(source.text[at:end])
    return end


def _attributes(source: _Source, at: int) -> tuple[dict[str, str], int]:
    """Read attributes up to the tag's ``>``; of a repeated one the first counts, and none after too many."""
    found: dict[str, str] = {}
    text = source.text
    for _ in range(min(MOST_ATTRIBUTES, source.attributes_left)):
        attribute = ATTRIBUTE.match(text, at)
        if attribute is None:
            break
        source.attributes_left -= 1
        value, at = attribute[2] or "", attribute.end()
        if value in ('"', "'"):
            stop = source.find(value, at)
            value, at = text[at:stop], stop + 1
        found.setdefault(attribute[1].lower(), unescaped(value))
    return found, source.find(">", at) + 1


def _ascii_lower(text: str) -> str:
    """Lower the ASCII letters only: ``str.lower`` can change the length of a text."""
    return text.translate(LOWER)


LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
