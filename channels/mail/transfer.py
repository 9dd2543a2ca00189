"""Content-Transfer-Encoding, undone leniently: what can't be decoded stays as it is."""

import binascii
import re

from channels.mail.words import base64_bytes

BEGIN = re.compile(rb"(?:(?<=[\r\n])|\A)begin [^\r\n]*+(?:\r\n|[\r\n]|\Z)")
#: Bytes of a line, on average: those of a program have 62. Shorter ones were written to keep us busy.
SHORTEST_LINE = 8


def decoded(raw: bytes, encoding: str | None) -> bytes:
    """Undo a transfer encoding; an unknown one means the bytes are meant as they are."""
    match (encoding or "").strip().lower().partition(" ")[0].rstrip(";"):
        case "base64":
            return base64_bytes(raw)
        case "quoted-printable":
            return binascii.a2b_qp(raw)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _uudecoded(raw)
        case _:
            return raw


def _uudecoded(raw: bytes) -> bytes:
    begin = BEGIN.search(raw)
    if begin is None:
        return raw
    out, lines = bytearray(), raw[begin.end() :].splitlines()
    if len(lines) * SHORTEST_LINE > len(raw):
        return raw
    for line in lines:
        if line.strip() in (b"", b"`", b"end"):
            break
        try:
            out.extend(binascii.a2b_uu(line))
        except binascii.Error:
            return raw
    return bytes(out)
