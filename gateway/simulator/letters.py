"""What all mail providers need: the header of a customer's answer, and texts of failures."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, formataddr

from gateway.simulator.imitation import Written

CUSTOMERS_HOST = "mail.example.org"

#: Why a mail came back, as a receiving server words it: enhanced status code and text.
BOUNCES: Mapping[str, tuple[str, str]] = {
    "undeliverable": ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist."),
    "opted_out": ("5.7.1", "550 5.7.1 The recipient does not want to receive this mail."),
    "busy": ("4.2.2", "452 4.2.2 The recipient's inbox is full."),
}
UNNAMED = ("5.0.0", "550 5.0.0 The mail was not accepted.")


def bounce(reason: str) -> tuple[str, str]:
    """Return code and text of a failure."""
    return BOUNCES.get(reason, UNNAMED)


def subject_of(written: Written) -> str:
    """Return the subject of what a customer wrote; an answer repeats ours after one ``Re:``."""
    if written.answers is None:
        return written.subject
    ours = written.answers.subject
    return ours if ours.lower().startswith(("re:", "aw:")) else f"Re: {ours}".rstrip()


def text_of(written: Written, now: datetime) -> str:
    """Return the words, and below them what is answered, as mail programs quote it."""
    if written.answers is None:
        return written.text
    quoted = "\n".join(f"> {line}" for line in written.answers.text.strip().splitlines())
    return f"{written.text}\n\nOn {now:%a, %d %b %Y at %H:%M}, {written.answers.sender} wrote:\n{quoted}\n"


def sender_of(written: Written) -> str:
    """Return the customer as a From field has them."""
    return formataddr((written.name, written.customer)) if written.name else written.customer


def header_of(written: Written, now: datetime, unique: str) -> list[tuple[str, str]]:
    """Return the header fields of what a customer wrote."""
    fields = [
        ("Received", f"from {CUSTOMERS_HOST} by mx.simulator.test; {format_datetime(now)}"),
        ("From", sender_of(written)),
        ("To", written.address),
        ("Subject", subject_of(written)),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{unique}@{CUSTOMERS_HOST}>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ]
    if written.answers is not None and written.answers.message_id:
        ours = f"<{written.answers.message_id}>"
        earlier = written.answers.references.split()
        chain = [*(one for one in earlier if one != ours), ours]
        fields += [("In-Reply-To", ours), ("References", " ".join(chain))]
    return fields
