"""Sending through Amazon SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html ."""

import base64
import re
from datetime import datetime
from typing import Any

import orjson

from channels.aws.signing import Keys, signed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.mail.outgoing import blind_copies, copies, party, render
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import answer_of, refused
from channels.ses.problems import PROBLEMS, THROTTLED, UNCLEAR
from channels.ses.stored import domain_of
from channels.ses.updates import ENCODED_REFERENCE, REFERENCE

PATH = "/v2/email/outbound-emails"
SERVICE = "ses"
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
LONGEST_TAG = 256
ERROR_TYPE = re.compile(r"(?:[^#]{0,200}#)?([A-Za-z]{1,100})")


def build_message(message: OutboundMessage, keys: Keys, configuration_set: str | None, now: datetime) -> HttpRequest:
    """Make the request that sends one mail, as we rendered it.

    Amazon writes a Message-ID and a Date of its own; ours stays among the References.

    Raises:
        CannotSend: when it can't be a mail.
    """
    destination = {"ToAddresses": [party(message.recipient).address]}
    if message.cc:
        destination["CcAddresses"] = [one.address for one in copies(message)]
    if message.bcc:
        destination["BccAddresses"] = [one.address for one in blind_copies(message)]
    body: dict[str, Any] = {
        "Destination": destination,
        "Content": {"Raw": {"Data": base64.b64encode(render(message)).decode("ascii")}},
        "EmailTags": _tags(message.reference),
    }
    if configuration_set is not None:
        body["ConfigurationSetName"] = configuration_set
    url = f"https://email.{keys.region}.{domain_of(keys.region)}{PATH}"
    request = HttpRequest("POST", url, Headers.of({"content-type": "application/json"}), orjson.dumps(body))
    return signed(request, keys, SERVICE, now)


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Amazon's answer means. There is no key against doubles, so after a 5xx the mail may be out."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = answer.get("MessageId")
        if isinstance(external_id, str) and external_id:
            return Accepted(external_id)
        return refused(response, "answer_unreadable", UNCLEAR)
    code = _code(response, answer.get("__type"))
    if response.status >= 500:
        return refused(response, code, UNCLEAR)
    said = answer.get("message") or answer.get("Message")
    return refused(response, code, THROTTLED if response.status == 429 else PROBLEMS.of(code), said)


def _code(response: HttpResponse, named: Any) -> str | None:  # Any: what JSON may hold
    """Return the error's name; a header or the body has it, with a namespace before it or a URL behind it."""
    written = response.headers.get("x-amzn-errortype") or (named if isinstance(named, str) else "")
    found = ERROR_TYPE.match(written)
    return None if found is None else found[1]


def _tags(reference: str) -> list[dict[str, str]]:
    """Return the tag that brings our id back; none when it is longer than a tag may be."""
    if TAG.fullmatch(reference) is not None:
        return [{"Name": REFERENCE, "Value": reference}]
    encoded = base64.urlsafe_b64encode(reference.encode("utf-8", "replace")).decode("ascii").rstrip("=")
    return [{"Name": ENCODED_REFERENCE, "Value": encoded}] if 0 < len(encoded) <= LONGEST_TAG else []
