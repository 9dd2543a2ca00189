"""Brevo's inbound parsing: mails taken apart, several in a post, their files to be fetched by a token each.

https://developers.brevo.com/docs/inbound-parse-webhooks
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from channels.batches import without_doubles
from channels.events import ChannelEvent, Quarantined
from channels.http import Headers, HttpRequest
from channels.json_fields import Object, Unreadable, list_in, number_in, object_in, required_id, text_in
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.charsets import storable
from channels.mail.header_lists import first_of, pairs_of
from channels.mail.parsed import File, fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.trust import Authentication
from channels.operations import Dialogue
from channels.outbound import Refused
from channels.refusals import Problem, refused

API = "https://api.brevo.com/v3"
FETCHED = "attachment:"
MOST_BYTES = 25 * 1024 * 1024
MOST_FILES = 100
#: Mails of a post that are read: each is taken apart, which costs as much as a whole post elsewhere.
MOST_MAILS = 50
UNREACHABLE = Problem("The mail's files could not be fetched from Brevo; it will be tried again.", retryable=True)
NO_ACCESS = Problem("Brevo rejected the connection's API key; an administrator has to act.")


def items_of(post: Object) -> list[Object]:
    """Return the mails of a post."""
    return [item for item in list_in(post, "items") if isinstance(item, dict)]


def inbound(provider: str, post: Object, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read each mail for itself, doubles removed; one that has no id, or comes after too many, is quarantined."""
    found: list[ChannelEvent] = []
    items = list_in(post, "items")
    for item in items[:MOST_MAILS]:
        try:
            found += _mail(provider, item if isinstance(item, dict) else {}, context)
        except Unreadable as error:
            found.append(Quarantined(reason="mail_unreadable", detail=str(error)))
    beyond = Quarantined(reason="mail_unreadable", detail=f"no more than {MOST_MAILS} mails of a post are read")
    found += [beyond] * len(items[MOST_MAILS:])
    return without_doubles(found)


def _mail(provider: str, item: Object, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read one mail, which may be a report about several of ours.

    The header is an object, in which the order of fields is lost: who wrote an Authentication-Results can't be told
    any more, so that none is believed.

    Raises:
        Unreadable: it has no id.
    """
    headers, envelope = object_in(item, "Headers"), _envelope(object_in(item, "Headers"))
    fields = fields_of(pairs_of(headers), _defaults(item))
    html = text_in(item, "RawHtmlBody")
    letter = parsed_letter(
        fields, text=text_in(item, "RawTextBody"), html=html, files=list(_files(item, html, context.get("fetched")))
    )
    arrival = Arrival(
        provider=provider,
        external_id=storable(_id(item)),
        envelope=envelope,
        settings=Settings.of(context),
        address=next((box.address for box in letter.to), None),
        reply_hint=text_in(item, "ExtractedMarkdownMessage"),
        authentication=Authentication(),
        spam=_spam(item),
    )
    return events(letter, arrival)


def fetch_files(post: Object, api_key: str) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch the files of a post's mails, as long as they are few and small enough to hold.

    A file that Brevo does not have any more is left out: the mail then says where it was.
    """
    wanted = dict.fromkeys(token for item in items_of(post) for file in _attached(item) if (token := _token(file)))
    if len(wanted) > MOST_FILES or _announced_size(post) > MOST_BYTES:
        return {}
    found: dict[str, bytes] = {}
    for token in wanted:
        headers = Headers.of({"api-key": api_key})
        answer = yield HttpRequest("GET", API + _place(token), headers)
        if answer.status in (401, 403):
            return refused(answer, None, NO_ACCESS)
        if answer.status == 429 or answer.status >= 500:
            return refused(answer, None, UNREACHABLE)
        if answer.status == 200 and sum(map(len, found.values())) + len(answer.body) <= MOST_BYTES:
            found[FETCHED + token] = answer.body
    return found


def _id(item: Object) -> str:
    listed = next((one for one in list_in(item, "Uuid") if isinstance(one, str) and one), None)
    return listed if listed is not None else required_id(item, "Uuid")


def _defaults(item: Object) -> dict[str, str]:
    """Return what stands beside the header, for a header that lacks it."""
    return {
        "from": _written(object_in(item, "From")),
        "to": ", ".join(_listed(item, "To")),
        "cc": ", ".join(_listed(item, "Cc")),
        "reply-to": _written(object_in(item, "ReplyTo")),
        "subject": text_in(item, "Subject") or "",
        "date": text_in(item, "SentAtDate") or "",
        "message-id": text_in(item, "MessageId") or "",
        "in-reply-to": text_in(item, "InReplyTo") or "",
    }


def _listed(item: Object, name: str) -> Iterator[str]:
    return (written for one in list_in(item, name) if isinstance(one, dict) and (written := _written(one)))


def _written(party: Object) -> str:
    address, name = text_in(party, "Address"), (text_in(party, "Name") or "").replace("\\", "").replace('"', "")
    if address is None:
        return ""
    return f'"{name}" <{address}>' if name else address


def _envelope(headers: Object) -> Envelope:
    """Return the envelope, as far as servers noted it in the header; they may have percent-encoded it."""
    path, delivered = first_of(headers, "return-path"), first_of(headers, "delivered-to")
    sender = unquote(path or "").strip().strip("<>").strip()
    recipient = unquote(delivered or "").strip().strip("<>").strip()
    return Envelope(
        storable(sender) or None, (storable(recipient),) if recipient else (), sender == "" and path == "<>"
    )


def _files(item: Object, html: str | None, fetched: object) -> Iterator[File]:
    contents: Mapping[str, object] = fetched if isinstance(fetched, Mapping) else {}
    for one in _attached(item):
        token, named = _token(one), (text_in(one, "ContentID") or "").strip("<>")
        content = contents.get(f"{FETCHED}{token}")
        yield File(
            content=content if isinstance(content, bytes) else None,
            type=text_in(one, "ContentType") or "",
            name=text_in(one, "Name") or "",
            content_id=named or None,
            inline=bool(named) and f"cid:{named}" in (html or ""),
            url=f"GET {_place(token)}" if token else None,
            size=_size(one),
        )


def _attached(item: Object) -> list[Object]:
    return [one for one in list_in(item, "Attachments") if isinstance(one, dict)]


def _token(attached: Object) -> str | None:
    """Return what a file is fetched by; none that would lead to another place."""
    token = storable(text_in(attached, "DownloadToken") or "")
    return None if token in {"", ".", ".."} else token


def _place(token: str) -> str:
    return f"/inbound/attachments/{quote(token, safe='')}"


def _size(attached: Object) -> int | None:
    size = number_in(attached, "ContentLength")
    return int(size) if size is not None and 0 <= size < 2**53 else None


def _announced_size(post: Object) -> int:
    return sum(_size(file) or 0 for item in items_of(post) for file in _attached(item))


def _spam(item: Object) -> dict[str, Any] | None:
    score = number_in(item, "SpamScore")
    return None if score is None else {"score": score, "flag": None}
