"""Sample webhooks, signed as their providers sign. Pure: time, numbers and credentials come in."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

import orjson

from channels.http import Headers, HttpRequest
from channels.registry import ADAPTERS
from gateway.demo.cast import FIRST_ORDER, MAIL, QUESTIONS, SMS, WHATSAPP, Customer, Line
from gateway.model import sample_files

MEDIA = {"image": "image/jpeg", "voice": "audio/ogg; codecs=opus", "document": "application/pdf"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to post to: its secrets, and the address that the samples are written to.

    Its URL is known to providers as ``hook_url``, which some of them sign, and to this machine as ``post_url``.
    """

    provider: str
    hook_url: str
    post_url: str
    credentials: Mapping[str, Any]
    address: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A webhook, ready to be posted."""

    provider: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def sample(connection: Connection, turn: int, unique: str, now: datetime) -> Sample:
    """Return one message of a conversation.

    Args:
        connection: where it goes.
        turn: which one: customers take turns, each with the next line of theirs.
        unique: makes the provider's id of this message unlike any other.
        now: when it was written.
    """
    return MAKERS[connection.provider](connection, turn, unique, now)


def whatsapp(connection: Connection, turn: int, unique: str, now: datetime) -> Sample:
    """Return a post of the WhatsApp Cloud API."""
    customer, line = _turn(WHATSAPP, turn)
    message: Json = {
        "from": customer.number,
        "id": f"wamid.{unique}",
        "timestamp": str(int(now.timestamp())),
        **_whatsapp_content(line, unique),
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "12025550110", "phone_number_id": connection.address},
        "contacts": [{"profile": {"name": customer.name}, "wa_id": customer.number}],
        "messages": [message],
    }
    return signed_by_meta(connection, [{"field": "messages", "value": value}], now)


def signed_by_meta(connection: Connection, changes: list[Json], now: datetime) -> Sample:
    """Wrap changes into a post and sign it as Meta does."""
    entry = {"id": "200000000000001", "changes": changes}
    body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})
    return _signed(connection, "application/json", body, now)


def twilio(connection: Connection, turn: int, unique: str, now: datetime) -> Sample:
    """Return a form post of Twilio: an SMS, or an MMS with a picture. Twilio sends no time."""
    customer, line = _turn(SMS, turn)
    account = str(connection.credentials["account_sid"])
    sid = hashlib.md5(unique.encode(), usedforsecurity=False).hexdigest()
    form = {
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "Body": line.text,
        "From": f"+{customer.number}",
        "MessageSid": ("MM" if line.kind == "image" else "SM") + sid,
        "NumMedia": "1" if line.kind == "image" else "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "To": connection.address,
    }
    if line.kind == "image":
        picture = sample_files.sample_id(sample_files.TWILIO, "image", sid[6:])
        form["MediaContentType0"] = "image/jpeg"
        form["MediaUrl0"] = f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages/MM{sid}/Media/{picture}"
    return _signed(connection, "application/x-www-form-urlencoded", urlencode(form).encode(), now)


def postmark(connection: Connection, turn: int, unique: str, now: datetime) -> Sample:
    """Return an inbound mail as Postmark posts it; a customer's second mail answers the first."""
    customer, line = _turn(MAIL, turn)
    thread = hashlib.sha256(f"{customer.mailbox} {line.subject}".encode()).hexdigest()[:16]
    names = [("Message-ID", f"<{unique}@mail.example.org>"), ("References", f"<{thread}@mail.example.org>")]
    paragraphs = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in line.text.split("\n\n"))
    fields = {
        "From": f"{customer.name} <{customer.mailbox}>",
        "FromName": customer.name,
        "FromFull": {"Email": customer.mailbox, "Name": customer.name, "MailboxHash": ""},
        "To": connection.address,
        "ToFull": [{"Email": connection.address, "Name": "", "MailboxHash": ""}],
        "CcFull": [],
        "OriginalRecipient": connection.address,
        "Subject": line.subject,
        "MessageID": hashlib.md5(unique.encode(), usedforsecurity=False).hexdigest(),
        "Date": format_datetime(now),
        "TextBody": line.text,
        "HtmlBody": f"<html><body>{paragraphs}</body></html>",
        "Headers": [{"Name": name, "Value": value} for name, value in names],
        "Attachments": [],
    }
    return _signed(connection, "application/json", orjson.dumps(fields), now)


MAKERS = {"whatsapp_cloud": whatsapp, "twilio": twilio, "postmark": postmark}


def _signed(connection: Connection, content_type: str, body: bytes, now: datetime) -> Sample:
    """Sign a body as the provider would, for the URL that it knows."""
    adapter = ADAPTERS[connection.provider]
    if adapter.sign is None:
        raise LookupError(f"{connection.provider} can't be imitated")
    credentials = adapter.credentials.model_validate(connection.credentials)
    request = HttpRequest("POST", connection.hook_url, Headers.of({"content-type": content_type}), body)
    signed = adapter.sign(request, credentials, now)
    return Sample(connection.provider, connection.post_url, signed.headers.as_dict(), signed.body)


def _turn(customers: tuple[Customer, ...], turn: int) -> tuple[Customer, Line]:
    """Return who writes and what: first the customer's own lines, then questions that are never the same."""
    customer = customers[turn % len(customers)]
    told = turn // len(customers)
    if told < len(customer.lines):
        return customer, customer.lines[told]
    question = QUESTIONS[told % len(QUESTIONS)].format(order=FIRST_ORDER + turn)
    last = customer.lines[-1]
    return customer, Line("mail", question, last.subject) if last.kind == "mail" else Line("text", question)


def _whatsapp_content(line: Line, unique: str) -> Json:
    match line.kind:
        case "text" | "mail":
            return {"type": "text", "text": {"body": line.text}}
        case "location":
            place = {"latitude": 38.8977, "longitude": -77.0365, "name": line.text, "address": "16 Mill Lane"}
            return {"type": "location", "location": place}
        case _:
            return {"type": "audio" if line.kind == "voice" else line.kind, **_whatsapp_media(line, unique)}


def _whatsapp_media(line: Line, unique: str) -> Json:
    digest = hashlib.sha256(unique.encode())
    media: Json = {
        "id": sample_files.sample_id(sample_files.WHATSAPP, line.kind, str(int(digest.hexdigest()[:12], 16))),
        "mime_type": MEDIA[line.kind],
        "sha256": base64.b64encode(digest.digest()).decode(),
    }
    if line.kind == "voice":
        return {"audio": media | {"voice": True}}
    return {line.kind: media | ({"filename": line.text} if line.kind == "document" else {"caption": line.text})}
