"""SMS and MMS through MessageBird, the classic platform.

https://developers.messagebird.com/api/sms-messaging/

MessageBird signs a JSON Web Token with the account's signing key; its claims hold the hashes of the URL, with its
query, and of the body. The token's ``jti`` is for one use, and within the minute that a token lives nothing is
remembered of it: a replay brings the same ids, which are stored once. The older ``MessageBird-Signature`` header never
counts. Statuses come as GET, with everything in the query.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.callback_urls import tag_of, tagged
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import ChannelEvent, InboundMessage, Media, StatusUpdate
from channels.forms import FormInvalid, Pairs, first_values, pairs_of
from channels.handset_errors import HANDSET_ERRORS
from channels.http import Headers, HttpRequest, HttpResponse
from channels.identities import identities_of
from channels.json_bodies import write_json
from channels.json_fields import NOTHING, Object, id_in, iso_moment_in, list_in
from channels.media_kinds import kind_of
from channels.operations import Dialogue, Operations
from channels.opt_out_words import opt_out_of
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult
from channels.phone_addresses import spelled
from channels.refusals import Problem, Problems, answer_of, refused
from channels.segments import most_characters, require_segments
from channels.signatures import Secret, live
from channels.tokens import HMACS, require_hash, require_token, signed_token

PROVIDER = "messagebird"
#: Where the login goes that files are fetched with.
FILE_HOSTS = r"([a-z0-9-]+\.)+(bird|messagebird)\.com"
ISSUER = "MessageBird"
HEADER = "messagebird-signature-jwt"

#: Seconds that their clock and ours may differ, and that a token of ours lives.
LEEWAY = 1
LIFETIME = 60

API = "https://rest.messagebird.com"
MOST_SEGMENTS = 9
LONGEST_MMS_TEXT = 2000
MOST_FILES = 10

#: Their words → ours.
STATUSES = {
    "scheduled": "queued",
    "buffered": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "expired": "failed",
    "delivery_failed": "failed",
}
OPTED_OUT = "103"

#: A plus that a query's decoding has turned into a blank.
LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")
SHORT_CODE_TIME = re.compile(r"[0-9]{14}")

UNNAMED = Problem("MessageBird refused the message.")
LOGIN = Problem("MessageBird rejected the connection's access key or has no money left; an administrator has to act.")
CONTENT = Problem("MessageBird did not accept the recipient, the sender or the text.")
THROTTLED = Problem("MessageBird takes no more messages at the moment; it will be tried again.", True)
TROUBLE = Problem("MessageBird had trouble and did not take the message; it will be tried again.", True)
MAYBE_SENT = Problem("It is not known whether MessageBird took the message.", unknown=True)

#: What an answer to a send may say. https://developers.messagebird.com/api/#errors
PROBLEMS = Problems({LOGIN: (2, 25), CONTENT: (9, 10, 20, 21), TROUBLE: (98, 99)}, UNNAMED)

#: What ``statusErrorCode`` may say.
#: https://docs.bird.com/api/channels-api/message-status-and-interactions/message-failure-sources/sms-platform-extended-error-codes
FATES = Problems(
    {
        **HANDSET_ERRORS,
        Problem("The customer opted out with STOP; nothing can be sent until they write START.", opt_out="all"): (
            OPTED_OUT,
        ),
        Problem("Our number or this kind of text is not registered with the carriers."): (104, 105),
        Problem("The carrier takes no more texts of this campaign at the moment; it will be tried again.", True): (
            106,
            107,
        ),
    },
    Problem("The message was not delivered."),
)

Fields = Mapping[str, str]


class MessageBirdCredentials(Credentials):
    """What a tenant enters to connect a MessageBird account."""

    signing_key: Secret = Field(
        title="Signing key", description="Signs the webhooks: Dashboard → Developers → Settings → Signed requests."
    )
    previous_signing_key: tuple[Secret, ...] = Field(
        default=(), title="Previous signing keys", description="Still accepted while the key is being changed."
    )
    access_key: Secret | None = Field(
        default=None, title="Access key", description="A live key; needed to send: Dashboard → Developers → API access."
    )


def verify(request: HttpRequest, credentials: MessageBirdCredentials, now: datetime) -> None:
    """Check the token, then that it was made for this URL and this body, or for no body at all.

    Raises:
        SignatureInvalid: when it is missing, forged, not valid now, or made for another request.
    """
    secrets = live(credentials.signing_key, credentials.previous_signing_key)
    claims = require_token(request.headers.get(HEADER), secrets, HMACS, now, leeway=LEEWAY)
    if claims.get("iss") != ISSUER or not {"nbf", "exp"} <= claims.keys():
        raise SignatureInvalid("token_malformed", "the token lacks its issuer or its times")
    require_hash(claims, "url_hash", _bytes(request.url))
    if request.body:
        require_hash(claims, "payload_hash", request.body)
    elif claims.get("payload_hash") is not None:
        raise SignatureInvalid("body_missing", "the token is for a request with a body")


def sign(request: HttpRequest, credentials: MessageBirdCredentials, now: datetime) -> HttpRequest:
    """Return the request with a token as MessageBird makes it."""
    stamp = int(now.timestamp())
    url_hash = hashlib.sha256(_bytes(request.url)).hexdigest()
    claims: dict[str, Any] = {"iss": ISSUER, "nbf": stamp, "exp": stamp + LIFETIME, "url_hash": url_hash}
    if request.body:
        claims["payload_hash"] = hashlib.sha256(request.body).hexdigest()
    claims["jti"] = hashlib.sha256(f"{claims}".encode()).hexdigest()[:32]
    token = signed_token(claims, live(credentials.signing_key)[0])
    return replace(request, headers=request.headers.with_fields({HEADER: token}))


def _bytes(url: str) -> bytes:
    return url.encode("utf-8", "surrogatepass")


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message in a form, or the status in a query.

    Raises:
        PayloadMalformed: when it is neither.
    """
    try:
        pairs = pairs_of(request)
    except FormInvalid as error:
        raise PayloadMalformed("form_malformed", "the body isn't a form") from error
    fields = first_values(pairs)
    if "status" in fields and "originator" not in fields:
        return (_status(fields, tag_of(request, "sender")),)
    return (_message(fields, tuple(_files(pairs))),)


def _required(fields: Fields, *names: str) -> str:
    for name in names:
        if name in fields:
            return fields[name]
    raise PayloadMalformed("id_missing", f"the form has no {names[0]!r}")


def _address(fields: Fields, name: str) -> str | None:
    value = fields.get(name, "").strip()
    return spelled(value) if value else None


def _message(fields: Fields, files: tuple[Media, ...]) -> InboundMessage:
    short_code = fields.get("shortcode")
    external_id = _required(fields, "mid", "id") if short_code else _required(fields, "id", "mid")
    sender = _address(fields, "originator")
    ours = short_code or _address(fields, "recipient")
    channel = "mms" if files else "sms"
    text = fields.get("body") or fields.get("message")
    opt_out = opt_out_of(text)
    return InboundMessage(
        provider=PROVIDER,
        channel=channel,
        account=None,
        address=ours,
        external_id=external_id,
        occurred_at=_moment(fields, "createdDatetime") or _short_code_moment(fields),
        extra={"opt_out": opt_out} if opt_out else {},
        subtype="text",
        sender=sender,
        recipients=(ours,) if ours else (),
        identities=identities_of(channel, sender, external_id),
        text=text,
        attachments=files,
    )


def _files(pairs: Pairs) -> Iterator[Media]:
    """Go through the links to files, and the types beside them, of which there may be fewer."""
    types = [value for name, value in pairs if name == "mediaContentTypes"]
    for at, url in enumerate(value for name, value in pairs if name == "mediaUrls" and value):
        mime_type = types[at] or None if at < len(types) else None
        yield Media(type=kind_of(mime_type), url=url, mime_type=mime_type)


def _moment(fields: Fields, name: str) -> datetime | None:
    return iso_moment_in({name: LOST_PLUS.sub("+", fields.get(name, ""))}, name)


def _short_code_moment(fields: Fields) -> datetime | None:
    """Read the time of a message to a short code. It names no zone; it is taken for UTC."""
    value = fields.get("receive_datetime", "")
    if SHORT_CODE_TIME.fullmatch(value) is None:
        return None
    try:
        return datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _status(fields: Fields, sender: str | None) -> StatusUpdate:
    message_ref, word = _required(fields, "id"), _required(fields, "status")
    status = STATUSES.get(word, "unknown")
    code = fields.get("statusErrorCode")
    code = None if code == "0" else code
    reason = fields.get("statusReason") if code or status == "failed" else None
    return StatusUpdate(
        provider=PROVIDER,
        channel="sms",
        account=None,
        address=sender,
        external_id=":".join(part for part in (message_ref, word, code) if part),
        occurred_at=_moment(fields, "statusDatetime"),
        extra=_status_extra(fields, word, code),
        status=status,
        message_ref=message_ref,
        recipient=_address(fields, "recipient"),
        error_code=code,
        error_message=reason or (FATES.of(code).reason if code else None),
    )


def _status_extra(fields: Fields, word: str, code: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": word}
    if STATUSES.get(word) == "failed":
        extra["retryable"] = FATES.is_retryable(code)
    if code == OPTED_OUT:
        extra["opt_out"] = "stop"
    kept = {"callback_data": fields.get("reference"), "mccmnc": fields.get("mccmnc")}
    return extra | {name: value for name, value in kept.items() if value}


def build(message: OutboundMessage, credentials: MessageBirdCredentials) -> HttpRequest:
    """Make the request that sends a text, or files by link as MMS. A text can't be quoted.

    Raises:
        CannotSend: when MessageBird has no such message, or the access key is missing.
    """
    if credentials.access_key is None:
        raise CannotSend("credentials_incomplete", "this connection has no access_key, so that it can't send")
    if message.channel not in {None, "sms", "mms"}:
        raise CannotSend("channel_unsupported", "MessageBird sends SMS and MMS alone here")
    if message.content is not None:
        raise CannotSend("content_unsupported", "MessageBird can't send this kind of message")
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    key = credentials.access_key.get_secret_value()
    headers = Headers.of({"authorization": f"AccessKey {key}", "content-type": "application/json"})
    is_mms = bool(message.media) or message.channel == "mms"
    body = {
        "recipients": [message.recipient.removeprefix("+")],
        "originator": message.sender.removeprefix("+"),
        "reference": message.reference,
        **(_mms(message) if is_mms else _sms(message)),
    }
    return HttpRequest("POST", f"{API}/mms" if is_mms else f"{API}/messages", headers, write_json(body))


def _sms(message: OutboundMessage) -> Object:
    text = message.text or ""
    require_segments(text, MOST_SEGMENTS)
    body = {"body": text, "datacoding": "auto"}
    if message.callback_url:
        body["reportUrl"] = tagged(message.callback_url, sender=message.sender)
    return body


def _mms(message: OutboundMessage) -> Object:
    """Return what only an MMS has; its statuses go to the URL in MessageBird's dashboard."""
    if len(message.media) > MOST_FILES:
        raise CannotSend("too_many_files", f"an MMS holds {MOST_FILES} files at most")
    if len(message.text or "") > LONGEST_MMS_TEXT:
        raise CannotSend("text_too_long", f"the text of an MMS has {LONGEST_MMS_TEXT} characters at most")
    urls = [file.url for file in message.media if file.url]
    if len(urls) < len(message.media):
        raise CannotSend("file_unusable", "MessageBird needs a link to each file")
    found = {"body": message.text, "subject": message.subject, "mediaUrls": urls}
    return {name: value for name, value in found.items() if value}


def read(response: HttpResponse) -> SendResult:
    """Tell what MessageBird's answer to a send means. A 429 was not processed; a 5xx may have been."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = id_in(answer, "id")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", MAYBE_SENT)
    error = next((item for item in list_in(answer, "errors") if type(item) is dict), NOTHING)
    code = id_in(error, "code")
    problem = THROTTLED if response.status == 429 else PROBLEMS.of(code)
    if response.status >= 500:
        problem = MAYBE_SENT
    return refused(response, code, problem, error.get("description"))


def download(media: Media, credentials: MessageBirdCredentials, _now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that came with a message: it takes the access key."""
    key = credentials.access_key
    login = {"authorization": f"AccessKey {key.get_secret_value()}"} if key else None
    return by_link(media, FILE_HOSTS, login)


ADAPTER = Adapter(
    operations=Operations(download=download),
    provider=PROVIDER,
    credentials=MessageBirdCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="MessageBird (classic)",
        summary="SMS and MMS through an account on MessageBird's older platform.",
        documentation="https://developers.messagebird.com/api/sms-messaging/",
        steps=(
            "In the MessageBird Dashboard open *Developers → Settings → Signed requests*, make a **signing key**, and "
            "enter it as `signing_key`.",
            "Under *Developers → API access* add a **live key**, and enter it as `access_key`.",
            "Open *Numbers*, choose the number, and under *Flows* add one of the kind *SMS → Forward to URL* with "
            "`{hook_url}` and the method **POST**; then publish it.",
            "Under *Developers → Settings → SMS status reports* enter `{hook_url}` as well: MMS need it, while each "
            "SMS that is sent names this URL itself.",
            "Add each number in international form (`+12025550110`), or the short code, as a channel of this "
            "connection.",
        ),
        address="The number in international form, such as +12025550110, or a short code",
        notes=(
            "The signature covers this URL with its query: behind a proxy the gateway has to know its public URL.",
            "Accounts on the new platform (bird.com) need the connection *Bird* instead.",
            "A customer who wrote STOP can't be written to; such a message fails with code 103.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms"),
        longest_text={"sms": most_characters(MOST_SEGMENTS), "mms": LONGEST_MMS_TEXT},
        media=("image", "audio", "video", "document", "file"),
        most_files=MOST_FILES,
    ),
    max_body=1024 * 1024,
)
