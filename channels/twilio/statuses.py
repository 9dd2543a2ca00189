"""Status callbacks: what became of messages that we sent.

https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

from typing import Any

from channels.events import StatusUpdate
from channels.twilio.forms import Form
from channels.twilio.inbound import channel_of
from channels.twilio.parties import party
from channels.twilio.problems import PROBLEMS, STOPPED

#: Twilio's words → ours.
STATUSES = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "canceled",
}

#: Twilio's field → the name in ``extra``, taken over as sent. The hand-over time names no zone, so that it is no time.
PLAIN = {
    "RawDlrDoneDate": "raw_dlr_done_date",
    "MessagingServiceSid": "messaging_service",
    "ChannelStatusMessage": "channel_status_message",
    "EventType": "event_type",
    "ChannelInstallSid": "channel_install",
    "ChannelPrefix": "channel_prefix",
}


def read_status(
    form: Form, provider: str, account: str | None, message_ref: str, word: str, reference: str | None
) -> StatusUpdate:
    """Read a status callback; ``reference`` is what we wrote into its URL when we sent the message.

    Raises:
        PayloadMalformed: when it is about a channel that this product doesn't know.
    """
    ours, customer = party(form.first("From")), party(form.first("To"))
    code = form.first("ErrorCode")
    code = None if code == "0" else code
    return StatusUpdate(
        provider=provider,
        channel=channel_of(ours, customer, message_ref),
        account=account,
        address=ours.address,
        external_id=_own_id(form, message_ref, word, code),
        occurred_at=None,
        extra=_extra(form, word, code) | ({"callback_data": reference} if reference else {}),
        status=STATUSES.get(word, "unknown"),
        message_ref=message_ref,
        recipient=customer.address,
        error_code=code,
        error_message=(form.first("ErrorMessage") or PROBLEMS.of(code).reason) if code else None,
    )


def _own_id(form: Form, message_ref: str, word: str, code: str | None) -> str:
    """Return what tells this callback from every other one about the same message."""
    event = (form.first("EventType") or "").lower()
    return ":".join(part for part in (message_ref, word, code, event if event != word else None) if part)


def _extra(form: Form, word: str, code: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": word}
    extra |= {PLAIN[name]: form[name] for name in PLAIN.keys() & form.keys() if form[name]}
    if STATUSES.get(word) == "failed":
        extra["retryable"] = PROBLEMS.is_retryable(code)
    if PROBLEMS.of(code) == STOPPED:
        extra["opt_out"] = "stop"
    return extra
