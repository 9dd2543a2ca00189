"""Which parts of a mail are its text, its HTML, its files and its invitations.

The rules: in multipart/alternative the last HTML wins and the text is kept beside it; other
multiparts are read in order, so that a picture between two texts loses neither; a part with a
name, or marked as an attachment, is a file; an attached mail is one file.
"""

import re
from dataclasses import dataclass, field

from channels.events import Media
from channels.mail import limits
from channels.mail.charsets import decode
from channels.mail.files import media
from channels.mail.flowed import unflowed
from channels.mail.markup import escaped, unescaped
from channels.mail.mime import Part

MARKUP = re.compile(r"<[^<>]*>")
META_CHARSET = re.compile(rb"(?i)<meta[^<>]{0,200}charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", re.ASCII)
META_SEARCHED = 4096
NOT_LETTERS = re.compile(r"[\W_]+")
# Alternatives for programs that we are not: shown by nobody, kept in the original.
UNSHOWN = frozenset({"text/x-amp-html", "text/watch-html", "text/x-watch-html"})


@dataclass(slots=True)
class Content:
    """What a part and those below it contribute, in document order.

    ``blocks`` are ``(text, html)``; both are set for two forms of the same.
    """

    blocks: list[tuple[str | None, str | None]] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    related: set[int] = field(default_factory=set)

    def add(self, other: "Content") -> None:
        """Append another content."""
        self.blocks += other.blocks
        self.files += other.files
        self.related |= other.related


def content_of(root: Part) -> Content:
    """Sort the parts of a mail. Depth is bounded by the reader, so recursion is safe."""
    if root.type == "multipart/alternative":
        return _alternative([content_of(part) for part in root.parts])
    found = Content()
    if root.parts:
        for number, part in enumerate(root.parts):
            found.add(content_of(part))
            if number and root.type == "multipart/related":
                found.related.add(id(part))
    elif _is_file(root):
        if root.type not in UNSHOWN:
            found.files.append(root)
    elif root.type == "text/html":
        found.blocks.append((None, _text(root)))
    else:
        found.blocks.append((_text(root), None))
    return found


def text_of(content: Content) -> str | None:
    """Return the plain text: LF line ends, trimmed at the right; None when there is none."""
    texts = [text for text, _ in content.blocks if text is not None and text.strip()]
    joined = "\n\n".join(text.strip("\n") if number else text.rstrip() for number, text in enumerate(texts))
    return joined.rstrip()[: limits.MAX_TEXT] or None


def html_of(content: Content) -> str | None:
    """Return the HTML as sent, with the texts that stand between; None when there is none."""
    pages = [html for _, html in content.blocks if html is not None]
    if not pages:
        return None
    texts = {text for text, html in content.blocks if html is None and text is not None}
    shown = _letters("".join(pages)) if texts else ""
    missing = {text for text in texts if _letters(text) not in shown}
    return "\n".join(
        html if html is not None else f'<div style="white-space:pre-wrap">{escaped(text or "")}</div>'
        for text, html in content.blocks
        if html is not None or text in missing
    )


def attachments(content: Content) -> tuple[Media, ...]:
    """Describe the files; pictures that the HTML shows are marked inline."""
    return tuple(
        media(
            part.body(),
            mime_type=part.type,
            sent_name=part.sent_name,
            content_id=part.content_id,
            inline=_is_inline(part, content),
        )
        for part in content.files
    )


def line_ends(text: str) -> str:
    """Write all line ends as LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _alternative(choices: list[Content]) -> Content:
    """Keep the best HTML and the first text, and every file."""
    merged = Content()
    texts = [choice for choice in choices if any(text for text, _ in choice.blocks)]
    htmls = [choice for choice in choices if any(html for _, html in choice.blocks)]
    text = text_of(texts[0]) if texts else None
    if text is not None or htmls:
        merged.blocks.append((text, html_of(htmls[-1]) if htmls else None))
    for choice in choices:
        merged.files += choice.files
        merged.related |= choice.related
    return merged


def _letters(markup: str) -> str:
    """Reduce to letters and digits, to tell whether one text stands in another."""
    return NOT_LETTERS.sub("", unescaped(MARKUP.sub("", markup[: limits.MAX_HTML])))


def _is_file(part: Part) -> bool:
    if part.type not in ("text/plain", "text/html"):
        return True
    return part.disposition.value == "attachment" or bool(part.sent_name.strip())


def _is_inline(part: Part, content: Content) -> bool:
    if part.disposition.value:
        return part.disposition.value == "inline"
    return part.content_id is not None and id(part) in content.related


def _text(part: Part) -> str:
    raw, label = part.body(), part.content.get("charset")
    if not label and part.type == "text/html" and (meta := META_CHARSET.search(raw[:META_SEARCHED])) is not None:
        label = meta[1].decode("ascii")
    text = line_ends(decode(raw, label)).removeprefix("\ufeff")
    if part.type == "text/plain" and part.content.get("format").lower() == "flowed":
        return unflowed(text, delsp=part.content.get("delsp").lower() == "yes")
    return text
