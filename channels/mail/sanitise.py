"""What of a stranger's HTML reaches a browser: nh3 with a written-out policy.

Nothing may load by itself. A remote picture loses its ``src``; its address waits in ``data-remote``
until somebody asks for it (``pictures.show_images``). A picture of the same mail keeps a relative
address, ``attachments/<content id>``, that the gateway serves or rewrites with ``link_files``. What
can be folded away is marked with ``data-fold`` (see ``flow.Page``). The result is meant for a
sandboxed frame with a strict policy of its own.
"""

import base64
import binascii
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

import nh3

from channels.mail.flow import ALLOWED, DROPPED
from channels.mail.markup import escaped, unescaped
from channels.mail.pictures import parked, waiting
from channels.mail.quote_marks import QUOTE, REST, SIGNATURE
from channels.mail.styles import safe_style
from channels.mail.words import BIDI

FILE_PREFIX = "attachments/"
LINKED = re.compile(r'src="attachments/([^"<>]{1,3000})"')
DATA_IMAGE = re.compile(r"data:image/(png|gif|jpe?g|webp);base64,([A-Za-z0-9+/=\s]{1,90000})")
MAX_DATA_IMAGE = 64 * 1024
LINK = re.compile(r"(?i)(?:https?://|mailto:|tel:)[^\s\x00-\x1f]{1,4000}")
SIZE = re.compile(r"\d{1,5}(?:\.\d{1,3})?(?:px|%)?")
WORD = re.compile(r"[#\w ,+.-]{1,60}")
CLEANED_WITH_CONTENT = set(DROPPED)

ATTRIBUTES: dict[str, set[str]] = {
    "*": {"data-fold", "style", "dir", "lang", "title", "align", "valign", "width", "height", "bgcolor"},
    "a": {"href"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
}
SIZES = frozenset({"width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "span", "start"})
FREE = frozenset({"alt", "title"})
FOLDS = frozenset({QUOTE, SIGNATURE, REST})


@dataclass(frozen=True, slots=True)
class Sanitised:
    """Safe HTML, how many remote pictures do not load, which files it shows (content ids)."""

    html: str
    blocked_images: int
    shown_files: tuple[str, ...]


def sanitise(
    balanced: str,
    content_ids: Collection[str] = (),
    locations: Mapping[str, str] | None = None,
    *,
    foldable: bool = True,
) -> Sanitised:
    """Clean balanced markup (see ``flow``); pictures load from the mail's own files only.

    Args:
        balanced: the markup.
        content_ids: of the mail's files.
        locations: a file's Content-Location → its content id.
        foldable: keep the marks of what can be folded away.
    """
    policy = _Policy(frozenset(content_ids), locations or {}, FOLDS if foldable else frozenset())
    clean = nh3.clean(
        balanced,
        tags=set(ALLOWED),
        clean_content_tags=CLEANED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=policy.attribute,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
    )
    return Sanitised(waiting(clean), policy.blocked, tuple(policy.shown))


def link_files(html: str, urls: Mapping[str, str]) -> str:
    """Put real addresses in place of ``attachments/<content id>``, as far as they are known."""

    def linked(match: re.Match[str]) -> str:
        url = urls.get(unquote(unescaped(match[1])))
        return match[0] if url is None else f'src="{escaped(url)}"'

    return LINKED.sub(linked, html)


class _Policy:
    """Judges one attribute at a time, and remembers what it removed."""

    def __init__(self, content_ids: frozenset[str], locations: Mapping[str, str], folds: frozenset[str]) -> None:
        self._content_ids = content_ids
        self._locations = locations
        self._folds = folds
        self.blocked = 0
        self.shown: dict[str, None] = {}
        self._judges: Mapping[str, Callable[[str], str | None]] = {
            "src": self._source,
            "href": self._link,
            "style": safe_style,
        }

    def attribute(self, _tag: str, name: str, value: str) -> str | None:
        """Return the value to keep; None removes the attribute."""
        judge = self._judges.get(name)
        if judge is not None:
            return judge(value)
        if name == "data-fold":
            return value if value in self._folds else None
        if name in FREE:
            return value[:1000]
        return value if (SIZE if name in SIZES else WORD).fullmatch(value) else None

    def _source(self, value: str) -> str | None:
        address = value.strip()
        if address[:4].lower() == "cid:":
            return self._file(unquote(address[4:]).strip().strip("<>"))
        if address in self._locations:
            return self._file(self._locations[address])
        if address[:5].lower() == "data:":
            return _data_image(address)
        self.blocked += 1
        return parked(address)

    def _file(self, content_id: str) -> str | None:
        if content_id not in self._content_ids:
            return None
        self.shown[content_id] = None
        return FILE_PREFIX + quote(content_id, safe="@$.+!~")

    def _link(self, value: str) -> str | None:
        address = BIDI.sub(lambda mark: quote(mark[0]), value.strip())
        return address if LINK.fullmatch(address) else None


def _data_image(address: str) -> str | None:
    """Keep a small picture within the address."""
    match = DATA_IMAGE.fullmatch(address)
    if match is None:
        return None
    try:
        size = len(base64.b64decode(match[2], validate=False))
    except binascii.Error:
        return None
    return address if size <= MAX_DATA_IMAGE else None
