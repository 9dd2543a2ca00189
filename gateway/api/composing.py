"""A message as an agent asks for it, checked against what its channel can do, and made ready to be stored."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import Field

from channels.adapter import Adapter
from channels.errors import CannotSend
from channels.events import Media
from channels.outbound import OutboundMessage
from gateway.keys import Keyring
from gateway.model.fields import FileId, MessageId
from gateway.model.ids import parse
from gateway.model.provider import hook_url
from gateway.model.sending import (
    OBSTACLES,
    PER_SECOND,
    Content,
    Line,
    Lines,
    Obstacle,
    Part,
    Quoted,
    intro_of,
    mail_html,
    reference_of,
)
from gateway.openapi import BodyModel
from gateway.problems import (
    ConnectionDisabled,
    CustomerBlocked,
    Fault,
    Invalid,
    OptedOut,
    Refusal,
    WindowClosed,
)
from gateway.store import sending, targets
from gateway.store.pool import TenantTx

PREVIEW_LENGTH, PREVIEW_SOURCE = 140, 400
#: More of an earlier mail is not sent back to who knows it.
LONGEST_QUOTE = 50_000
PLACE = re.compile(r"\{\{\s*([\w.-]{1,100})\s*\}\}")
ALREADY_REPLY = re.compile(r"\s*re\s*:", re.IGNORECASE)
#: Stands for files when it is tried whether a message can be built.
SOME_LINK = "https://gateway.invalid/file"
SOME_ID = "1"

REFUSALS: Mapping[Obstacle, type[Refusal]] = {
    "connection_disabled": ConnectionDisabled,
    "customer_blocked": CustomerBlocked,
    "opted_out": OptedOut,
    "window_closed": WindowClosed,
}
#: What a message is called that is neither a text nor a file.
KINDS = {"buttons": "interactive", "list": "interactive"}


class Quote(Part):
    """An earlier mail of the conversation, to stand below the answer."""

    message_id: MessageId
    intro: Line | None = Field(
        default=None, description="The line above it; without one, who wrote it and when, in English and UTC."
    )


class MessageBody(Content, BodyModel):
    """A message to a customer: a text, files, or one of template, buttons, list, location, contacts, reaction."""

    text: Lines | None = None
    attachments: list[FileId] = Field(default=[], max_length=50, description="Uploaded files.")
    reply_to_id: MessageId | None = Field(
        default=None, description="The message that is quoted, or reacted to. A mail answers the latest one anyway."
    )
    subject: Line | None = Field(default=None, description="Mail; without one, that of the conversation.")
    quote: Quote | None = Field(default=None, description="Mail: what is quoted below the text.")


@dataclass(frozen=True, slots=True)
class Composer:
    """What it takes to compose a message.

    Attributes:
        keyring: opens credentials, to try whether the provider has such a message.
        public_url: the base URL of this gateway.
        new_id: makes an id of now.
    """

    keyring: Keyring
    public_url: str
    new_id: Callable[[], UUID]

    async def compose(
        self, tx: TenantTx, to: targets.Target, body: MessageBody, author_id: UUID | None, moment: datetime
    ) -> sending.NewMessage:
        """Return a message that can be stored.

        Args:
            tx: in which the conversation is locked.
            to: where it goes.
            body: what is asked for.
            author_id: the member who asks; None for an API key.
            moment: now.

        Raises:
            Refusal: when it can't be sent, or not now.
        """
        require_open(to, moment, template=body.template is not None)
        adapter = to.adapter
        if adapter is None or to.recipient is None:
            raise Invalid("the customer has no address that can be written to on this channel")
        medium = _medium(adapter, to.kind, body)
        require_able(adapter, medium, body)
        quoted = await self._quoted(tx, to, adapter, body)
        above = body.upload_above
        uploaded = await _uploaded(tx, body.attachments if above is None else [above], _place_of(body))
        files = [*(self._upload(one, medium) for one in uploaded), *(self._link(one) for one in body.links)]
        _require_files(adapter, medium, files, len(uploaded), _place_of(body))
        content = _content(body)
        text = await _shown_text(tx, to, body)
        message_id = self.new_id()
        reference = reference_of(message_id, 1, to.kind, to.address, to.settings)
        subject = (body.subject or _reply_subject(to.subject)) if medium == "email" else None
        in_reply_to = None if quoted is None else quoted.message_id if medium == "email" else quoted.external_id
        html = mail_html(body.text) if medium == "email" and body.text is not None else None
        history = await _history(tx, to, body)
        whole = text if history is None else history.below(text)
        if history is not None:
            html = (html or "") + history.as_html()
        media = [_imagined(adapter, medium, file) for file in files]
        await self._try(
            to, adapter, tx.tenant_id,
            OutboundMessage(
                reference=reference, sender=to.address, recipient=to.recipient,
                text=body.text if history is None else whole,
                media=[] if above else media, content=content.outbound(media),
                in_reply_to=in_reply_to, channel=medium, subject=subject, cc=body.cc, bcc=body.bcc, html=html,
                sent_at=moment,
                callback_url=hook_url(self.public_url, "int"), settings=to.settings,
            ),
        )  # fmt: skip
        return sending.NewMessage(
            id=message_id,
            medium=medium,
            kind=_kind(body, files),
            text=whole,
            preview=" ".join((text or "")[:PREVIEW_SOURCE].split())[:PREVIEW_LENGTH],
            parts=_parts(body),
            recipient=to.recipient,
            in_reply_to=in_reply_to,
            subject=subject,
            mail=_mail(reference, text, html, body.cc) if medium == "email" else None,
            extra=_extra(content),
            html=html,
            author_id=author_id,
            moment=moment,
            reference=reference,
            content=content.kept(),
            per_second=PER_SECOND[to.kind],
            files=files,
        )

    async def _quoted(
        self, tx: TenantTx, to: targets.Target, adapter: Adapter, body: MessageBody
    ) -> targets.QuotedMessage | None:
        """Return the message that is answered; by mail, the latest one if none is named."""
        if body.reply_to_id is None:
            return targets.QuotedMessage(None, to.last_message_id) if to.kind == "email" else None
        found = await targets.quoted(tx, parse("msg", body.reply_to_id), to.conversation_id)
        if found is None:
            raise _invalid("/reply_to_id", "there is no such message in this conversation")
        if not (adapter.capabilities.quotes or body.reaction is not None):
            raise _invalid("/reply_to_id", "this provider can't quote messages")
        if (found.message_id if to.kind == "email" else found.external_id) is None:
            raise _invalid("/reply_to_id", "the provider doesn't know this message (yet), so it can't be answered")
        return found

    def _upload(self, file: targets.OwnFile, medium: str) -> sending.NewFile:
        return sending.NewFile(
            id=self.new_id(), type="file" if medium == "email" else media_kind(file.mime_type), url=None,
            file_id=file.id, filename=file.filename, mime_type=file.mime_type, size_bytes=file.size_bytes,
            width=file.width, height=file.height, duration_ms=file.duration_ms, sha256=file.sha256,
        )  # fmt: skip

    def _link(self, file: Any) -> sending.NewFile:
        return sending.NewFile(
            id=self.new_id(), type=file.type, url=file.url, file_id=None, filename=file.filename, mime_type=None,
            size_bytes=None, width=None, height=None, duration_ms=None, sha256=None,
        )  # fmt: skip

    async def _try(self, to: targets.Target, adapter: Adapter, tenant_id: UUID, message: OutboundMessage) -> None:
        """Build the request that would send a message, and forget it: what no provider takes is never queued."""
        try:
            adapter.build(message, await to.credentials(self.keyring, tenant_id))
        except CannotSend as error:
            raise Invalid(f"this can't be sent: {error.detail}", [Fault("body", "", error.detail)]) from None


def require_open(to: targets.Target, moment: datetime, *, template: bool) -> None:
    """Check that something may be sent there now.

    Raises:
        Refusal: saying why not.
    """
    found = targets.obstacle(to, moment, template=template)
    if found is not None:
        raise REFUSALS[found](OBSTACLES[found])


def require_able(adapter: Adapter, medium: str, body: MessageBody) -> None:
    """Check a message against what a provider says of itself.

    Raises:
        Invalid: naming each value that is in the way.
    """
    able = adapter.capabilities
    faults: list[Fault] = []

    def unless(fine: bool, pointer: str, detail: str) -> None:
        if not fine:
            faults.append(Fault("body", pointer, detail))

    names = body.names
    unless(len(names) <= 1, f"/{names[-1]}" if names else "", f"one message can't be {' and '.join(names)}")
    unless(bool(names or body.text or body.attachments or body.links), "/text", "write a text, or add a file")
    unless(able.templates or body.template is None, "/template", "this provider has no templates")
    for name in ("buttons", "list"):
        unless(able.interactive or name not in names, f"/{name}", "this provider has no buttons and lists")
        unless(name not in names or body.text is not None, "/text", f"{name} stand below a text")
    unless(able.reactions or body.reaction is None, "/reaction", "this provider has no reactions")
    unless(body.reaction is None or body.reply_to_id is not None, "/reply_to_id", "name the message to react to")
    if set(names) & {"template", "location", "contacts", "reaction"}:
        unless(body.text is None, "/text", f"a {names[0]} has no text beside it")
    if names:
        unless(not body.attachments, "/attachments", f"a {names[0]} has no files beside it")
        unless(not body.links, "/links", f"a {names[0]} has no files beside it")
    longest = able.longest_text.get(medium)
    if longest is not None and body.text is not None:
        unless(len(body.text) <= longest, "/text", f"the text has {len(body.text)} characters; {longest} are possible")
    unless(medium == "email" or body.subject is None, "/subject", "only a mail has a subject")
    unless(medium == "email" or not body.cc, "/cc", "only a mail has copies")
    unless(medium == "email" or not body.bcc, "/bcc", "only a mail has copies")
    unless(medium == "email" or body.quote is None, "/quote", "only a mail holds what it answers")
    unless(medium != "email" or not body.links, "/links", "a mail takes no files by link; upload them")
    if faults:
        raise Invalid("this can't be sent", faults)


def media_kind(mime_type: str) -> str:
    """Return the kind of a file, as providers tell them apart."""
    main = mime_type.partition("/")[0]
    return main if main in {"image", "audio", "video"} else "document"


def _medium(adapter: Adapter, kind: str, body: MessageBody) -> str:
    """Return what it is sent as: with files, a text message is an MMS."""
    has_files = bool(body.attachments or body.links)
    return "mms" if kind == "sms" and has_files and "mms" in adapter.capabilities.channels else kind


def _place_of(body: MessageBody) -> str:
    """Return where a body names uploaded files, as a JSON pointer with a place for their number."""
    return "/attachments/{}" if body.upload_above is None else "/template/header/upload"


async def _uploaded(tx: TenantTx, ids: Sequence[str], pointer: str) -> Sequence[targets.OwnFile]:
    keys = [parse("file", one) for one in ids]
    found = await targets.files(tx, keys)
    missing = [place for place, key in enumerate(keys) if key not in found]
    if missing:
        faults = [Fault("body", pointer.format(place), "there is no such file") for place in missing]
        raise Invalid("some files are not there (any more)", faults)
    return [found[key] for key in keys]


def _require_files(
    adapter: Adapter, medium: str, files: Sequence[sending.NewFile], uploaded: int, pointer: str
) -> None:
    able = adapter.capabilities
    faults = [
        Fault("body", _pointer(place, uploaded, pointer), f"this provider sends no files of the kind {file.type}")
        for place, file in enumerate(files)
        if file.type not in able.media
    ]
    if len(files) > able.most_files:
        detail = f"a message has {able.most_files} files at most here"
        faults.append(Fault("body", "/attachments" if uploaded else "/links", detail))
    if faults:
        raise Invalid(f"these files can't be sent as {medium}", faults)


def _pointer(place: int, uploaded: int, pointer: str) -> str:
    return pointer.format(place) if place < uploaded else f"/links/{place - uploaded}"


def _content(body: MessageBody) -> Content:
    return Content.model_validate_json(body.model_dump_json(by_alias=True, include=set(Content.model_fields)))


def _imagined(adapter: Adapter, medium: str, file: sending.NewFile) -> Media:
    """Return a file as it will be when it is sent, but for its bytes."""
    found = Media(type=file.type, mime_type=file.mime_type, filename=file.filename, size=file.size_bytes, url=file.url)
    if file.file_id is None:
        return found
    if medium == "email":
        return Media(type=file.type, mime_type=file.mime_type, filename=file.filename, content=b"1", size=1)
    if adapter.operations.upload is not None:
        return Media(type=file.type, mime_type=file.mime_type, filename=file.filename, size=file.size_bytes, id=SOME_ID)
    return Media(type=file.type, mime_type=file.mime_type, filename=file.filename, size=file.size_bytes, url=SOME_LINK)


async def _shown_text(tx: TenantTx, to: targets.Target, body: MessageBody) -> str | None:
    """Return what the thread shows: of a template its text, filled in, if the provider has listed it."""
    if body.reaction is not None:
        return body.reaction.emoji
    if body.template is None:
        return body.text
    listed = await targets.template(tx, to.integration_id, body.template.name, body.template.language)
    if listed is None:
        return None
    status, text = listed
    if status != "approved":
        raise _invalid("/template/name", f"the provider has not approved this template; it says: {status}")
    return text and _filled(text, body)


async def _history(tx: TenantTx, to: targets.Target, body: MessageBody) -> Quoted | None:
    """Return what stands below a mail."""
    if body.quote is None:
        return None
    found = await targets.earlier_mail(tx, parse("msg", body.quote.message_id), to.conversation_id)
    if found is None:
        raise _invalid("/quote/message_id", "there is no such mail in this conversation")
    intro = body.quote.intro or intro_of(found.name, found.address, found.occurred_at)
    return Quoted(intro, found.text[:LONGEST_QUOTE])


def _filled(text: str, body: MessageBody) -> str:
    parameters = body.template.body if body.template else []
    values = {str(place): one.text for place, one in enumerate(parameters, 1) if one.name is None}
    values |= {one.name: one.text for one in parameters if one.name is not None}
    return PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _kind(body: MessageBody, files: Sequence[sending.NewFile]) -> str:
    if body.names:
        return KINDS.get(body.names[0], body.names[0])
    return files[0].type if files and not body.text else "text"


def _parts(body: MessageBody) -> str | None:
    """Return places and contact cards as attachments are shown."""
    if body.location is not None:
        place = body.location
        return _json([
            {"id": None, "type": "location", "state": None, "latitude": place.latitude, "longitude": place.longitude,
             "name": place.name, "address": place.address, "url": None}
        ])  # fmt: skip
    if body.contacts is not None:
        return _json([
            {"id": None, "type": "contact", "state": None, "name": card.name, "phones": card.phones,
             "emails": card.emails}
            for card in body.contacts
        ])  # fmt: skip
    return None


def _extra(content: Content) -> str:
    """Return what the thread shows of a template or of buttons beside the text, and who got a blind copy."""
    shown = content.model_dump(by_alias=True, exclude_none=True, include={"template", "buttons", "choice_list"})
    return _json(shown | ({"bcc": content.bcc} if content.bcc else {}))


def _mail(reference: str, text: str | None, html: str | None, cc: Sequence[str]) -> str:
    copies = [{"name": None, "address": one} for one in cc]
    return _json({"cc": copies, "message_id": reference, "reply_text": text, "has_html": html is not None})


def _reply_subject(subject: str | None) -> str | None:
    if not subject:
        return None
    return subject if ALREADY_REPLY.match(subject) else f"Re: {subject}"


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid("this can't be sent", [Fault("body", pointer, detail)])


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
