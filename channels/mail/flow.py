"""Hostile HTML to balanced HTML and to text, in one linear pass.

The sanitiser's parser is quadratic in depth, and unclosed formatting makes it multiply nodes. So
it is given markup that was written anew: every tag closed where it has to be, nesting and the
number of tags bounded, comments and foreign content gone, all text escaped.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from channels.mail import limits
from channels.mail.links import LONGEST, misleads
from channels.mail.markup import RAW_TEXT, SKIPPED, Tag, Text, escaped, tokens
from channels.mail.pictures import is_tracker
from channels.mail.quote_marks import REST, ends_reply, fold_of
from channels.mail.wordsets import words

MAX_OPEN = 200
"""Elements within elements; what is deeper loses its tags and keeps its text."""

MAX_FORMATTING = 30
MAX_TAGS = 5_000
MAX_TOKENS = 15_000
MAX_MARKS = 15_000
"""Of "<" and of "&" each: what follows is cut. Each takes a thousand times as long as a letter."""
MAX_GROWTH = 200_000
"""Characters by which attributes may grow when they are escaped."""

FORMATTING = words("a b big code em font i s small strike strong tt u")
VOID = words("br col hr img wbr")
BLOCKS = words(
    "address article aside blockquote caption center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody tfoot thead tr ul"
)
ALLOWED = FORMATTING | VOID | BLOCKS | words("abbr cite colgroup del dfn ins kbd mark q samp span sub sup td th var")
DROPPED = RAW_TEXT | SKIPPED
FOREIGN = words("svg math")
# https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inforeign: those that can hold words.
BREAKS_OUT = words(
    "b big blockquote body center code dd div dl dt em h1 h2 h3 h4 h5 h6 i li listing menu nobr ol p pre ruby s small "
    "span strong strike sub sup table tt u ul var"
)
FONT_ATTRIBUTES = words("color face size")
# A start tag of the key ends an open element of the values, if nothing of the fence is between.
IMPLIED_ENDS = {
    "p": frozenset({"p"}),
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "tr": frozenset({"tr"}),
    "tbody": frozenset({"tbody", "thead", "tfoot"}),
    "tfoot": frozenset({"tbody", "thead", "tfoot"}),
    "a": frozenset({"a"}),
}
TABLE_PARTS = words("table tbody thead tfoot tr td th caption colgroup")
FENCE = words("table td th caption")
IMPLIED_FENCE = FENCE | words("ul ol dl div blockquote")
ROW_FENCE = frozenset({"table"})
GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Page:
    """A mail's HTML after the pass.

    ``html`` is balanced but not safe: give it to the sanitiser. ``reply`` is the text without
    quoted mail; it is ``text`` when there is none, or when answers stand between the quotes.
    ``trackers`` is how many invisible pictures from elsewhere were taken out, ``misleading_links``
    how many links show another host than they lead to.

    Elements that can be folded away say so in ``data-fold``: ``quote`` and ``signature`` for what
    stands in them, ``rest`` for themselves and all that comes after. ``foldable`` is False when
    nothing would be left, or answers stand between the quotes.
    """

    html: str
    text: str
    reply: str
    cut: bool
    trackers: int
    misleading_links: int
    foldable: bool


class _Lines:
    """Text as a page shows it: white space folded, blocks on lines of their own."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._gap = ""

    def add(self, text: str) -> None:
        """Add text that is ``folded``."""
        words = text.strip(" ")
        if not words:
            self._gap = self._gap or (" " if text else "")
            return
        if text.startswith(" "):
            self._gap = self._gap or " "
        self._out += (self._gap if self._out else "", words)
        self._gap = " " if text.endswith(" ") else ""

    def end_line(self, *, again: bool = False) -> None:
        self._gap = "\n\n" if again and self._gap.startswith("\n") else (self._gap.strip(" ") or "\n")

    def text(self) -> str:
        return GAPS.sub("\n\n", "".join(self._out))


@dataclass(slots=True)
class _Flow:
    """The state of one pass."""

    out: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    open: Counter[str] = field(default_factory=Counter)
    full: _Lines = field(default_factory=_Lines)
    reply: _Lines = field(default_factory=_Lines)
    dropping: str = ""
    drop_depth: int = 0
    formatting: int = 0
    tags: int = 0
    growth: int = 0
    trackers: int = 0
    link: str | None = None
    link_text: str = ""
    misleading_links: int = 0
    quote_at: int | None = None
    reply_ended: bool = False
    seen_quote: bool = False
    after_quote: bool = False
    interleaved: bool = False

    def text(self, text: str) -> None:
        self.out.append(text.replace("&", "&amp;").replace("<", "&lt;"))
        folded = _folded(text)
        self.full.add(folded)
        if self.link is not None and len(self.link_text) < LONGEST:
            self.link_text += text[:LONGEST]
        if self._in_reply():
            self.reply.add(folded)
            self.after_quote = self.after_quote or (self.seen_quote and bool(text.strip()))

    def start(self, tag: Tag) -> None:
        """Open an element, ending those that it implies to end."""
        if tag.name in DROPPED:
            self.dropping, self.drop_depth = ("", 0) if tag.empty or tag.unclosed else (tag.name, 1)
            return
        fold = self._mark_quotes(tag)
        if tag.name not in ALLOWED:
            return
        self._end_implied(tag.name)
        self._line(tag.name)
        if tag.name == "a":
            self._end_link()
            self.link = tag.attributes.get("href")
        if self.tags >= MAX_TAGS:
            return
        if tag.name == "img" and is_tracker(tag.attributes):
            self.trackers += 1
        elif tag.name in VOID:
            self._write_start(tag, fold)
        elif len(self.stack) < MAX_OPEN and (tag.name not in FORMATTING or self.formatting < MAX_FORMATTING):
            self._write_start(tag, fold)
            self.stack.append(tag.name)
            self.open[tag.name] += 1
            self.formatting += tag.name in FORMATTING

    def end(self, name: str) -> None:
        """Close an element and what is open within it; a stray end tag is ignored."""
        if name == "a":
            self._end_link()
        fence = ROW_FENCE - {name} if name in TABLE_PARTS else FENCE
        self._close_to({name}, fence)
        self._line(name)

    def close(self) -> None:
        """Close everything."""
        self._end_link()
        while self.stack:
            self._pop()

    def _end_link(self) -> None:
        """Compare what a link shows with where it leads."""
        self.misleading_links += self.link is not None and misleads(self.link, self.link_text)
        self.link, self.link_text = None, ""

    def _close_to(self, names: set[str] | frozenset[str], fence: frozenset[str]) -> None:
        if not any(self.open[name] for name in names):
            return
        for depth in range(len(self.stack) - 1, -1, -1):
            if self.stack[depth] in names:
                while len(self.stack) > depth:
                    self._pop()
                return
            if self.stack[depth] in fence:
                return

    def _end_implied(self, name: str) -> None:
        if (ended := IMPLIED_ENDS.get(name)) is not None:
            self._close_to(ended, ROW_FENCE if name in TABLE_PARTS else IMPLIED_FENCE - ended)
        elif name in BLOCKS and self.stack[-1:] == ["p"]:
            self._pop()

    def _pop(self) -> None:
        name = self.stack.pop()
        self.open[name] -= 1
        self.formatting -= name in FORMATTING
        self.out.append(f"</{name}>")
        if self.quote_at is not None and len(self.stack) <= self.quote_at:
            self.quote_at = None

    def _write_start(self, tag: Tag, fold: str | None) -> None:
        self.tags += 1
        kept = {name: value for name, value in tag.attributes.items() if not name.startswith("data-")}
        marked = kept if fold is None else {**kept, "data-fold": fold}
        self.out.append(f"<{tag.name}{''.join(self._attribute(*one) for one in marked.items())}>")

    def _attribute(self, name: str, value: str) -> str:
        written = escaped(value)
        self.growth += len(written) - len(value)
        return f' {name}="{written}"' if self.growth <= MAX_GROWTH else ""

    def _line(self, name: str) -> None:
        if name in BLOCKS or name == "br":
            self.full.end_line(again=name in ("br", "p"))
            if self._in_reply():
                self.reply.end_line(again=name in ("br", "p"))
        elif name in ("td", "th"):
            self.full.add(" ")
            self.reply.add(" ")

    def _mark_quotes(self, tag: Tag) -> str | None:
        """Note that a quote begins; return how the element is to be marked."""
        if not self._in_reply():
            return None
        if ends_reply(tag):
            self.reply_ended = True
            return REST
        fold = fold_of(tag)
        if fold is None or tag.name not in ALLOWED - VOID or len(self.stack) >= MAX_OPEN:
            return None
        self.interleaved = self.interleaved or self.after_quote
        self.seen_quote, self.quote_at = True, len(self.stack)
        return fold

    def _in_reply(self) -> bool:
        return not self.reply_ended and self.quote_at is None


def flow(markup: str) -> Page:
    """Balance markup and take its text."""
    state = _Flow()
    read = _few(_few(markup[: limits.MAX_HTML], "<"), "&")
    stream = tokens(read)
    for token in islice(stream, MAX_TOKENS):
        if state.dropping in FOREIGN and _breaks_out(token):
            state.dropping = ""
        if state.dropping:
            _drop(state, token)
        elif isinstance(token, Text):
            state.text(token.text)
        elif token.closing:
            state.end(token.name)
        else:
            state.start(token)
    state.close()
    text = state.full.text()
    own = state.reply.text()
    foldable = bool(own) and not state.interleaved
    cut = len(markup) > len(read) or state.tags >= MAX_TAGS or next(stream, None) is not None
    return Page(
        "".join(state.out), text, own if foldable else text, cut, state.trackers, state.misleading_links, foldable
    )


def _folded(text: str) -> str:
    """Return text with a blank for each run of white space."""
    text = text.replace("\ufeff", "")
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}"


def _few(markup: str, mark: str) -> str:
    """Return the markup up to where a mark comes too often."""
    pieces = markup.split(mark, MAX_MARKS)
    return markup[: len(markup) - len(pieces[-1]) - 1] if len(pieces) > MAX_MARKS else markup


def _breaks_out(token: Text | Tag) -> bool:
    """Tell whether a tag ends the drawing or formula that it stands in, closed or not, as in a browser."""
    if isinstance(token, Text):
        return False
    if token.closing:
        return token.name == "p"
    return token.name in BREAKS_OUT or (token.name == "font" and not FONT_ATTRIBUTES.isdisjoint(token.attributes))


def _drop(state: _Flow, token: Text | Tag) -> None:
    """Skip what is inside an element that is dropped with its content."""
    if isinstance(token, Tag) and token.name == state.dropping and not token.empty:
        state.drop_depth += -1 if token.closing else 1
        if state.drop_depth == 0:
            state.dropping = ""
