"""Mailjet's Parse API: a mail taken apart.

https://dev.mailjet.com/email/guides/parse-api/
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.events import ChannelEvent
from channels.json_fields import Object, list_in, number_in, object_in, text_in
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.charsets import storable
from channels.mail.header_lists import first_of, pairs_of
from channels.mail.parameters import parameterised
from channels.mail.parsed import File, fields_of, parsed_letter
from channels.mail.reading import events
from channels.mail.trust import Authentication
from channels.mail.words import base64_bytes

TEXT, HTML = "Text-part", "Html-part"
FILES = ("Attachment", "InlineAttachment")


def inbound(provider: str, post: Object, body: bytes, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a mail.

    Mailjet gives mails no ids: one is known by what its sender wrote, and one without a Message-ID by the whole post.
    Its header is an object, in which the order of fields is lost: who wrote an Authentication-Results can't be told
    any more, so that none is believed.
    """
    headers = object_in(post, "Headers")
    defaults = {"from": text_in(post, "From") or "", "subject": text_in(post, "Subject") or ""}
    fields = fields_of(pairs_of(headers), defaults)
    letter = parsed_letter(fields, text=text_in(post, TEXT), html=text_in(post, HTML), files=list(_files(post)))
    arrival = Arrival(
        provider=provider,
        external_id=_external_id(post, headers, body),
        envelope=_envelope(post),
        settings=Settings.of(context),
        authentication=Authentication(),
        spam=_spam(post),
        extra={"callback_data": reference} if (reference := text_in(post, "CustomID")) else {},
    )
    return events(letter, arrival)


def _external_id(post: Object, headers: Object, body: bytes) -> str:
    message_id = (first_of(headers, "message-id") or "").strip().strip("<>")
    written = first_of(headers, "from") or text_in(post, "From") or ""
    parts = (message_id, first_of(headers, "date") or "", written, text_in(post, "Recipient") or "")
    identity = storable("\n".join(parts)).encode() if message_id else body
    return f"sha256:{hashlib.sha256(identity).hexdigest()}"


def _envelope(post: Object) -> Envelope:
    recipient = text_in(post, "Recipient")
    return Envelope(text_in(post, "Sender"), (recipient,) if recipient else (), post.get("Sender") == "")


def _files(post: Object) -> Iterator[File]:
    """Give the files that the parts refer to, then those that no part refers to."""
    seen = set()
    for part in list_in(post, "Parts"):
        reference = text_in(part, "ContentRef") if isinstance(part, dict) else None
        content = text_in(post, reference) if reference is not None else None
        if reference is None or content is None or not reference.startswith(FILES) or reference in seen:
            continue
        seen.add(reference)
        yield _file(object_in(part, "Headers"), reference, content)
    for reference, content in post.items():
        if reference.startswith(FILES) and reference not in seen and isinstance(content, str):
            yield _file({}, reference, content)


def _file(headers: Object, reference: str, content: str) -> File:
    kind = first_of(headers, "content-type") or ""
    name = parameterised(first_of(headers, "content-disposition")).get("filename") or parameterised(kind).get("name")
    return File(
        content=base64_bytes(storable(content).encode()),
        type=storable(kind),
        name=name,
        content_id=(first_of(headers, "content-id") or "").strip().strip("<>").strip() or None,
        inline=reference.startswith("Inline"),
    )


def _spam(post: Object) -> dict[str, Any] | None:
    score = number_in(post, "SpamAssassinScore")
    return None if score is None else {"score": score, "flag": None}
