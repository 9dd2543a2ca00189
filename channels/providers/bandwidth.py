"""SMS and MMS through Bandwidth.

https://dev.bandwidth.com/docs/messaging/webhooks

Bandwidth signs nothing: the application's settings hold a user name and a password, which arrive as basic
authentication. Nothing of a request's time or body is proven; replays are stopped by the message ids alone.
Each post is a list of events. The login that sends is another one, of an API user; Bandwidth is ending those.
https://dev.bandwidth.com/docs/account/credentials/management
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.batches import read_items
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend, PayloadMalformed
from channels.events import ChannelEvent, InboundMessage, Media, Other, StatusUpdate
from channels.handset_errors import NETWORK, UNREACHABLE, WRONG_NUMBER
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.identities import identities_of
from channels.json_bodies import read_json, write_json
from channels.json_fields import (
    Object,
    count_in,
    id_in,
    iso_moment_in,
    list_in,
    object_in,
    required_id,
    required_object,
    text_in,
)
from channels.media_kinds import kind_of_name
from channels.operations import Dialogue, Operations
from channels.opt_out_words import opt_out_of
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult
from channels.phone_addresses import spelled
from channels.refusals import Problem, Problems, answer_of, in_words, refused
from channels.signatures import Secret, live, require_basic

PROVIDER = "bandwidth"
#: Where the login goes that files are fetched with.
FILE_HOSTS = r"messaging\.bandwidth\.com"

API = "https://messaging.bandwidth.com/api/v2/users/{}/messages"
LONGEST_TEXT = 2048

#: Bandwidth names no limit; carriers take hardly more.
MOST_FILES = 10

RECEIVED = "message-received"

#: Their words → ours.
STATUSES = {"message-sending": "queued", "message-delivered": "delivered", "message-failed": "failed"}

ACCOUNT = Problem("The Bandwidth account or its application may not send this; an administrator has to act.")
SENDER = Problem("Our number can't send this message: it is not set up, not registered with the carriers, or blocked.")
STOPPED = Problem("The customer opted out; nothing can be sent until they opt in again.", opt_out="all")
FILTERED = Problem("A spam filter stopped the message; write it differently, without shortened links.")
CONTENT = Problem("The message was not accepted: its text or its files are too large, or of a wrong kind.")
CROWD = Problem("The message has more recipients than it may have; send it to fewer at once.")
EXPIRED = Problem("The message expired before it could be sent.")
REJECTED = Problem("The customer's carrier or phone rejected the message without saying why.")
USED_UP = Problem("The carrier's limit for today is used up; try again tomorrow.")
BUSY = Problem("The carrier takes no more messages from us at the moment; it may be sent again later.", True)
TROUBLE = Problem("Bandwidth had trouble and did not send the message; it may be sent again.", True)
UNCONFIRMED = Problem("It is not known whether the message arrived: the carrier did not say.")

OPTED_OUT = ("4475", "4775")

#: What ``errorCode`` may say. https://dev.bandwidth.com/docs/messaging/errors
FATES = Problems(
    {
        ACCOUNT: (4001, 4421, 4432, 4451, 4452, 4493),
        SENDER: (4302, 4403, 4405, 4407, 4431, 4433, 4476, 4481, 4740, 4772, 4773, 4774, *range(4790, 4794), 4795),
        WRONG_NUMBER: (4303, 4350, 4401, 4404, 4406, 4408, 4409, 4420, 4434, 4482, 4492, 4700, 4720, 4721, 4730),
        UNREACHABLE: (4701, 4702),
        STOPPED: OPTED_OUT,
        FILTERED: (4470, 4770, 4771),
        CROWD: (4435, 4735),
        CONTENT: (4301, 4410, 4411, 4412, 4710, 4711, 4712, 4751, 4752),
        EXPIRED: (4360, 4794),
        REJECTED: (4750, 4753, 4754),
        USED_UP: (4780,),
        BUSY: (4781, 4785),
        TROUBLE: (5100, 5101, 5106, 5111, 5201, 5211, 5220, 5231, 5500, 5501, 5999),
        NETWORK: (5600, 5610, 5611, 5620, 5630, 5650),
        UNCONFIRMED: (9902, 9999),
    },
    Problem("The message was not delivered."),
)

LOGIN = Problem("Bandwidth rejected the connection's API login or account ID; an administrator has to act.")
THROTTLED = Problem("Bandwidth takes no more messages at the moment; it will be tried again.", True)
MAYBE_SENT = Problem("It is not known whether Bandwidth took the message.", unknown=True)

#: HTTP statuses of the answer to a send.
ANSWERS = Problems(
    {LOGIN: (401, 403, 404), THROTTLED: (429,)}, Problem("Bandwidth did not accept the message as it is.")
)


class BandwidthCredentials(Credentials):
    """What a tenant enters to connect a messaging application at Bandwidth."""

    username: str = Field(
        min_length=1, pattern="^[^:]+$", title="User name", description="Of the callbacks: a word of your own."
    )
    password: Secret = Field(title="Password", description="Of the callbacks: long and random.")
    previous_password: tuple[Secret, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )
    account_id: str | None = Field(
        default=None, pattern="^[0-9]+$", title="Account ID", description="Needed to send: the digits under Account."
    )
    application_id: str | None = Field(
        default=None, min_length=1, title="Application ID", description="Needed to send: the messaging application's."
    )
    api_username: str | None = Field(
        default=None, pattern="^[^:]+$", title="API user name", description="Of an API user; needed to send."
    )
    api_password: Secret | None = Field(default=None, title="API password", description="Of that API user.")


def verify(request: HttpRequest, credentials: BandwidthCredentials, _now: datetime) -> None:
    """Check the login that was entered for the application's callbacks.

    Raises:
        SignatureInvalid: when it is missing or wrong.
    """
    passwords = live(credentials.password, credentials.previous_password)
    require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def sign(request: HttpRequest, credentials: BandwidthCredentials, _now: datetime) -> HttpRequest:
    """Return the request with the login that Bandwidth sends."""
    login = basic_authorization(credentials.username, credentials.password.get_secret_value())
    return replace(request, headers=request.headers.with_fields({"authorization": login}))


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a list of events: messages, and what became of those that we sent.

    Raises:
        PayloadMalformed: when it is no list.
    """
    document = read_json(request.body)
    if type(document) is not list:
        raise PayloadMalformed("not_bandwidth", "the body is not a list of events")
    return read_items(document, _event, "event_malformed")


def _event(item: Object) -> ChannelEvent:
    kind = required_id(item, "type")
    if kind == RECEIVED:
        return _message(item, required_object(item, "message"))
    if kind in STATUSES:
        return _status(item, required_object(item, "message"), kind)
    return _other(item, object_in(item, "message"), kind)


def _other(item: Object, message: Object, kind: str) -> Other:
    message_ref = id_in(message, "id")
    return Other(
        provider=PROVIDER,
        channel=_channel(message),
        account=id_in(message, "applicationId"),
        address=_number(message, "owner"),
        external_id=f"{message_ref}:{kind}" if message_ref else "",
        occurred_at=iso_moment_in(item, "time"),
        subtype=kind,
        message_ref=message_ref,
    )


def _number(source: Object, key: str) -> str | None:
    number = id_in(source, key)
    return spelled(number) if number else None


def _channel(message: Object) -> str:
    """Return mms for what SMS can't do: files, and several recipients."""
    return "mms" if list_in(message, "media") or len(list_in(message, "to")) > 1 else "sms"


def _message(item: Object, message: Object) -> InboundMessage:
    external_id = required_id(message, "id")
    channel, sender, text = _channel(message), _number(message, "from"), text_in(message, "text")
    ours = _number(message, "owner") or _number(item, "to")
    others = tuple(_others(message, ours))
    extra = {"segments": count_in(message, "segmentCount"), "opt_out": opt_out_of(text), "group": list(others) or None}
    return InboundMessage(
        provider=PROVIDER,
        channel=channel,
        account=id_in(message, "applicationId"),
        address=ours,
        external_id=external_id,
        occurred_at=iso_moment_in(message, "time") or iso_moment_in(item, "time"),
        extra={name: value for name, value in extra.items() if value is not None},
        subtype="text",
        sender=sender,
        recipients=(ours, *others) if ours else others,
        identities=identities_of(channel, sender, external_id),
        text=text,
        attachments=tuple(_files(message)),
    )


def _others(message: Object, ours: str | None) -> Iterator[str]:
    """Go through those who got a group message beside us."""
    numbers = [spelled(number) for number in list_in(message, "to") if type(number) is str and number]
    yield from (number for number in dict.fromkeys(numbers) if number != ours)


def _files(message: Object) -> Iterator[Media]:
    """Go through the links to files; their names are all that tells of what kind they are."""
    for url in list_in(message, "media"):
        if type(url) is str and url:
            yield Media(type=kind_of_name(url), url=url)


def _status(item: Object, message: Object, kind: str) -> StatusUpdate:
    message_ref, recipient, code = required_id(message, "id"), _number(item, "to"), id_in(item, "errorCode")
    failed = STATUSES[kind] == "failed"
    return StatusUpdate(
        provider=PROVIDER,
        channel="mms" if kind == "message-sending" else _channel(message),
        account=id_in(message, "applicationId"),
        address=_number(message, "owner") or _number(message, "from"),
        external_id=":".join(part for part in (message_ref, kind, recipient) if part),
        occurred_at=iso_moment_in(item, "time"),
        extra=_status_extra(message, kind, code),
        status=STATUSES[kind],
        message_ref=message_ref,
        recipient=recipient,
        error_code=code if failed else None,
        error_message=in_words(FATES.of(code), item.get("description")) if failed else None,
    )


def _status_extra(message: Object, kind: str, code: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {"raw_status": kind}
    if STATUSES[kind] == "failed":
        extra["retryable"] = FATES.is_retryable(code)
        if code in OPTED_OUT:
            extra["opt_out"] = "stop"
    if reference := text_in(message, "tag"):
        extra["callback_data"] = reference
    return extra


def build(message: OutboundMessage, credentials: BandwidthCredentials) -> HttpRequest:
    """Make the request that sends a text, files by link as MMS, or both.

    Raises:
        CannotSend: when Bandwidth has no such message, or a credential for sending is missing.
    """
    account_id, user, password = credentials.account_id, credentials.api_username, credentials.api_password
    if account_id is None or credentials.application_id is None or user is None or password is None:
        raise CannotSend("credentials_incomplete", "it needs account_id, application_id, api_username, api_password")
    if message.content is not None or message.channel not in {None, "sms", "mms"}:
        raise CannotSend("content_unsupported", "Bandwidth sends texts and files by SMS and MMS, and nothing else")
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if len(message.text or "") > LONGEST_TEXT:
        raise CannotSend("text_too_long", f"a text has {LONGEST_TEXT} characters at most")
    body = {
        "applicationId": credentials.application_id,
        "to": [message.recipient],
        "from": message.sender,
        "tag": message.reference,
        **({"text": message.text} if message.text else {}),
        **({"media": _links(message)} if message.media else {}),
    }
    login = basic_authorization(user, password.get_secret_value())
    headers = Headers.of({"authorization": login, "content-type": "application/json; charset=utf-8"})
    return HttpRequest("POST", API.format(account_id), headers, write_json(body))


def _links(message: OutboundMessage) -> list[str]:
    if len(message.media) > MOST_FILES:
        raise CannotSend("too_many_files", f"a message holds {MOST_FILES} files at most")
    links = [file.url for file in message.media if file.url]
    if len(links) < len(message.media):
        raise CannotSend("file_unusable", "Bandwidth needs a link to each file")
    return links


def read(response: HttpResponse) -> SendResult:
    """Tell what Bandwidth's answer to a send means. What it refuses in its own words was not sent."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = id_in(answer, "id")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", MAYBE_SENT)
    code = text_in(answer, "type")
    problem = ANSWERS.of(str(response.status))
    if response.status >= 500:
        problem = TROUBLE if code else MAYBE_SENT
    return refused(response, code, problem, "; ".join(_words(answer)))


def _words(answer: Object) -> Iterator[str]:
    """Go through what an answer says of the whole request, then of each field."""
    for source in (answer, *(item for item in list_in(answer, "fieldErrors") if type(item) is dict)):
        if words := text_in(source, "description"):
            yield words


def download(media: Media, credentials: BandwidthCredentials, _now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that came with a message.

    https://dev.bandwidth.com/docs/messaging/media
    """
    user, password = credentials.api_username, credentials.api_password
    login = {"authorization": basic_authorization(user, password.get_secret_value())} if user and password else None
    return by_link(media, FILE_HOSTS, login)


ADAPTER = Adapter(
    operations=Operations(download=download, download_kept=timedelta(days=2)),
    provider=PROVIDER,
    credentials=BandwidthCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Bandwidth",
        summary="SMS and MMS through a Bandwidth account, with group messages.",
        documentation="https://dev.bandwidth.com/docs/messaging/webhooks",
        steps=(
            "Choose a user name and a long random password, and enter them here as `username` and `password`.",
            "In the Bandwidth App open *Applications → Applications*, and add one of the type **Messaging** (or edit "
            "the one that your numbers use).",
            "Leave *Use multiple callback URLs* unticked, set the **Callback URL** to `{hook_url}`, tick **Use a "
            "username/password for callbacks** and enter the same two, choose all status callback types, and save.",
            "To send, enter its **Application ID** as `application_id`, the **account ID** under *Account* as "
            "`account_id`, and the login of an API user for messaging as `api_username` and `api_password`.",
            "Under the location that your numbers belong to choose this application for messaging.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
        ),
        address="The number in international form, such as +12025550110, or a short code",
        notes=(
            "Bandwidth signs nothing: whoever knows this URL, the user name and the password can post messages.",
            "An MMS is told as delivered when it was handed on, unless Bandwidth has enabled MMS delivery receipts.",
            "Received files are kept for two days, and take the API login to fetch.",
            "Bandwidth has made no new API users since April 2026, and ends the old ones on 2 December 2026 in favour "
            "of OAuth, which this connection doesn't speak: without an API user it receives only.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms"),
        longest_text={"sms": LONGEST_TEXT, "mms": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=MOST_FILES,
    ),
    max_body=1024 * 1024,
)
