"""Messages on their way out: the request that sends one.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from channels.callback_urls import tagged
from channels.errors import CannotSend
from channels.http import HttpRequest
from channels.outbound import OutboundMessage, Template
from channels.phone_addresses import is_user_id
from channels.twilio.access import Access
from channels.twilio.templates import template_fields

API = "https://api.twilio.com/2010-04-01/Accounts"
LONGEST_TEXT = 1600
MOST_FILES = {"whatsapp": 1}
MOST_FILES_ELSEWHERE = 10

#: A Messaging Service, which picks one of its numbers by itself.
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]+")

#: The query fields of a status callback that bring back our own id, and the Messaging Service that was written from:
#: a status names the number that it picked.
REFERENCE = "reference"
SERVICE = "service"


def build_message(message: OutboundMessage, access: Access) -> HttpRequest:
    """Make the request that sends a text, files by link, both, or a template.

    Twilio can't quote WhatsApp messages, so that ``in_reply_to`` is left out.

    Raises:
        CannotSend: when Twilio has no such message.
    """
    url = f"{API}/{quote(access.account_sid, safe='', errors='replace')}/Messages.json"
    return access.post_form(url, _fields(message))


def _fields(message: OutboundMessage) -> Iterator[tuple[str, str]]:
    service = message.sender if SERVICE_SID.fullmatch(message.sender) else None
    prefix = "whatsapp:" if message.channel == "whatsapp" or is_user_id(message.recipient) else ""
    yield "To", prefix + message.recipient
    if service:
        yield "MessagingServiceSid", service
    else:
        yield "From", prefix + message.sender
    if isinstance(message.content, Template):
        if message.media:
            raise CannotSend("files_unsupported", "a template takes no files beside it; send them on their own")
        yield from template_fields(message.content)
    elif message.content is not None:
        raise CannotSend("content_unsupported", "Twilio sends this kind of message from a template only")
    else:
        yield from _written(message)
    if message.callback_url:
        yield "StatusCallback", tagged(message.callback_url, **{REFERENCE: message.reference, SERVICE: service})


def _written(message: OutboundMessage) -> Iterator[tuple[str, str]]:
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if message.text:
        if len(message.text) > LONGEST_TEXT:
            raise CannotSend("text_too_long", f"a text has {LONGEST_TEXT} characters at most")
        yield "Body", message.text
    most = MOST_FILES.get(message.channel or "", MOST_FILES_ELSEWHERE)
    if len(message.media) > most:
        raise CannotSend("too_many_files", f"a message holds {most} files at most here")
    for file in message.media:
        if not file.url:
            raise CannotSend("file_unusable", "Twilio needs a link to the file")
        yield "MediaUrl", file.url
