"""A mail as it was written, before anybody judged it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.events import Mailbox, Media
from channels.mail import bodies
from channels.mail.addresses import mailboxes
from channels.mail.charsets import decode
from channels.mail.crypto import crypto_label
from channels.mail.dates import moment
from channels.mail.fields import Fields
from channels.mail.invitations import invitation
from channels.mail.mime import Part, Tree, read_mail
from channels.mail.reports import DELIVERY, REPORTED, Section

CALENDARS = frozenset({"text/calendar", "application/ics"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of one mail, whichever way it arrived.

    ``html`` is as sent and not safe. ``sections`` are the parts of a report, empty for other
    mail. ``malformed`` is True when the header breaks rules that matter for who wrote when;
    ``cut`` when the mail had more parts than are read.
    """

    fields: Fields
    senders: Sequence[Mailbox]
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox]
    reply_to: Sequence[Mailbox]
    subject: str | None
    sent_at: datetime | None
    text: str | None
    html: str | None
    attachments: Sequence[Media]
    locations: Mapping[str, str]
    calendar: Mapping[str, Any] | None
    crypto: Mapping[str, Any] | None
    sections: Sequence[Section] = ()
    malformed: bool = False
    cut: bool = False


def read_letter(raw: bytes) -> Letter:
    """Read a raw mail (RFC 5322 and MIME); never raises."""
    tree = read_mail(raw)
    fields, content = tree.root.fields, bodies.content_of(tree.root)
    text = bodies.text_of(content)
    senders, sent_at = senders_of(fields), moment(fields.get("date"))
    return Letter(
        fields=fields,
        senders=senders,
        to=mailboxes(", ".join(fields.all("to"))),
        cc=mailboxes(", ".join(fields.all("cc"))),
        reply_to=mailboxes(fields.get("reply-to")),
        subject=fields.text("subject"),
        sent_at=sent_at,
        text=text,
        html=bodies.html_of(content),
        attachments=bodies.attachments(content),
        locations=_locations(content.files),
        calendar=_calendar(content.files),
        crypto=crypto_label(tree.root, text),
        sections=_sections(tree),
        malformed=is_malformed(fields, senders, sent_at),
        cut=tree.cut,
    )


def senders_of(fields: Fields) -> tuple[Mailbox, ...]:
    """Return the addresses of the first From; without one, that of Sender."""
    return mailboxes(fields.get("from")) or mailboxes(fields.get("sender"))


def is_malformed(fields: Fields, senders: Sequence[Mailbox], sent_at: datetime | None) -> bool:
    """Tell whether there is no sender, more than one From, or an impossible date."""
    froms = sum(1 for _ in fields.all("from"))
    return froms != 1 or not senders or (sent_at is None and "date" in fields)


def _sections(tree: Tree) -> tuple[Section, ...]:
    """Return the parts of a report; a mailing list may have wrapped it once."""
    candidates = (tree.root, *tree.root.parts[:1])
    found = next((part for part in candidates if _is_report(part)), None)
    parts = found.parts if found is not None else []
    return tuple(Section(part.type, part.body()) for part in parts if part.type in REPORTED)


def _is_report(part: Part) -> bool:
    return part.type == "multipart/report" or any(child.type in DELIVERY for child in part.parts)


def _calendar(files: Sequence[Part]) -> dict[str, Any] | None:
    for part in files:
        if part.type in CALENDARS:
            return invitation(decode(part.body(), part.content.get("charset") or "utf-8"))
    return None


def _locations(files: Sequence[Part]) -> dict[str, str]:
    """Map each file's Content-Location to its Content-ID: HTML may name it by either."""
    found = {}
    for part in files:
        location = (part.fields.get("content-location") or "").strip()
        if location and part.content_id is not None:
            found[location] = part.content_id
    return found
