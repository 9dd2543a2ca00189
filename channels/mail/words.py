"""Encoded words of RFC 2047, and header text that is sent as plain 8-bit."""

import binascii
import re
from itertools import islice

from channels.mail import limits
from channels.mail.charsets import decode, storable

WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([BbQq])\?([^?\r\n]*)\?=")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# They turn the writing direction, so that what is read is not what is there.
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NOT_BASE64 = bytes(byte for byte in range(256) if byte not in BASE64)
HEX_PAIR = re.compile(rb"=([0-9A-Fa-f]{2})")


def header_text(value: str) -> str:
    """Decode a header's text to one clean line.

    Control characters become a space: an encoded word may smuggle CR LF into a header that we
    write later. Marks of the writing direction are left out.
    """
    text = CONTROLS.sub(" ", BIDI.sub("", decode_words(value[: limits.MAX_HEADER_TEXT])))
    return storable(text.strip())[: limits.MAX_SUBJECT]


def decode_words(value: str) -> str:
    """Replace encoded words by what they say; anything else stays as it is.

    At most ``limits.MAX_ENCODED_WORDS`` are. Adjacent words of one charset are joined as bytes first, since senders cut
    characters in two.
    """
    out: list[str] = []
    pending, pending_charset, end = bytearray(), "", 0
    for word in islice(WORD.finditer(value), limits.MAX_ENCODED_WORDS):
        between = value[end : word.start()]
        charset, adjacent = word[1].lower(), bool(pending_charset) and not between.strip()
        if not adjacent or charset != pending_charset:
            out.append(decode(bytes(pending), pending_charset))
            pending.clear()
        if not adjacent:
            out.append(between)
        pending.extend(_word_bytes(word[2], word[3]))
        pending_charset, end = charset, word.end()
    out.extend((decode(bytes(pending), pending_charset), value[end:]))
    return "".join(out)


def base64_bytes(text: bytes) -> bytes:
    """Decode base64 as sent: white space, strangers and missing padding are overlooked."""
    letters = text.translate(None, NOT_BASE64)
    whole = len(letters) - (1 if len(letters) % 4 == 1 else 0)
    return binascii.a2b_base64(letters[:whole] + b"=" * (-whole % 4))


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "Bb":
        return base64_bytes(raw)
    return HEX_PAIR.sub(lambda pair: bytes([int(pair[1], 16)]), raw.replace(b"_", b" "))
