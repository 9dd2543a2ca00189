"""SendGrid's v3 Mail Send, its events and its Inbound Parse, imitated.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.errors import PayloadMalformed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.json_fields import list_in, object_in, text_in
from channels.multipart import FormPart, write_multipart
from channels.registry import ADAPTERS
from channels.sendgrid.inbound import is_mail
from channels.sendgrid.signing import SIGNATURE, TIMESTAMP
from channels.sendgrid.updates import REFERENCE
from gateway.simulator.accounts import Account, to_hook
from gateway.simulator.imitation import Desk, Imitation, Json, Message, Rejected, Written, signed_by_adapter
from gateway.simulator.letters import bounce, header_of, sender_of, subject_of, text_of

#: Reason → the status that answers it: SendGrid has no codes beside.
STATUSES = {"undeliverable": 400, "window": 400, "opted_out": 400, "busy": 429, "trouble": 500, "login": 401}
WORDS: Mapping[int, str] = {
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "The from address does not match a verified Sender Identity.",
    429: "too many requests",
    500: "Internal server error",
}


def take(request: HttpRequest, desk: Desk) -> Message:
    """Read a mail.

    Raises:
        Rejected: as SendGrid would.
    """
    opened = _login(request, desk)
    body = _json(request)
    people, sender = _people(body), text_in(object_in(body, "from"), "email")
    if sender is None:
        raise _rejected(400, "The from object must be provided for every email send.", "from.email")
    account = next((account for account in opened if account.has("email", sender)), None)
    if account is None:
        raise _rejected(403, WORDS[403], "from")
    [recipient, *_] = people["to"]
    if not text_in(body, "subject"):
        raise _rejected(400, "The subject is required.", "subject")
    headers = object_in(body, "headers")
    unique = desk.new_id()
    given = (text_in(headers, "Message-ID") or f"{unique}@sendgrid.test").strip("<>")
    return Message(
        id=hashlib.sha256(unique.encode()).hexdigest()[:22],
        account=account,
        channel="email",
        sender=sender,
        recipient=recipient,
        text=_text(body),
        course=("processed", "delivered", "open"),
        reference=text_in(people["custom_args"], REFERENCE),
        subject=text_in(body, "subject") or "",
        message_id=given,
        reply_to=text_in(object_in(body, "reply_to"), "email") or sender,
        references=text_in(headers, "References") or "",
    )


def accept(message: Message, _now: datetime) -> HttpResponse:
    """Answer that a mail was taken: 202, the id in a header, and no body."""
    return HttpResponse(202, b"", Headers.of({"x-message-id": message.id}))


def refuse(reason: str, retry_after: int | None) -> HttpResponse:
    """Answer an error."""
    status = STATUSES.get(reason) or (int(reason) if reason.isdigit() and 400 <= int(reason) <= 599 else 400)
    answer = error(status, WORDS.get(status, "The mail was not accepted."), None)
    if retry_after is None:
        return answer
    return replace(answer, headers=answer.headers.with_fields({"retry-after": str(retry_after)}))


def status(message: Message, word: str, reason: str | None, now: datetime, unique: str) -> HttpRequest:
    """Tell what became of a mail, in a batch of one event."""
    event: Json = {
        "email": message.recipient,
        "event": word,
        "timestamp": int(now.timestamp()),
        "sg_event_id": hashlib.sha256(f"{message.id}{word}{unique}".encode()).hexdigest()[:32],
        "sg_message_id": f"{message.id}.recvd-simulated-0-0",
        "smtp-id": f"<{message.message_id}>",
    }
    if message.reference:
        event[REFERENCE] = message.reference
    if word == "open":
        event |= {"useragent": "Mozilla/5.0", "ip": "192.0.2.7", "sg_machine_open": False}
    if reason is not None:
        code, said = bounce(reason)
        event |= {"type": "bounce", "status": code, "reason": said}
    return to_hook(message.account, "application/json", b"[" + orjson.dumps(event) + b"]\r\n")


def write(written: Written, now: datetime, unique: str) -> HttpRequest:
    """Bring what a customer wrote, as Inbound Parse posts it."""
    header = header_of(written, now, unique)
    fields = {
        "headers": "\n".join(f"{name}: {value}" for name, value in header) + "\n",
        "from": sender_of(written),
        "to": written.address,
        "subject": subject_of(written),
        "text": text_of(written, now),
        "envelope": orjson.dumps({"to": [written.address], "from": written.customer}).decode(),
        "charsets": orjson.dumps(dict.fromkeys(("to", "from", "subject", "text"), "UTF-8")).decode(),
        "attachments": "0",
        "sender_ip": "192.0.2.25",
        "SPF": "pass",
        "dkim": f"{{@{written.customer.rpartition('@')[2]} : pass}}",
        "spam_score": "0.1",
    }
    kind, body = write_multipart(FormPart(name, value.encode()) for name, value in fields.items())
    return to_hook(written.account, kind, body)


def sign(request: HttpRequest, account: Account, now: datetime) -> HttpRequest:
    """Sign events with the account's private key; mail comes with the login of the webhook's address.

    Raises:
        LookupError: when the account has no private key.
        TypeError: when that is of another kind.
    """
    if is_mail(request):
        return signed_by_adapter(ADAPTERS["sendgrid"], request, account, now)
    pem = account.signing_keys.get("verification_key")
    if pem is None:
        raise LookupError("this account has no private key to sign events with")
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("SendGrid signs with a key on an elliptic curve")
    stamp = str(int(now.timestamp()))
    signature = base64.b64encode(key.sign(stamp.encode() + request.body, ec.ECDSA(hashes.SHA256()))).decode()
    return replace(request, headers=request.headers.with_fields({SIGNATURE: signature, TIMESTAMP: stamp}))


def error(http: int, message: str, field: str | None) -> HttpResponse:
    """Return an error as SendGrid writes one."""
    shown = {"errors": [{"message": message, "field": field, "help": None}]}
    return HttpResponse(http, orjson.dumps(shown), Headers.of({"content-type": "application/json"}))


def _people(body: Json) -> dict[str, Any]:
    """Return the recipients of the one personalization that our mails have, and its custom arguments."""
    listed = list_in(body, "personalizations")
    first = listed[0] if listed and isinstance(listed[0], dict) else {}
    to = [text_in(one, "email") for one in list_in(first, "to") if isinstance(one, dict)]
    if not to or any(address is None or "@" not in address for address in to):
        raise _rejected(400, "The to array is required for all personalization objects.", "personalizations.0.to")
    return {"to": to, "custom_args": object_in(first, "custom_args")}


def _text(body: Json) -> str:
    forms = [one for one in list_in(body, "content") if isinstance(one, dict)]
    if not forms:
        raise _rejected(400, "Unless a valid template_id is provided, the content parameter is required.", "content")
    for number, form in enumerate(forms):
        if not text_in(form, "value"):
            raise _rejected(
                400, "The content value must be a string at least one character in length.", f"content.{number}.value"
            )
    return text_in(forms[0], "value") or ""


def _login(request: HttpRequest, desk: Desk) -> list[Account]:
    key = request.headers.get("authorization").removeprefix("Bearer ")
    opened = [account for account in desk.accounts if key and account.secret("api_key") == key]
    if not opened:
        raise _rejected(401, WORDS[401], None)
    return opened


def _json(request: HttpRequest) -> Json:
    try:
        body = read_json(request.body)
    except PayloadMalformed as malformed:
        raise _rejected(400, "Bad Request", None) from malformed
    if not isinstance(body, dict):
        raise _rejected(400, "Bad Request", None)
    return body


def _rejected(http: int, message: str, field: str | None) -> Rejected:
    return Rejected(error(http, message, field))


IMITATION = Imitation(
    provider="sendgrid",
    sends=("/v3/mail/send",),
    take=take,
    accept=accept,
    refuse=refuse,
    status=status,
    write=write,
    failed="bounce",
    sign=sign,
)
