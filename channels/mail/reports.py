"""Mail that programs send about our mail: delivery reports, complaints, read receipts.

RFC 3464 (delivery status), RFC 5965 (feedback reports), RFC 8098 (disposition notifications).
Such a mail becomes status updates and no message.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from channels.mail.addresses import address_in
from channels.mail.delivery_blocks import Outcome, outcomes
from channels.mail.fields import Fields, read_fields
from channels.mail.ids import message_id, message_ids
from channels.mail.text_bounces import text_bounce
from channels.mail.tokens import is_ours

DELIVERY = frozenset({"message/delivery-status", "message/global-delivery-status"})
FEEDBACK = frozenset({"message/feedback-report"})
DISPOSITION = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
RETURNED = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global",
        "message/global-headers",
    }
)
REPORTS = DELIVERY | FEEDBACK | DISPOSITION
REPORTED = REPORTS | RETURNED
COMPLAINTS = {"not-spam": "unknown", "auth-failure": "unknown", "opt-out": "unsubscribed"}
COPIED_ID = re.compile(r"(?im)^[ \t>]{0,10}message-id:[ \t]{0,10}(<[^<>\s]{1,500}>)")
SEARCHED = 256 * 1024


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a mail, as far as reports are concerned: its type and its decoded bytes."""

    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What one report says: of which message of ours, and how it fared for each recipient."""

    message_ref: str | None
    outcomes: tuple[Outcome, ...]


def report(
    fields: Fields,
    sections: Sequence[Section],
    text: str | None,
    own_domains: Iterable[str],
    *,
    null_sender: bool,
) -> Report | None:
    """Read a report; None when the mail is none, or says nothing that can be used."""
    own = tuple(own_domains)
    returned = _returned(sections)
    found = _of_sections(fields, sections, returned)
    if found is None and not any(section.type in REPORTS for section in sections):
        found = text_bounce(fields, text or "", null_sender=null_sender)
    if not found:
        return None
    return Report(_message_ref(fields, sections, returned, text, own), tuple(found))


def _of_sections(fields: Fields, sections: Sequence[Section], returned: Fields) -> list[Outcome] | None:
    for section in sections:
        if section.type in DELIVERY:
            return outcomes(section.body, address_in(returned.get("to")))
        if section.type in FEEDBACK:
            return [_complaint(_block(section.body), returned)]
        if section.type in DISPOSITION:
            return [_receipt(_block(section.body), fields)]
    return None


def _complaint(block: Fields, returned: Fields) -> Outcome:
    kind = (block.get("feedback-type") or "").strip().lower()[:40] or None
    recipient = address_in(block.get("original-rcpt-to")) or address_in(returned.get("to"))
    return Outcome(recipient, COMPLAINTS.get(kind or "", "complained"), None, kind, None)


def _receipt(block: Fields, fields: Fields) -> Outcome:
    shown = "displayed" in (block.get("disposition") or "").lower()
    recipient = (
        address_in(block.get("original-recipient"))
        or address_in(block.get("final-recipient"))
        or address_in(fields.get("from"))
    )
    return Outcome(recipient, "opened" if shown else "unknown", None, None, None)


def _message_ref(
    fields: Fields, sections: Sequence[Section], returned: Fields, text: str | None, own: Sequence[str]
) -> str | None:
    """Find the Message-ID of ours: in the report, the returned header, a copy, or In-Reply-To."""
    reported = [_block(section.body).get("original-message-id") for section in sections if section.type in DISPOSITION]
    copied = COPIED_ID.findall((text or "")[:SEARCHED])
    candidates = [message_id(value) for value in (*reported, returned.get("message-id"), *copied)]
    known = [one for one in (*candidates, *message_ids(fields.get("in-reply-to"))) if one is not None]
    return next((one for one in known if is_ours(one, own)), known[0] if known else None)


def _returned(sections: Sequence[Section]) -> Fields:
    """Return the header of our mail as it was sent back; empty when it was not."""
    return next((_block(section.body) for section in sections if section.type in RETURNED), Fields())


def _block(body: bytes) -> Fields:
    stripped = body.lstrip(b"\r\n")
    return read_fields(stripped, 0, len(stripped))[0]
