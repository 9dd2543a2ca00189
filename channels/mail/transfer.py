"""Content-Transfer-Encoding, undone leniently: what can't be decoded stays as it is."""

import binascii

from channels.mail.words import base64_bytes


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
    out, inside = bytearray(), False
    for line in raw.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() in (b"", b"`", b"end"):
            break
        else:
            try:
                out.extend(binascii.a2b_uu(line))
            except binascii.Error:
                return raw
    return bytes(out) if inside else raw
