"""Sending through Brevo: https://developers.brevo.com/reference/sendtransacemail ."""

from typing import Any

import orjson

from channels.brevo.updates import REFERENCE
from channels.events import Mailbox
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_fields import text_in
from channels.mail.outgoing import (
    blind_copies,
    copies,
    encoded,
    extra_headers,
    html_of,
    name_of,
    party,
    require_sendable,
    subject_of,
    text_of,
    threading,
)
from channels.mail.words import header_text
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import Problem, Problems, answer_of, refused

URL = "https://api.brevo.com/v3/smtp/email"

LOGIN = Problem("Brevo rejected the connection's API key, or calls from our address; an administrator has to act.")
ACCOUNT = Problem("The Brevo account may not send: it is not activated yet, or suspended; an administrator has to act.")
CREDIT = Problem("The Brevo account has no mails left; buy more or wait until tomorrow.")
CONTENT = Problem("Brevo did not accept the mail as it is: an address, a header or a file can't be used.")
TOO_LARGE = Problem("The mail is too large for Brevo.")
THROTTLED = Problem("Brevo takes no more requests at the moment; it will be tried again.", retryable=True)
TROUBLE = Problem("Brevo had trouble; it is not known whether it took the mail.", unknown=True)
UNREADABLE = Problem("It is not known whether Brevo took the mail.", unknown=True)
UNNAMED = Problem("Brevo refused the mail.")
PROBLEMS = Problems(
    {
        LOGIN: (401, 403, "unauthorized", "permission_denied", "reseller_permission_denied"),
        ACCOUNT: ("account_under_validation",),
        CREDIT: (402, "not_enough_credits"),
        CONTENT: (
            400, 422, "invalid_parameter", "missing_parameter", "out_of_range", "bad_request", "unprocessable_entity",
            "not_acceptable", "document_not_found",
        ),
        TOO_LARGE: (413,),
        THROTTLED: (429, "too_many_requests"),
    },
    UNNAMED,
)  # fmt: skip


def build_message(message: OutboundMessage, api_key: str) -> HttpRequest:
    """Make the request that sends one mail.

    Brevo writes a Message-ID of its own, so that ours stands in References only; ``X-Mailin-custom`` comes back in
    events. It knows no pictures within the mail: they are attached as files.

    Raises:
        CannotSend: when it can't be a mail.
    """
    require_sendable(message)
    headers = {"api-key": api_key, "accept": "application/json", "content-type": "application/json"}
    return HttpRequest("POST", URL, Headers.of(headers), orjson.dumps(_body(message)))


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Brevo's answer to a send means."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        sent = (text_in(answer, "messageId") or "").strip().strip("<>")
        return Accepted(sent) if sent else refused(response, None, UNREADABLE)
    code = text_in(answer, "code")
    named = PROBLEMS.of(code)
    problem = PROBLEMS.of(str(response.status)) if named is UNNAMED else named
    return refused(response, code, TROUBLE if response.status >= 500 else problem, answer.get("message"))


def _body(message: OutboundMessage) -> dict[str, Any]:
    fields = {**threading(message), **extra_headers(message)}
    fields.pop("Message-ID", None)
    reply_to = next((fields.pop(name) for name in list(fields) if name.lower() == "reply-to"), None)
    custom = orjson.dumps({REFERENCE: header_text(message.reference)}).decode()
    html = html_of(message)
    body: dict[str, Any] = {
        "sender": _party(party(message.sender)),
        "to": [_party(party(message.recipient))],
        "subject": subject_of(message),
        "textContent": text_of(message),
        "headers": {**fields, "X-Mailin-custom": custom},
    }
    if message.cc:
        body["cc"] = [_party(one) for one in copies(message)]
    if message.bcc:
        body["bcc"] = [_party(one) for one in blind_copies(message)]
    if html is not None:
        body["htmlContent"] = html
    if reply_to is not None:
        body["replyTo"] = _party(party(reply_to))
    if message.media:
        body["attachment"] = [{"name": name_of(item), "content": encoded(item)} for item in message.media]
    return body


def _party(mailbox: Mailbox) -> dict[str, str]:
    return {"email": mailbox.address} | ({"name": mailbox.name} if mailbox.name else {})
