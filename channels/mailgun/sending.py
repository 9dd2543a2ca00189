"""Sending through Mailgun, and fetching what it stored.

https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse, basic_authorization
from channels.mail.ids import message_id
from channels.mail.outgoing import blind_copies, copies, party, render
from channels.mailgun.problems import DOMAIN, PROBLEMS, UNCLEAR
from channels.mailgun.updates import REFERENCE
from channels.multipart import Form, FormPart, write_multipart
from channels.operations import Dialogue
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult
from channels.refusals import Problem, answer_of, refused

APIS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
USER = "api"
STORE = re.compile(r"(?:[a-z0-9-]{1,63}\.)?api(?:\.eu)?\.mailgun\.net")
STORED = "/v3/domains/"
WRONG_PATH = b"Magnificent"
"""Of the text that Mailgun answers, with a 200, to paths that it does not have."""

GONE = Problem("Mailgun no longer has the content of this mail: it keeps it for three days.")
NOT_NOW = Problem("Mailgun could not hand over the content of this mail; it will be tried again.", retryable=True)
NOT_GIVEN = Problem("Mailgun did not hand over the content of this mail.")


def build_message(message: OutboundMessage, api_key: str, domain: str, region: str) -> HttpRequest:
    """Make the request that sends one mail, as we rendered it; our own id comes back with every event about it.

    Raises:
        CannotSend: when it can't be a mail.
    """
    recipients = (party(message.recipient), *copies(message), *blind_copies(message))
    parts = (
        FormPart("to", ",".join(one.address for one in recipients).encode()),
        FormPart(f"v:{REFERENCE}", message.reference.encode("utf-8", "replace")),
        FormPart("message", render(message), "message.eml", "message/rfc822"),
    )
    kind, body = write_multipart(parts)
    headers = Headers.of({"authorization": basic_authorization(USER, api_key), "content-type": kind})
    return HttpRequest("POST", f"{APIS[region]}/v3/{quote(domain, safe='')}/messages.mime", headers, body)


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Mailgun's answer means. There is no key against doubles, so after a 5xx the mail may be out."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        sent = answer.get("id")
        external_id = message_id(sent) if isinstance(sent, str) else None
        if external_id is not None:
            return Accepted(external_id)
        wrong = WRONG_PATH in response.body[:200]
        return refused(response, "answer_unreadable", DOMAIN if wrong else UNCLEAR)
    problem = UNCLEAR if response.status >= 500 else PROBLEMS.of(str(response.status))
    return refused(response, None, problem, answer.get("message"))


def message_url(form: Form) -> str | None:
    """Return where the content of a stored mail is; None when it came along."""
    return form.text("message-url").strip() or None if form.first("body-mime") is None else None


def is_store(url: str) -> bool:
    """Tell whether a URL is one of Mailgun's storage, so that the API key may be sent there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and parts.netloc == host
        and STORE.fullmatch(host) is not None
        and parts.path.startswith(STORED)
        and url.isascii()
        and url.isprintable()
    )


def fetch_message(url: str, api_key: str | None) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch a stored mail as it was sent."""
    if api_key is None:
        return Refused("credentials_incomplete", "The connection has no api_key to fetch this mail with.", False)
    if not is_store(url):
        return Refused("url_refused", "The mail is said to be somewhere else than in Mailgun's storage.", False)
    headers = {"accept": "message/rfc2822", "authorization": basic_authorization(USER, api_key)}
    response = yield HttpRequest("GET", url, Headers.of(headers))
    if response.status != 200:
        return refused(response, None, _trouble(response.status))
    answer = answer_of(response)
    raw = answer.get("body-mime")
    if isinstance(raw, str) and raw:
        return {"raw": raw.encode("utf-8", "replace")}
    return refused(response, "answer_unreadable", NOT_GIVEN) if answer or not response.body else {"raw": response.body}


def _trouble(status: int) -> Problem:
    if status in (404, 410):
        return GONE
    return NOT_NOW if status == 429 or 500 <= status <= NO_ANSWER else NOT_GIVEN
