"""A mail of ours, rendered (RFC 5322). Line breaks in header values become spaces."""

import re
from email.message import EmailMessage
from email.policy import SMTP

from channels.mail.ids import message_id
from channels.mail.names import UNNAMED, safe_name
from channels.mail.words import header_text
from channels.mail.wordsets import words
from channels.outbound import OutboundMessage

MAX_REFERENCES = 20
FILE_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# Fields that this module writes itself.
RESERVED = words(
    "from to cc bcc subject date message-id in-reply-to references mime-version content-type "
    "content-transfer-encoding content-disposition return-path received sender"
)


def render(message: OutboundMessage) -> bytes:
    """Render a mail with CRLF line ends, lines short enough for any server, and 8-bit encoded."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = header_text(message.sender), header_text(message.recipient)
    mail["Subject"] = subject_of(message)
    for name, value in threading(message).items():
        mail[name] = value
    for name, value in extra_headers(message).items():
        mail[name] = value
    mail.set_content(message.text or "", cte="quoted-printable")
    for item in message.media:
        main, _, sub = _file_type(item.mime_type).partition("/")
        name = safe_name(item.filename or "") or UNNAMED
        mail.add_attachment(item.content or b"", maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def _file_type(mime_type: str | None) -> str:
    """Return a type that may label a file; a multipart or a mail is opaque here."""
    found = FILE_TYPE.fullmatch((mime_type or "").lower())
    return "application/octet-stream" if found is None else found[0]


def subject_of(message: OutboundMessage) -> str:
    """Return the subject as one clean line."""
    return header_text(message.subject or "")


def threading(message: OutboundMessage) -> dict[str, str]:
    """Return In-Reply-To and References: what is answered, and our own id.

    Our id stands in References too: it survives there when a provider rewrites Message-ID.
    """
    own = message_id(f"<{message.reference}>")
    replied = message_id(f"<{message.in_reply_to}>") if message.in_reply_to else None
    chain = [found for one in message.references if (found := message_id(f"<{one.strip('<>')}>")) is not None]
    chain += [one for one in (replied, own) if one is not None]
    kept = list(dict.fromkeys(chain))[-MAX_REFERENCES:]
    fields = {"Message-ID": f"<{own}>"} if own is not None else {}
    if replied is not None:
        fields["In-Reply-To"] = f"<{replied}>"
    if kept:
        fields["References"] = " ".join(f"<{one}>" for one in kept)
    return fields


def extra_headers(message: OutboundMessage) -> dict[str, str]:
    """Return the message's own headers, without those written here, each value one clean line."""
    return {
        name: header_text(value)
        for name, value in message.headers.items()
        if HEADER_NAME.fullmatch(name) and name.lower() not in RESERVED
    }
