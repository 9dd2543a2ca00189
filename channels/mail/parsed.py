"""A mail that a provider took apart before it sent it on: header fields, texts and files, made into a letter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.events import Media
from channels.mail import limits
from channels.mail.addresses import mailboxes
from channels.mail.bodies import line_ends
from channels.mail.charsets import decode, storable
from channels.mail.crypto import label_of
from channels.mail.dates import moment
from channels.mail.fields import Fields
from channels.mail.files import announced, media
from channels.mail.invitations import invitation
from channels.mail.letter import CALENDARS, Letter, is_malformed, senders_of
from channels.mail.parameters import parameterised
from channels.mail.reports import REPORTED, REPORTS, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as the provider passed it on.

    Attributes:
        content: its bytes; None when they have to be fetched.
        type: the Content-Type, parameters and all; may be empty.
        name: as sent; empty when there was none.
        content_id: without brackets; None when the HTML can't name it.
        inline: the provider says that the text shows it.
        url: where to fetch it.
        size: in bytes, of a file that has to be fetched.
    """

    content: bytes | None
    type: str
    name: str
    content_id: str | None = None
    inline: bool = False
    url: str | None = None
    size: int | None = None


def fields_of(pairs: Iterable[tuple[str, str]], defaults: Mapping[str, str] | None = None) -> Fields:
    """Return a header made of names and values in their order.

    Args:
        pairs: the fields as sent, from the top.
        defaults: fields in lower case that the provider tells apart; they count where the header has none, so that a
            name that was decoded already never outdoes the one as sent.
    """
    items, room = [], limits.MAX_HEADER_BYTES
    for name, value in pairs:
        room -= len(name) + len(value)
        if room < 0:
            break
        items.append((storable(name).strip().lower(), " ".join(storable(value).splitlines()).strip()))
    present = {name for name, _ in items}
    added = [(name, storable(value)) for name, value in (defaults or {}).items() if value and name not in present]
    return Fields(tuple(item for item in (*added, *items) if item[0]))


def parsed_letter(fields: Fields, *, text: str | None, html: str | None, files: Sequence[File] = ()) -> Letter:
    """Return the letter; never raises. Delivery reports that came as files are found among them."""
    body = line_ends(storable(text or "")).rstrip()[: limits.MAX_TEXT]
    senders, sent_at = senders_of(fields), moment(fields.get("date"))
    read = [(file, _type(file)) for file in files[: limits.MAX_PARTS]]
    return Letter(
        fields=fields,
        senders=senders,
        to=mailboxes(", ".join(fields.all("to"))),
        cc=mailboxes(", ".join(fields.all("cc"))),
        reply_to=mailboxes(fields.get("reply-to")),
        subject=fields.text("subject"),
        sent_at=sent_at,
        text=body or None,
        html=storable(html) if html and html.strip() else None,
        attachments=tuple(_media(file, kind) for file, kind in read),
        locations={},
        calendar=_calendar(read),
        crypto=label_of({kind for _, kind in read}, body),
        sections=_sections(read),
        malformed=is_malformed(fields, senders, sent_at),
        cut=len(files) > limits.MAX_PARTS,
    )


def _type(file: File) -> str:
    return parameterised(file.type).value or "application/octet-stream"


def _media(file: File, kind: str) -> Media:
    described: dict[str, Any] = {
        "mime_type": kind,
        "sent_name": file.name,
        "content_id": file.content_id or None,
        "inline": file.inline,
    }
    if file.content is None:
        return announced(file.url, file.size, **described)
    return media(file.content, **described)


def _calendar(read: Sequence[tuple[File, str]]) -> Mapping[str, Any] | None:
    for file, kind in read:
        if kind in CALENDARS and file.content is not None:
            return invitation(decode(file.content, parameterised(file.type).get("charset") or "utf-8"))
    return None


def _sections(read: Sequence[tuple[File, str]]) -> tuple[Section, ...]:
    found = tuple(Section(kind, file.content or b"") for file, kind in read if kind in REPORTED)
    return found if any(section.type in REPORTS for section in found) else ()
