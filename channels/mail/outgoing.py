"""A mail of ours, rendered (RFC 5322). Line breaks in header values become spaces."""

import base64
import re
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from channels.errors import CannotSend
from channels.events import Mailbox, Media
from channels.mail.addresses import mailboxes
from channels.mail.charsets import storable
from channels.mail.flow import flow
from channels.mail.folding import MAIL_POLICY
from channels.mail.ids import message_id
from channels.mail.names import UNNAMED, safe_name
from channels.mail.words import header_text
from channels.mail.wordsets import words
from channels.outbound import OutboundMessage

MAX_REFERENCES = 20
FILE_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")
LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}", re.ASCII)
DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
ADDRESSES = frozenset({"reply-to", "disposition-notification-to"})
PRINTABLE = re.compile(r"[!-~]+")
CONTENT_ID = re.compile(r"[\w.@+=$!-]{1,200}", re.ASCII)
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# Fields that this module writes itself.
RESERVED = words(
    "from to cc bcc subject date message-id in-reply-to references mime-version content-type "
    "content-transfer-encoding content-disposition return-path received sender"
)


def require_sendable(message: OutboundMessage) -> None:
    """Check that a message is something that a mail can hold.

    Raises:
        CannotSend: when it is a template or the like, has neither words nor files, or a file without its bytes.
    """
    if message.content is not None:
        raise CannotSend("content_unsupported", "a mail can't hold this kind of message")
    if not (message.text or message.html or message.media):
        raise CannotSend("message_empty", "a mail needs a text or a file")
    if any(item.content is None for item in message.media):
        raise CannotSend("file_unusable", "a mail needs the bytes of its files")


def party(written: str) -> Mailbox:
    """Return the one address in a text such as ``Jane <jane@example.org>``, its domain in ASCII (IDNA).

    Raises:
        CannotSend: when there is none that every server takes.
    """
    found = next(iter(mailboxes(header_text(written))), None)
    local, _, domain = ("", "", "") if found is None else found.address.rpartition("@")
    try:
        ascii_domain = domain.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if found is None or LOCAL.fullmatch(local) is None or DOMAIN.fullmatch(ascii_domain) is None:
        raise CannotSend("address_unusable", "the sender or the recipient is no mail address")
    return Mailbox(f"{local}@{ascii_domain}", found.name)


def copies(message: OutboundMessage) -> list[Mailbox]:
    """Return who gets a copy of a mail.

    Raises:
        CannotSend: when one of them is no address.
    """
    return [party(one) for one in message.cc]


def blind_copies(message: OutboundMessage) -> list[Mailbox]:
    """Return who gets a copy of a mail that names them nowhere.

    Raises:
        CannotSend: when one of them is no address.
    """
    return [party(one) for one in message.bcc]


def formatted(mailbox: Mailbox) -> str:
    """Write an address with its name, as APIs take it; the name stays readable text."""
    name = (mailbox.name or "").replace("\\", "").replace('"', "")
    return f'"{name}" <{mailbox.address}>' if name else mailbox.address


def text_of(message: OutboundMessage) -> str:
    """Return the words of a mail; of one that has HTML alone, its text."""
    return storable(message.text or "") or (flow(html).text if (html := html_of(message)) else "")


def html_of(message: OutboundMessage) -> str | None:
    """Return the HTML of a mail; None when it has none."""
    return storable(message.html or "") or None


def is_shown(item: Media, html: str | None) -> bool:
    """Tell whether the HTML shows a file, by ``cid:`` and its content id."""
    named = item.content_id or ""
    return CONTENT_ID.fullmatch(named) is not None and f"cid:{named}" in (html or "")


def name_of(item: Media) -> str:
    """Return the name to send a file under."""
    return safe_name(item.filename or "") or UNNAMED


def file_type(item: Media) -> str:
    """Return a type that may label a file; a multipart or a mail is opaque here."""
    found = FILE_TYPE.fullmatch((item.mime_type or "").lower())
    return "application/octet-stream" if found is None else found[0]


def encoded(item: Media) -> str:
    """Return a file's bytes in base64."""
    return base64.b64encode(item.content or b"").decode("ascii")


def render(message: OutboundMessage) -> bytes:
    """Render a mail with CRLF line ends, lines short enough for any server, and 8-bit encoded.

    Text and HTML become alternatives, pictures that the HTML shows stand beside it, other files are attached.

    Raises:
        CannotSend: when it can't be a mail.
    """
    require_sendable(message)
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"], mail["To"] = _address(party(message.sender)), _address(party(message.recipient))
    if message.cc:
        mail["Cc"] = [_address(one) for one in copies(message)]
    mail["Subject"] = subject_of(message)
    if message.sent_at is not None:
        mail["Date"] = message.sent_at.astimezone(UTC)
    for name, value in threading(message).items():
        mail[name] = value
    for name, value in extra_headers(message).items():
        mail[name] = _address(party(value)) if name.lower() in ADDRESSES else value
    mail.set_content(text_of(message), cte="quoted-printable")
    html = html_of(message)
    if html is not None:
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    page = mail.get_body(("html",))
    for item in message.media:
        main, _, sub = file_type(item).partition("/")
        described: dict[str, Any] = {"maintype": main, "subtype": sub, "filename": name_of(item)}
        if page is not None and is_shown(item, html):
            page.add_related(item.content or b"", **described, cid=f"<{item.content_id}>", disposition="inline")
        else:
            mail.add_attachment(item.content or b"", **described)
    return mail.as_bytes()


def _address(mailbox: Mailbox) -> Address:
    local, _, domain = mailbox.address.rpartition("@")
    return Address(mailbox.name or "", local, domain)


def subject_of(message: OutboundMessage) -> str:
    """Return the subject as one clean line."""
    return header_text(message.subject or "")


def threading(message: OutboundMessage) -> dict[str, str]:
    """Return In-Reply-To and References: what is answered, and our own id.

    Our id stands in References too: it survives there when a provider rewrites Message-ID.
    """
    own, replied = _id(message.reference), _id(message.in_reply_to or "")
    last = [one for one in (replied, own) if one is not None]
    chain = [found for one in message.references if (found := _id(one)) is not None and found not in last]
    kept = list(dict.fromkeys([*chain, *last]))[-MAX_REFERENCES:]
    fields = {"Message-ID": f"<{own}>"} if own is not None else {}
    if replied is not None:
        fields["In-Reply-To"] = f"<{replied}>"
    if kept:
        fields["References"] = " ".join(f"<{one}>" for one in kept)
    return fields


def _id(written: str) -> str | None:
    """Return a Message-ID without its brackets; None for one that no header may hold as it is."""
    found = message_id(f"<{written.strip('<>')}>")
    return found if found is not None and PRINTABLE.fullmatch(found) else None


def extra_headers(message: OutboundMessage) -> dict[str, str]:
    """Return the message's own headers, without those written here, each value one clean line."""
    return {
        name: header_text(value)
        for name, value in message.headers.items()
        if HEADER_NAME.fullmatch(name) and name.lower() not in RESERVED
    }
