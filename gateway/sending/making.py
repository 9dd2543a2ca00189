"""A message as its adapter takes it, its files at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from channels.adapter import Adapter, Credentials
from channels.errors import CannotSend
from channels.events import Media
from channels.outbound import OutboundMessage, Refused
from gateway.files.errors import ContentMissing
from gateway.files.keeping import Files
from gateway.files.links import FOR_PROVIDERS
from gateway.model.ids import public
from gateway.model.provider import hook_url
from gateway.model.reply_tokens import reply_address
from gateway.model.sending import Content
from gateway.outgoing.dialogue import Send, drive
from gateway.store.claims import Job, SentFile

#: What stands in ``text`` for the thread alone: none of these is sent with words of its own.
WORDLESS = frozenset({"template", "location", "contacts", "reaction"})
GONE = "a file of this message is no longer there"


class UploadRefused(Exception):
    """The provider did not take a file."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Own:
    """What is this gateway's own: its files, and the base URL under which it is reached."""

    files: Files
    base_url: str


async def make(
    job: Job, content: Content, adapter: Adapter, tenant_id: UUID, credentials: Credentials, own: Own, send: Send,
    now: datetime,
) -> OutboundMessage:  # fmt: skip
    """Return a message for ``build``; files are uploaded first where the provider wants that.

    Args:
        job: what is to be sent.
        content: the same beside text and files.
        adapter: of the provider.
        tenant_id: whose message it is.
        credentials: of the connection.
        own: what is this gateway's own.
        send: makes a request of the connection.
        now: the time.

    Raises:
        CannotSend: when a file is gone.
        DialogueEndless: when an upload does not come to an end.
        UploadRefused: when the provider did not take a file.
        StorageUnavailable: when a file can't be read now.
    """
    to = job.target
    media = [await _media(one, job, tenant_id, adapter, credentials, own, send) for one in job.files]
    return OutboundMessage(
        reference=job.reference,
        sender=to.address,
        recipient=job.recipient,
        text=None if WORDLESS & set(content.names) else job.text,
        media=[] if content.upload_above else media,
        content=content.outbound(media),
        in_reply_to=job.in_reply_to,
        channel=job.medium,
        callback_url=hook_url(own.base_url, public("int", to.integration_id)) if adapter.posted else None,
        subject=job.subject,
        cc=content.cc,
        bcc=content.bcc,
        html=job.html,
        references=job.references,
        headers=_headers(job),
        sent_at=now,
        settings=to.settings,
    )


def _headers(job: Job) -> Mapping[str, str]:
    """Return where answers to a mail go, if its connection has addresses for that."""
    pattern = job.target.settings.get("reply_address_pattern")
    if job.medium != "email" or not isinstance(pattern, str):
        return {}
    return {"Reply-To": reply_address(pattern, job.message_id)}


async def _media(
    file: SentFile, job: Job, tenant_id: UUID, adapter: Adapter, credentials: Credentials, own: Own, send: Send
) -> Media:
    """Return a file: by link, by the provider's id of it, or with its bytes."""
    stored = file.stored
    if stored is None:
        if file.url is None:
            raise CannotSend("file_gone", GONE)
        return Media(type=file.type, url=file.url, filename=file.filename, mime_type=file.mime_type)
    named = Media(type=file.type, filename=file.filename, mime_type=stored.mime_type, size=stored.size)
    upload = adapter.operations.upload
    if job.medium != "email" and upload is None:
        path, _ = own.files.link(tenant_id, stored.id, FOR_PROVIDERS)
        return replace(named, url=own.base_url.rstrip("/") + path)
    try:
        content = b"".join([piece async for piece in own.files.read(stored, tenant_id)])
    except ContentMissing:
        raise CannotSend("file_gone", GONE) from None
    whole = replace(named, content=content)
    if job.medium == "email" or upload is None:
        return whole
    found = await drive(upload(whole, job.target.address, credentials), send)
    if isinstance(found, Refused):
        raise UploadRefused(found)
    return replace(named, id=found)
