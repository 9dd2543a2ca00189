"""Meta's WhatsApp Cloud API, imitated.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
Errors: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import orjson

from channels.errors import PayloadMalformed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.json_fields import list_in, object_in, text_in
from channels.multipart import read_multipart
from channels.phone_addresses import is_user_id, spelled
from gateway.simulator.accounts import Account, to_hook
from gateway.simulator.drawing import sample_of
from gateway.simulator.files import StoredFile
from gateway.simulator.imitation import Desk, Imitation, Json, Message, Rejected, Written
from gateway.simulator.whatsapp_templates import TEMPLATES

LONGEST_TEXT = 4096
BUSINESS = "200000000000001"
DISPLAYED = "12025550110"

#: Code → HTTP status and Meta's words, where they are not those of any other code.
ERRORS: Mapping[int, tuple[int, str]] = {
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    130429: (429, "Rate limit hit"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131026: (400, "Message undeliverable"),
    131047: (400, "Re-engagement message"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132012: (400, "Parameter format does not match format in the created template"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
}
REASONS = {
    "undeliverable": 131026, "window": 131047, "opted_out": 131050, "busy": 130429, "trouble": 131000, "login": 190,
}  # fmt: skip
UNNAMED = (400, "The message was not accepted")

#: As Meta's links to files begin. Whoever follows one with the connection's base URL comes back here.
FILE_HOST = "https://lookaside.fbsbx.com"
FILES = ("image", "audio", "video", "document", "sticker")
#: Types whose object must hold something, and what.
NEEDED = {
    "location": ("latitude", "longitude"),
    "reaction": ("message_id",),
    "interactive": ("type", "action"),
}
UNTIL = re.compile(r"until_(\d{1,11})$")
PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def take(request: HttpRequest, desk: Desk) -> Message | HttpResponse:
    """Read a message, or a note that one was read.

    Raises:
        Rejected: as Meta would.
    """
    account, number = _sender(request, desk)
    body = _json(request)
    if body.get("messaging_product") != "whatsapp":
        raise _rejected(100, "(#100) The parameter messaging_product is required.")
    if "status" in body:
        return _read_mark(body)
    recipient = text_in(body, "to") or text_in(body, "recipient")
    if not recipient:
        raise _rejected(100, "The parameter to is required.")
    kind = text_in(body, "type") or "text"
    text = _checked(kind, body, desk)
    return Message(
        id=f"wamid.{desk.new_id()}",
        account=account,
        channel="whatsapp",
        sender=number,
        recipient=recipient if is_user_id(recipient) else spelled(recipient),
        text=text,
        course=("sent",) if kind == "reaction" else ("sent", "delivered", "read"),
        reference=text_in(body, "biz_opaque_callback_data"),
    )


def accept(message: Message, _now: datetime) -> HttpResponse:
    """Answer that a message was taken."""
    wa_id = message.recipient.lstrip("+")
    return _answer(
        200,
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": message.recipient, "wa_id": wa_id}],
            "messages": [{"id": message.id, "message_status": "accepted"}],
        },
    )


def refuse(reason: str, retry_after: int | None) -> HttpResponse:
    """Answer an error."""
    return error(_code(reason), None, retry_after)


def status(message: Message, word: str, reason: str | None, now: datetime, _unique: str) -> HttpRequest:
    """Tell what became of a message."""
    told: Json = {
        "id": message.id,
        "status": word,
        "timestamp": _stamp(now),
        "recipient_id": message.recipient.lstrip("+"),
    }
    if message.reference:
        told["biz_opaque_callback_data"] = message.reference
    if word in {"sent", "delivered"}:
        told["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
    if reason is not None:
        code = _code(reason)
        title = ERRORS.get(code, UNNAMED)[1]
        told["errors"] = [{"code": code, "title": title, "message": title, "error_data": {"details": title}}]
    return _post(message.account, message.sender, {"statuses": [told]})


def write(written: Written, now: datetime, unique: str) -> HttpRequest:
    """Bring what a customer wrote."""
    wa_id = written.customer.lstrip("+")
    item: Json = {
        "from": wa_id,
        "id": f"wamid.{unique}",
        "timestamp": _stamp(now),
        "type": "text",
        "text": {"body": written.text},
    }
    contact: Json = {"wa_id": wa_id} | ({"profile": {"name": written.name}} if written.name else {})
    return _post(written.account, written.address, {"contacts": [contact], "messages": [item]})


def keep(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Keep an uploaded file."""
    _sender(request, desk)
    try:
        form = read_multipart(request.headers.get("content-type"), request.body)
    except PayloadMalformed as malformed:
        raise _rejected(100, malformed.detail) from malformed
    file = next(form.files(), None)
    if form.text("messaging_product") != "whatsapp" or file is None or not file.body:
        raise _rejected(131008, "messaging_product and a file are required.")
    file_id = str(int(desk.new_id()[:12], 16))
    kind = form.text("type") or file.type
    desk.files.add(file_id, StoredFile(file.body, kind.partition(";")[0], file.filename or ""))
    return _answer(200, {"id": file_id})


def describe(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Tell where a file can be fetched."""
    _login(request, desk)
    base, _, file_id = request.url.partition("?")[0].rpartition("/")
    file = desk.files.get(file_id) or sample_of(file_id)
    if file is None:
        raise _rejected(100, f"Unsupported get request. Object with ID '{file_id[:40]}' does not exist.")
    about = {
        "messaging_product": "whatsapp",
        "id": file_id,
        "url": f"{FILE_HOST}/{base.rpartition('/')[2]}/files/{file_id}",
        "mime_type": file.mime_type,
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "file_size": len(file.content),
    }
    return _answer(200, about)


def give(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Hand a file out."""
    _login(request, desk)
    file_id = request.url.partition("?")[0].rpartition("/")[2]
    file = desk.files.get(file_id) or sample_of(file_id)
    if file is None:
        return HttpResponse(404)
    return HttpResponse(200, file.content, Headers.of({"content-type": file.mime_type}))


def templates(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the templates of a business account."""
    _login(request, desk)
    return _answer(200, {"data": TEMPLATES, "paging": {"cursors": {"before": "MAZDZD", "after": "MjQZD"}}})


def describe_token(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Tell of the token that is asked with; it has no end, but one whose last part is ``until_`` and seconds ends then.

    https://developers.facebook.com/docs/graph-api/reference/debug_token
    """
    _login(request, desk)
    until = UNTIL.search(request.headers.get("authorization", ""))
    told: Json = {"app_id": BUSINESS, "type": "SYSTEM_USER", "is_valid": True, "data_access_expires_at": 0}
    return _answer(200, {"data": told | {"expires_at": int(until[1]) if until else 0, "scopes": []}})


def error(code: int, details: str | None = None, retry_after: int | None = None) -> HttpResponse:
    """Return an error as Meta writes one."""
    http, title = ERRORS.get(code, UNNAMED)
    shown: Json = {
        "message": f"(#{code}) {title}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details or title},
        "fbtrace_id": "ASimulatedTrace",
    }
    waiting = {} if retry_after is None else {"retry-after": str(retry_after)}
    return _answer(http, {"error": shown}, waiting)


def _checked(kind: str, body: Json, desk: Desk) -> str:
    """Look at what is in a message; returns its words."""
    content = object_in(body, kind)
    if kind == "text":
        text = text_in(content, "body")
        if not text:
            raise _rejected(131008, "The parameter text['body'] is required.")
        if len(text) > LONGEST_TEXT:
            raise _rejected(100, f"Param text['body'] must be at most {LONGEST_TEXT} characters long.")
        return text
    if kind in FILES:
        _require_file(kind, content, desk)
        return text_in(content, "caption") or f"[{kind}]"
    if kind == "template":
        return _filled(content, desk)
    if kind == "contacts":
        if not list_in(body, "contacts"):
            raise _rejected(131008, "The parameter contacts is required.")
        return "[contacts]"
    if kind not in NEEDED:
        raise _rejected(131051, f"Message type {kind[:30]!r} is not supported.")
    missing = [name for name in NEEDED[kind] if content.get(name) in (None, "")]
    if missing:
        raise _rejected(131008, f"The parameter {kind}['{missing[0]}'] is required.")
    return text_in(object_in(content, "body"), "text") or f"[{kind}]"


def _require_file(kind: str, content: Mapping[str, Any], desk: Desk) -> None:
    file_id, link = text_in(content, "id"), text_in(content, "link")
    if (file_id is None) == (link is None):
        raise _rejected(131008, f"The parameter {kind}['id'] or {kind}['link'] is required.")
    if file_id is not None and desk.files.get(file_id) is None:
        raise _rejected(131009, f"There is no media of the id {file_id[:40]!r}.")


def _filled(content: Mapping[str, Any], desk: Desk) -> str:
    name, language = text_in(content, "name"), text_in(object_in(content, "language"), "code")
    known = next(
        (one for one in TEMPLATES if (one["name"], one["language"], one["status"]) == (name, language, "APPROVED")),
        None,
    )
    if known is None:
        raise _rejected(132001, f"template name ({name}) does not exist in {language}")
    body = next(part["text"] for part in known["components"] if part["type"] == "BODY")
    for part in known["components"]:
        if part["type"] == "HEADER":
            file = next(iter(_parameters(content, "header")), {})
            kind = part["format"].lower()
            if file.get("type") != kind:
                raise _rejected(132012, f"header: Format mismatch, expected {part['format']}")
            _require_file(kind, object_in(file, kind), desk)
    given = [text_in(parameter, "text") or "" for parameter in _parameters(content, "body")]
    places = PLACE.findall(body)
    if len(given) != len(places):
        raise _rejected(132000, f"body: number of localizable_params ({len(given)}) does not match {len(places)}")
    _require_buttons(content, known)
    texts = iter(given)
    return PLACE.sub(lambda _: next(texts), body)


def _require_buttons(content: Mapping[str, Any], template: Json) -> None:
    """Check that each button whose address has a place gets its end."""
    buttons = next((part["buttons"] for part in template["components"] if part["type"] == "BUTTONS"), ())
    for index, button in enumerate(buttons):
        given = _parameters(content, "button", str(index))
        if len(given) != len(PLACE.findall(button.get("url", ""))):
            raise _rejected(131008, f"buttons: Button at index {index} of type Url requires a parameter")


def _parameters(content: Mapping[str, Any], kind: str, index: str | None = None) -> list[Json]:
    """Return what a message fills a part of a template with."""
    return [
        parameter
        for component in list_in(content, "components")
        if type(component) is dict and component.get("type") == kind
        if index is None or str(component.get("index")) == index
        for parameter in list_in(component, "parameters")
        if type(parameter) is dict
    ]


def _read_mark(body: Json) -> HttpResponse:
    if body["status"] != "read" or not text_in(body, "message_id"):
        raise _rejected(131008, "status has to be read, and message_id is required.")
    return _answer(200, {"success": True})


def _login(request: HttpRequest, desk: Desk) -> list[Account]:
    """Return the accounts that the request's token opens."""
    token = request.headers.get("authorization").removeprefix("Bearer ")
    opened = [account for account in desk.accounts if token and account.secret("access_token") == token]
    if not opened:
        raise _rejected(190, "Invalid OAuth access token - Cannot parse access token")
    return opened


def _sender(request: HttpRequest, desk: Desk) -> tuple[Account, str]:
    opened = _login(request, desk)
    number = unquote(request.url.partition("?")[0].split("/")[-2])
    account = next((account for account in opened if account.has("whatsapp", number)), None)
    if account is None:
        raise _rejected(33, f"Unsupported post request. Object with ID '{number[:40]}' does not exist.")
    return account, number


def _json(request: HttpRequest) -> Json:
    try:
        body = read_json(request.body)
    except PayloadMalformed as malformed:
        raise _rejected(100, malformed.detail) from malformed
    if not isinstance(body, dict):
        raise _rejected(100, "The body is no object.")
    return body


def _post(account: Account, number: str, news: Json) -> HttpRequest:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": DISPLAYED, "phone_number_id": number},
        **news,
    }
    entry = {"id": BUSINESS, "changes": [{"field": "messages", "value": value}]}
    body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})
    return to_hook(account, "application/json", body)


def _code(reason: str) -> int:
    return REASONS.get(reason) or (int(reason) if reason.isdigit() else 131000)


def _stamp(now: datetime) -> str:
    return str(int(now.timestamp()))


def _rejected(code: int, details: str) -> Rejected:
    return Rejected(error(code, details))


def _answer(http: int, document: Json, headers: Mapping[str, str] | None = None) -> HttpResponse:
    fields = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return HttpResponse(http, orjson.dumps(document), Headers.of(fields))


IMITATION = Imitation(
    provider="whatsapp_cloud",
    sends=("/{version:v\\d+\\.\\d}/{number}/messages",),
    take=take,
    accept=accept,
    refuse=refuse,
    status=status,
    write=write,
    failed="failed",
    asks={
        ("POST", "/{version:v\\d+\\.\\d}/{number}/media"): keep,
        ("GET", "/{version:v\\d+\\.\\d}/{id:\\d+}"): describe,
        ("GET", "/{version:v\\d+\\.\\d}/files/{id:\\d+}"): give,
        ("GET", "/{version:v\\d+\\.\\d}/{account}/message_templates"): templates,
        ("GET", "/{version:v\\d+\\.\\d}/debug_token"): describe_token,
    },
)
