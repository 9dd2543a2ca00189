"""Mailgun's messages API, its events and its routes, imitated.

https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
"""

import base64
import binascii
import hashlib
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import parseaddr
from urllib.parse import unquote, urlencode

import orjson

from channels.errors import PayloadMalformed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.mailgun.posts import read_form
from channels.mailgun.updates import REFERENCE
from channels.multipart import Form
from gateway.simulator.accounts import Account, to_hook
from gateway.simulator.imitation import Desk, Imitation, Json, Message, Rejected, Written
from gateway.simulator.letters import bounce, header_of, sender_of, subject_of, text_of

USER = "api"
#: Reason → the status that answers it: Mailgun has no codes beside.
STATUSES = {"undeliverable": 400, "window": 400, "opted_out": 400, "busy": 429, "trouble": 500, "login": 401}
WORDS = {401: "Forbidden", 429: "Too many requests", 500: "Internal Server Error"}


def take(request: HttpRequest, desk: Desk) -> Message:
    """Read a mail, sent as a form or as a whole.

    Raises:
        Rejected: as Mailgun would.
    """
    account = _login(request, desk)
    try:
        form = read_form(request)
    except PayloadMalformed as malformed:
        raise _rejected(400, malformed.detail) from malformed
    recipient = parseaddr(form.text("to"))[1]
    if "@" not in recipient:
        raise _rejected(400, "to parameter is not a valid address. please check documentation")
    mail = _whole(form) if request.url.partition("?")[0].endswith(".mime") else _composed(form)
    sender = parseaddr(str(mail["From"] or ""))[1]
    if "@" not in sender:
        raise _rejected(400, "from parameter is missing")
    own = f"{desk.new_id()}@{account.secret('domain')}"
    body = mail.get_body(("plain", "html"))
    message_id = str(mail["Message-ID"] or own).strip().strip("<>")
    return Message(
        id=f"<{message_id}>",
        account=account,
        channel="email",
        sender=sender,
        recipient=recipient,
        text="" if body is None else str(body.get_content()),
        course=("accepted", "delivered", "opened"),
        reference=form.text(f"v:{REFERENCE}") or None,
        subject=str(mail["Subject"] or ""),
        message_id=message_id,
        reply_to=parseaddr(str(mail["Reply-To"] or sender))[1],
        references=str(mail["References"] or ""),
    )


def accept(message: Message, _now: datetime) -> HttpResponse:
    """Answer that a mail was taken."""
    return _answer(200, {"id": message.id, "message": "Queued. Thank you."})


def refuse(reason: str, retry_after: int | None) -> HttpResponse:
    """Answer an error."""
    status = STATUSES.get(reason) or (int(reason) if reason.isdigit() and 400 <= int(reason) <= 599 else 400)
    answer = error(status, WORDS.get(status, "The mail was not accepted."))
    if retry_after is None:
        return answer
    return replace(answer, headers=answer.headers.with_fields({"retry-after": str(retry_after)}))


def status(message: Message, word: str, reason: str | None, now: datetime, unique: str) -> HttpRequest:
    """Tell what became of a mail: one event in a post."""
    event: Json = {
        "id": hashlib.sha256(f"{message.id}{word}{unique}".encode()).hexdigest()[:22],
        "event": word,
        "timestamp": now.timestamp(),
        "log-level": "error" if reason else "info",
        "recipient": message.recipient,
        "recipient-domain": message.recipient.rpartition("@")[2],
        "message": {
            "headers": {
                "message-id": message.message_id,
                "from": message.sender,
                "to": message.recipient,
                "subject": message.subject,
            }
        },
        "envelope": {"sender": message.sender, "targets": message.recipient, "transport": "smtp"},
        "user-variables": {REFERENCE: message.reference} if message.reference else {},
        "tags": [],
    }
    if word == "opened":
        event["client-info"] = {"client-type": "browser", "device-type": "desktop"}
    if word == "delivered":
        event["delivery-status"] = {"code": 250, "message": "OK", "attempt-no": 1}
    if reason is not None:
        code, said = bounce(reason)
        event |= {
            "severity": "permanent",
            "reason": "bounce",
            "delivery-status": {"code": 550, "enhanced-code": code, "message": said, "attempt-no": 1},
        }
    return to_hook(message.account, "application/json", orjson.dumps({"event-data": event}))


def write(written: Written, now: datetime, unique: str) -> HttpRequest:
    """Bring what a customer wrote, as a route forwards it."""
    header = header_of(written, now, unique)
    fields = {
        "recipient": written.address,
        "sender": written.customer,
        "from": sender_of(written),
        "subject": subject_of(written),
        "body-plain": text_of(written, now),
        "stripped-text": written.text,
        "message-headers": orjson.dumps(header).decode(),
        **{name: value for name, value in header if name in {"Message-ID", "In-Reply-To", "References", "Date"}},
    }
    return to_hook(written.account, "application/x-www-form-urlencoded", urlencode(fields).encode())


def error(http: int, message: str) -> HttpResponse:
    """Return an error as Mailgun writes one: a wrong login is answered with a bare word."""
    if http == 401:
        return HttpResponse(401, b"Forbidden", Headers.of({"content-type": "text/plain"}))
    return _answer(http, {"message": message})


def _whole(form: Form) -> EmailMessage:
    file = next((part.body for part in form.parts if part.name == "message"), None)
    if not file:
        raise _rejected(400, "message parameter is missing")
    mail = message_from_bytes(file, policy=default_policy)
    if not isinstance(mail, EmailMessage) or mail["From"] is None:
        raise _rejected(400, "message is not a valid MIME document")
    return mail


def _composed(form: Form) -> EmailMessage:
    """Return the mail that the fields of a form describe."""
    mail = EmailMessage(policy=default_policy)
    text, html = form.text("text"), form.text("html")
    if not text and not html:
        raise _rejected(400, "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified")
    try:
        for name in ("from", "subject", *(f"h:{name}" for name in ("Message-Id", "Reply-To", "References"))):
            if value := form.text(name):
                mail[name.removeprefix("h:")] = value
    except ValueError as malformed:  # a line break, or an address that is none
        raise _rejected(400, f"{malformed}"[:200]) from malformed
    mail.set_content(text or html, subtype="plain" if text else "html")
    return mail


def _login(request: HttpRequest, desk: Desk) -> Account:
    """Return the account that the login opens and whose domain the path names."""
    _, _, encoded = request.headers.get("authorization").partition(" ")
    try:
        user, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _rejected(401, WORDS[401]) from None
    opened = [account for account in desk.accounts if user == USER and key and account.secret("api_key") == key]
    if not opened:
        raise _rejected(401, WORDS[401])
    domain = unquote(request.url.partition("?")[0].split("/")[-2])
    account = next((account for account in opened if account.secret("domain").lower() == domain.lower()), None)
    if account is None:
        raise _rejected(404, f"Domain not found: {domain[:100]}")
    return account


def _rejected(http: int, message: str) -> Rejected:
    return Rejected(error(http, message))


def _answer(http: int, document: Json) -> HttpResponse:
    return HttpResponse(http, orjson.dumps(document), Headers.of({"content-type": "application/json"}))


IMITATION = Imitation(
    provider="mailgun",
    sends=("/v3/{domain}/messages", "/v3/{domain}/messages.mime"),
    take=take,
    accept=accept,
    refuse=refuse,
    status=status,
    write=write,
    failed="failed",
)
