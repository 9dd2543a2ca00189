"""Checks that say before sending what WhatsApp would refuse, in words for whoever wrote the message.

Limits: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
Lengths are in characters.
"""

from channels.errors import CannotSend

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_BODY = 1024
LONGEST_HEADER = 60
LONGEST_FOOTER = 60


def required(text: str | None, what: str, longest: int) -> str:
    """Return a text that has to be there.

    Raises:
        CannotSend: when it is missing, blank, or too long.
    """
    if not text or not text.strip():
        raise CannotSend("text_missing", f"{what} is missing")
    return bounded(text, what, longest)


def bounded(text: str, what: str, longest: int) -> str:
    """Return a text that is not too long.

    Raises:
        CannotSend: when it is.
    """
    if len(text) > longest:
        raise CannotSend("text_too_long", f"{what} has {len(text)} characters, WhatsApp takes {longest} at most")
    return text


def web_address(url: str, what: str) -> str:
    """Return a URL that WhatsApp can open.

    Raises:
        CannotSend: when it is no http or https URL.
    """
    if not url.lower().startswith(("https://", "http://")) or any(mark.isspace() for mark in url):
        raise CannotSend("link_unusable", f"{what} has to be a URL that starts with https://")
    return url
