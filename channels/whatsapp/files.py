"""Files on their way out: named in a message by link or id, or uploaded beforehand.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import hashlib
import re
from typing import Any

from channels.errors import CannotSend
from channels.events import Media
from channels.http import HttpRequest
from channels.mail.names import safe_name
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
    if media.url:
        source: dict[str, Any] = {"link": web_address(media.url, "the link to the file")}
    elif media.id:
        source = {"id": media.id}
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
    kind_of(media)
    if not media.content:
        raise CannotSend("file_empty", "there is no file to upload, or it is empty")
    if MIME_TYPE.fullmatch(media.mime_type or "") is None:
        raise CannotSend("file_unusable", "WhatsApp needs the file's media type, such as image/jpeg")
    name = (safe_name(media.filename or "") or UNNAMED).replace('"', "%22")  # as browsers do
    fields = (
        ('name="messaging_product"', None, b"whatsapp"),
        ('name="type"', None, (media.mime_type or "").encode()),
        (f'name="file"; filename="{name}"', media.mime_type, media.content),
    )
    boundary = _boundary(media.content)
    body = b"".join(
        b"--%b\r\ncontent-disposition: form-data; %b\r\n%b\r\n%b\r\n"
        % (boundary, about.encode("utf-8", "replace"), f"content-type: {kind}\r\n".encode() if kind else b"", content)
        for about, kind, content in fields
    )
    media_type = f"multipart/form-data; boundary={boundary.decode()}"
    return access.post_bytes(sender, "media", media_type, body + b"--%b--\r\n" % boundary)


def _boundary(content: bytes) -> bytes:
    """Return a line that the content does not hold; the same one each time, so that a request can be made again."""
    seed = content
    while True:
        seed = hashlib.sha256(seed).digest()
        boundary = b"postgate-" + seed.hex()[:40].encode()
        if boundary not in content:
            return boundary
