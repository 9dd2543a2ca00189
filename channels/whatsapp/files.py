"""Files on their way out: named in a message by link or id, or uploaded beforehand.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import re
from typing import Any

from channels.errors import CannotSend
from channels.events import Media
from channels.http import HttpRequest
from channels.mail.names import safe_name
from channels.multipart import FormPart, write_multipart
from channels.whatsapp.access import Access
from channels.whatsapp.limits import LONGEST_CAPTION, bounded, web_address

#: Our kinds of media → Meta's.
KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "document",
    "file": "document",
    "sticker": "sticker",
}
WITHOUT_CAPTION = frozenset({"audio", "sticker"})

#: The largest file of each kind in bytes; a sticker that moves may have that much, another one a fifth of it.
LARGEST = {
    "image": 5 * 1024**2,
    "video": 16 * 1024**2,
    "audio": 16 * 1024**2,
    "document": 100 * 1024**2,
    "sticker": 500 * 1024,
}
#: What it takes of each kind; documents may be anything.
MIME_TYPES = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "sticker": ("image/webp",),
}
MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*", re.ASCII)
UNNAMED = "file"


def file_message(media: Media, caption: str | None) -> dict[str, Any]:
    """Return a message that is a file, with the words below it.

    Raises:
        CannotSend: when WhatsApp doesn't take such a file, or no words beside it.
    """
    kind = kind_of(media)
    source = source_of(media)
    if caption and kind in WITHOUT_CAPTION:
        raise CannotSend("caption_unsupported", f"WhatsApp takes no text beside {kind}; send it on its own")
    if caption:
        source["caption"] = bounded(caption, "the text beside a file", LONGEST_CAPTION)
    if media.type == "voice":
        source["voice"] = True  # plays like a voice note, and tells when it was played
    return {"type": kind, kind: source}


def kind_of(media: Media) -> str:
    """Return Meta's kind of a file that it would take.

    Raises:
        CannotSend: when it is of no kind that it knows, or too large.
    """
    kind = KINDS.get(media.type)
    if kind is None:
        raise CannotSend("file_unusable", f"WhatsApp knows no files of the kind {media.type!r}")
    size = len(media.content) if media.content is not None else media.size
    if size is not None and size > LARGEST[kind]:
        raise CannotSend("file_too_large", f"WhatsApp takes {LARGEST[kind]} bytes at most for {kind}, not {size}")
    return kind


def source_of(media: Media) -> dict[str, Any]:
    """Say where a file is, and what a document is called.

    Raises:
        CannotSend: when it has neither a link nor an id.
    """
    if media.id:
        source: dict[str, Any] = {"id": media.id}
    elif media.url:
        source = {"link": web_address(media.url, "the link to the file")}
    else:
        raise CannotSend("file_unusable", "WhatsApp needs a link to the file, or the file uploaded beforehand")
    if KINDS.get(media.type) == "document" and media.filename:
        source["filename"] = media.filename
    return source


def upload_request(media: Media, sender: str, access: Access) -> HttpRequest:
    """Make the request that uploads a file.

    Raises:
        CannotSend: when its bytes or its type are missing, or WhatsApp takes no such file.
    """
    kind, mime_type = kind_of(media), media.mime_type or ""
    if not media.content:
        raise CannotSend("file_empty", "there is no file to upload, or it is empty")
    if MIME_TYPE.fullmatch(mime_type) is None:
        raise CannotSend("file_unusable", "WhatsApp needs the file's media type, such as image/jpeg")
    if kind in MIME_TYPES and mime_type.partition(";")[0].lower() not in MIME_TYPES[kind]:
        raise CannotSend("file_unusable", f"WhatsApp takes {', '.join(MIME_TYPES[kind])} for {kind}, not {mime_type}")
    name = safe_name(media.filename or "") or UNNAMED
    content_type, body = write_multipart(
        [
            FormPart("messaging_product", b"whatsapp"),
            FormPart("type", mime_type.encode()),
            FormPart("file", media.content, name, mime_type),
        ]
    )
    return access.post_bytes(sender, "media", content_type, body)
