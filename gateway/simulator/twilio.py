"""Twilio's Messages API, imitated.

https://www.twilio.com/docs/messaging/api/message-resource
Errors: https://www.twilio.com/docs/api/errors
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlencode

import orjson

from channels.errors import PayloadMalformed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.phone_addresses import is_user_id
from channels.segments import segments
from channels.twilio.forms import Form, TooManyFields, read_form
from gateway.simulator.accounts import Account, to_hook
from gateway.simulator.drawing import sample_of
from gateway.simulator.imitation import Desk, Imitation, Json, Message, Rejected, Written

FORM = "application/x-www-form-urlencoded"
API_VERSION = "2010-04-01"
LONGEST_TEXT = 1600
LONGEST_NUMBER = 16
SHORTEST_NUMBER = 4

#: Code → HTTP status and Twilio's words, where they are not those of any other code.
ERRORS: Mapping[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21211: (400, "Invalid 'To' Phone Number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number is not a valid, SMS-capable inbound phone number for your account."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL(s)"),
    21655: (400, "The ContentSid is invalid."),
    21656: (400, "The ContentVariables parameter is invalid."),
    30005: (400, "Unknown destination handset"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63016: (400, "Failed to send freeform message because you are outside the allowed window."),
}
REASONS = {
    "undeliverable": 21211, "window": 63016, "opted_out": 21610, "busy": 20429, "trouble": 20500, "login": 20003,
}  # fmt: skip
#: What the same reasons are called once a message was taken.
LATER = REASONS | {"undeliverable": 30005}
UNNAMED = (400, "The message was not accepted")

#: The templates of every account here, as Twilio lists them; ``{{1}}`` is a place.
TEMPLATES: tuple[Json, ...] = (
    {
        "sid": "HX00000000000000000000000000000001",
        "friendly_name": "order_update",
        "language": "en",
        "types": {"twilio/text": {"body": "Hello {{1}}, your order {{2}} is on its way."}},
        "approval_requests": {"status": "approved", "category": "UTILITY", "name": "order_update"},
    },
    {
        "sid": "HX00000000000000000000000000000002",
        "friendly_name": "may_we_write",
        "language": "en",
        "types": {"twilio/text": {"body": "You asked us something a while ago. May we answer you here?"}},
        "approval_requests": {"status": "approved", "category": "UTILITY", "name": "may_we_write"},
    },
)


def take(request: HttpRequest, desk: Desk) -> Message:
    """Read a message.

    Raises:
        Rejected: as Twilio would.
    """
    account = _login(request, desk)
    form = _form(request)
    to, sender = form.first("To"), form.first("From")
    if to is None:
        raise _rejected(21604)
    if sender is None and form.first("MessagingServiceSid") is None:
        raise _rejected(21603)
    channel, recipient = _party(to)
    if not is_user_id(recipient) and not _is_number(recipient):
        raise _rejected(21211, f"The 'To' number {to[:40]} is not a valid phone number.")
    own = _own(account, sender, channel)
    return Message(
        id=_sid("MM" if form.first("MediaUrl") else "SM", desk.new_id()),
        account=account,
        channel=channel,
        sender=own,
        recipient=recipient,
        text=_content(form),
        course=("sent", "delivered", "read") if channel == "whatsapp" else ("sent", "delivered"),
        callback_url=form.first("StatusCallback"),
    )


def accept(message: Message, now: datetime) -> HttpResponse:
    """Answer that a message was taken: what became of it is told later."""
    prefix = _prefix(message.channel)
    taken = {
        "sid": message.id,
        "account_sid": message.account.secret("account_sid"),
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": format_datetime(now),
        "date_sent": None,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": prefix + message.sender,
        "to": prefix + message.recipient,
        "num_media": "1" if message.id.startswith("MM") else "0",
        "num_segments": str(segments(message.text).count),
        "price": None,
        "status": "queued",
    }
    return _answer(201, taken)


def refuse(reason: str, retry_after: int | None) -> HttpResponse:
    """Answer an error."""
    return error(_code(reason, REASONS), None, retry_after)


def status(message: Message, word: str, reason: str | None, _now: datetime, _unique: str) -> HttpRequest | None:
    """Tell what became of a message, where the message asked for it."""
    if message.callback_url is None:
        return None
    prefix = _prefix(message.channel)
    form = {
        "AccountSid": message.account.secret("account_sid"),
        "ApiVersion": API_VERSION,
        "From": prefix + message.sender,
        "MessageSid": message.id,
        "MessageStatus": word,
        "SmsSid": message.id,
        "SmsStatus": word,
        "To": prefix + message.recipient,
    }
    if message.channel == "whatsapp":
        form["ChannelPrefix"] = "whatsapp"
        if word in {"delivered", "read"}:
            form["EventType"] = word.upper()
    if reason is not None:
        code = _code(reason, LATER)
        form |= {"ErrorCode": str(code), "ErrorMessage": ERRORS.get(code, UNNAMED)[1]}
    return to_hook(message.account, FORM, urlencode(form).encode(), message.callback_url)


def write(written: Written, _now: datetime, unique: str) -> HttpRequest:
    """Bring what a customer wrote."""
    prefix, account = _prefix(written.channel), written.account
    sid = _sid("SM", unique)
    form = {
        "AccountSid": account.secret("account_sid"),
        "ApiVersion": API_VERSION,
        "Body": written.text,
        "From": prefix + written.customer,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": str(segments(written.text).count),
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": prefix + written.address,
    }
    if written.channel == "whatsapp":
        form |= {"MessageType": "text", "WaId": written.customer.lstrip("+")}
        form |= {"ProfileName": written.name} if written.name else {}
    return to_hook(account, FORM, urlencode(form).encode())


def templates(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the templates with what WhatsApp decided about them."""
    _opened(request, desk)
    return _answer(200, {"contents": TEMPLATES, "meta": {"page": 0, "page_size": 100, "next_page_url": None}})


def typing(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show that somebody is writing."""
    _opened(request, desk)
    form = _form(request)
    if form.first("messageId") is None or form.first("channel") != "whatsapp":
        raise _rejected(20404)
    return _answer(200, {"success": True})


def give(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Hand a file out that came with a message."""
    _login(request, desk)
    file_id = request.url.partition("?")[0].rpartition("/")[2]
    file = desk.files.get(file_id) or sample_of(file_id)
    if file is None:
        raise _rejected(20404)
    return HttpResponse(200, file.content, Headers.of({"content-type": file.mime_type}))


def error(code: int, message: str | None = None, retry_after: int | None = None) -> HttpResponse:
    """Return an error as Twilio writes one."""
    http, words = ERRORS.get(code, UNNAMED)
    shown = {
        "code": code,
        "message": message or words,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": http,
    }
    waiting = {} if retry_after is None else {"retry-after": str(retry_after)}
    return _answer(http, shown, waiting)


def _content(form: Form) -> str:
    """Look at what is in a message; returns its words."""
    body, media, content = form.first("Body"), form.first("MediaUrl"), form.first("ContentSid")
    if content is not None:
        return _filled(content, form.first("ContentVariables"))
    if body is None and media is None:
        raise _rejected(21602)
    if body is not None and len(body) > LONGEST_TEXT:
        raise _rejected(21617)
    if any(not url.startswith(("https://", "http://")) for url in (form.getall("MediaUrl") if media else ())):
        raise _rejected(21620)
    return body or "[image]"


def _filled(sid: str, variables: str | None) -> str:
    known = next((one for one in TEMPLATES if one["sid"] == sid), None)
    if known is None:
        raise _rejected(21655)
    try:
        values: Any = read_json((variables or "{}").encode())
    except PayloadMalformed as malformed:
        raise _rejected(21656) from malformed
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise _rejected(21656)
    text: str = known["types"]["twilio/text"]["body"]
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    if "{{" in text:
        raise _rejected(21656)
    return text


def _own(account: Account, sender: str | None, channel: str) -> str:
    """Return the number that a message goes out from; a Messaging Service picks the account's first."""
    if sender is None:
        return next((address for kind, address in account.addresses if kind == channel), "")
    _, own = _party(sender)
    if not account.has(channel, own):
        raise _rejected(63007 if channel == "whatsapp" else 21606)
    return own


def _opened(request: HttpRequest, desk: Desk) -> list[Account]:
    """Return the accounts that the request's login opens."""
    scheme, _, encoded = request.headers.get("authorization").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _rejected(20003) from None
    known = [account for account in desk.accounts if (account.secret("account_sid") or None) == user]
    opened = [account for account in known if (account.secret("auth_token") or None) == password]
    if scheme.lower() != "basic" or not opened:
        raise _rejected(20003)
    return opened


def _login(request: HttpRequest, desk: Desk) -> Account:
    """Return the account that the path names."""
    opened = _opened(request, desk)
    named = unquote(request.url.partition("/Accounts/")[2].partition("/")[0])
    account = next((account for account in opened if account.secret("account_sid") == named), None)
    if account is None:
        raise _rejected(20404)
    return account


def _form(request: HttpRequest) -> Form:
    try:
        return read_form(request.body.decode())
    except (UnicodeDecodeError, TooManyFields):
        return Form()


def _party(written: str) -> tuple[str, str]:
    """Return the channel and the address of a ``From`` or ``To``."""
    prefix, colon, address = written.partition(":")
    return (prefix.lower(), address) if colon else ("sms", written)


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdigit() and SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER


def _prefix(channel: str) -> str:
    return "whatsapp:" if channel == "whatsapp" else ""


def _sid(kind: str, unique: str) -> str:
    return kind + hashlib.sha256(unique.encode()).hexdigest()[:32]


def _code(reason: str, codes: Mapping[str, int]) -> int:
    return codes.get(reason) or (int(reason) if reason.isdigit() else 20500)


def _rejected(code: int, message: str | None = None) -> Rejected:
    return Rejected(error(code, message))


def _answer(http: int, document: Json, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        http, orjson.dumps(document), Headers.of({"content-type": "application/json", **(headers or {})})
    )


IMITATION = Imitation(
    provider="twilio",
    sends=(f"/{API_VERSION}/Accounts/{{account}}/Messages.json",),
    take=take,
    accept=accept,
    refuse=refuse,
    status=status,
    write=write,
    failed="undelivered",
    asks={
        ("GET", "/v1/ContentAndApprovals"): templates,
        ("POST", "/v2/Indicators/Typing.json"): typing,
        ("GET", f"/{API_VERSION}/Accounts/{{account}}/Messages/{{message}}/Media/{{id}}"): give,
    },
)
