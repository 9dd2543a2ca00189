"""Postmark's email API and its webhooks, imitated.

https://postmarkapp.com/developer/api/email-api
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr

import orjson

from channels.errors import PayloadMalformed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.json_fields import list_in, object_in, text_in
from channels.postmark.updates import REFERENCE
from gateway.simulator.accounts import to_hook
from gateway.simulator.imitation import Desk, Imitation, Json, Message, Rejected, Written
from gateway.simulator.letters import bounce, header_of, sender_of, subject_of, text_of

#: Code → HTTP status and Postmark's words, where they are not those of any other code.
ERRORS: Mapping[int, tuple[int, str]] = {
    10: (401, "Request does not contain a valid Server token."),
    100: (503, "The service is unavailable for maintenance."),
    300: (422, "Invalid email request"),
    400: (422, "The 'From' address you supplied is not a Sender Signature on your account."),
    402: (422, "Invalid JSON"),
    406: (422, "You tried to send to recipient(s) that have been marked as inactive."),
    409: (422, "The 'Content-Type' header must be 'application/json'."),
    429: (429, "Rate limit exceeded"),
    500: (500, "Internal server error"),
}
REASONS = {"undeliverable": 406, "window": 300, "opted_out": 406, "busy": 429, "trouble": 500, "login": 10}
UNNAMED = (422, "The mail was not accepted.")
STREAM = "outbound"
RECORDS = {"delivered": "Delivery", "opened": "Open", "bounced": "Bounce"}


def take(request: HttpRequest, desk: Desk) -> Message:
    """Read a mail.

    Raises:
        Rejected: as Postmark would.
    """
    token = request.headers.get("x-postmark-server-token")
    opened = [account for account in desk.accounts if token and account.secret("server_token") == token]
    if not opened:
        raise _rejected(10)
    body = _json(request)
    sender = parseaddr(text_in(body, "From") or "")[1]
    account = next((account for account in opened if account.has("email", sender)), None)
    if account is None:
        raise _rejected(400)
    recipient = parseaddr(text_in(body, "To") or "")[1]
    if "@" not in recipient:
        raise _rejected(300, "Invalid 'To' address.")
    text = text_in(body, "TextBody") or text_in(body, "HtmlBody")
    if not text and not list_in(body, "Attachments"):
        raise _rejected(300, "Provide either email TextBody or HtmlBody or both.")
    headers = _headers(body)
    message_id = str(uuid.UUID(hex=hashlib.sha256(desk.new_id().encode()).hexdigest()[:32]))
    kept = headers.get("message-id") if headers.get("x-pm-keepid", "").lower() == "true" else None
    return Message(
        id=message_id,
        account=account,
        channel="email",
        sender=sender,
        recipient=recipient,
        text=text or "",
        course=("delivered", "opened"),
        reference=text_in(object_in(body, "Metadata"), REFERENCE),
        subject=text_in(body, "Subject") or "",
        message_id=(kept or f"{message_id}@mtasv.net").strip("<>"),
        reply_to=parseaddr(text_in(body, "ReplyTo") or sender)[1],
        references=headers.get("references", ""),
    )


def accept(message: Message, now: datetime) -> HttpResponse:
    """Answer that a mail was taken."""
    taken = {
        "To": message.recipient,
        "SubmittedAt": _moment(now),
        "MessageID": message.id,
        "ErrorCode": 0,
        "Message": "OK",
    }
    return _answer(200, taken)


def refuse(reason: str, retry_after: int | None) -> HttpResponse:
    """Answer an error."""
    answer = error(REASONS.get(reason) or (int(reason) if reason.isdigit() else 500))
    if retry_after is None:
        return answer
    return replace(answer, headers=answer.headers.with_fields({"retry-after": str(retry_after)}))


def status(message: Message, word: str, reason: str | None, now: datetime, _unique: str) -> HttpRequest:
    """Tell what became of a mail: one event in a post."""
    event: Json = {
        "RecordType": RECORDS[word],
        "MessageID": message.id,
        "MessageStream": STREAM,
        "ServerID": 1,
        "Tag": "",
        "Metadata": {REFERENCE: message.reference} if message.reference else {},
    }
    if reason is not None:
        event |= {
            "ID": int(hashlib.sha256(message.id.encode()).hexdigest()[:12], 16),
            "Type": "HardBounce",
            "TypeCode": 1,
            "Name": "Hard bounce",
            "Description": "The server was unable to deliver your message.",
            "Details": bounce(reason)[1],
            "Email": message.recipient,
            "From": message.sender,
            "BouncedAt": _moment(now),
            "Inactive": True,
            "CanActivate": True,
            "Subject": message.subject,
        }
    elif word == "delivered":
        event |= {"Recipient": message.recipient, "DeliveredAt": _moment(now), "Details": "250 2.0.0 OK"}
    else:
        event |= {
            "Recipient": message.recipient,
            "ReceivedAt": _moment(now),
            "FirstOpen": True,
            "UserAgent": "Mozilla/5.0",
            "Platform": "Desktop",
        }
    return to_hook(message.account, "application/json", orjson.dumps(event))


def write(written: Written, now: datetime, unique: str) -> HttpRequest:
    """Bring what a customer wrote."""
    shown = {"from", "to", "subject", "date", "mime-version", "content-type"}
    header = [(name, value) for name, value in header_of(written, now, unique) if name.lower() not in shown]
    mail = {
        "From": sender_of(written),
        "FromName": written.name,
        "FromFull": {"Email": written.customer, "Name": written.name, "MailboxHash": ""},
        "To": written.address,
        "ToFull": [{"Email": written.address, "Name": "", "MailboxHash": ""}],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": written.address,
        "Subject": subject_of(written),
        "MessageID": str(uuid.UUID(hex=hashlib.sha256(unique.encode()).hexdigest()[:32])),
        "ReplyTo": "",
        "MailboxHash": "",
        "Date": format_datetime(now),
        "TextBody": text_of(written, now),
        "HtmlBody": "",
        "StrippedTextReply": written.text,
        "Tag": "",
        "Headers": [{"Name": name, "Value": value} for name, value in header],
        "Attachments": [],
    }
    return to_hook(written.account, "application/json", orjson.dumps(mail))


def error(code: int, message: str | None = None) -> HttpResponse:
    """Return an error as Postmark writes one."""
    http, words = ERRORS.get(code, UNNAMED)
    return _answer(http, {"ErrorCode": code, "Message": message or words})


def _headers(body: Json) -> dict[str, str]:
    pairs = [(text_in(one, "Name"), text_in(one, "Value")) for one in list_in(body, "Headers") if isinstance(one, dict)]
    return {name.lower(): value for name, value in pairs if name and value}


def _json(request: HttpRequest) -> Json:
    if request.media_type != "application/json":
        raise _rejected(409)
    try:
        body = read_json(request.body)
    except PayloadMalformed as malformed:
        raise _rejected(402) from malformed
    if not isinstance(body, dict):
        raise _rejected(402)
    return body


def _moment(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _rejected(code: int, message: str | None = None) -> Rejected:
    return Rejected(error(code, message))


def _answer(http: int, document: Json) -> HttpResponse:
    return HttpResponse(http, orjson.dumps(document), Headers.of({"content-type": "application/json"}))


IMITATION = Imitation(
    provider="postmark",
    sends=("/email",),
    take=take,
    accept=accept,
    refuse=refuse,
    status=status,
    write=write,
    failed="bounced",
)
