"""Signed and encrypted mail, named but never checked: nothing here claims that it is genuine."""

from collections.abc import Collection
from typing import Any

from channels.mail.mime import Part, walk

PGP_ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
PGP_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
SEARCHED = 4096


TYPES = {
    "application/pkcs7-signature": "smime_signed",
    "application/x-pkcs7-signature": "smime_signed",
    "application/pgp-signature": "pgp_signed",
    "application/pgp-encrypted": "pgp_encrypted",
    "application/pkcs7-mime": "smime_encrypted",
    "application/x-pkcs7-mime": "smime_encrypted",
    "application/ms-tnef": "tnef",
    "application/vnd.ms-tnef": "tnef",
}


def crypto_label(root: Part, text: str | None) -> dict[str, Any] | None:
    """Say in which way a mail is protected; None for an ordinary one."""
    kind = next((found for part in walk(root) if (found := _of_part(part)) is not None), None)
    return _label(kind) if kind is not None else label_of((), text)


def label_of(types: Collection[str], text: str | None) -> dict[str, Any] | None:
    """Say the same by the types of the files alone, and by inline PGP in the text."""
    kind = next((found for name, found in TYPES.items() if name in types), None)
    return _label(kind or _of_text((text or "")[:SEARCHED]))


def _label(kind: str | None) -> dict[str, Any] | None:
    return None if kind is None else {"type": kind, "verified": False}


def _of_part(part: Part) -> str | None:
    match part.type:
        case "multipart/signed":
            return "pgp_signed" if "pgp" in part.content.get("protocol").lower() else "smime_signed"
        case "multipart/encrypted":
            return "pgp_encrypted"
        case "application/pkcs7-mime" | "application/x-pkcs7-mime":
            signed = part.content.get("smime-type").lower() == "signed-data"
            return "smime_signed" if signed else "smime_encrypted"
        case "application/ms-tnef" | "application/vnd.ms-tnef":
            return "tnef"
        case _:
            return None


def _of_text(text: str) -> str | None:
    if PGP_SIGNED in text:
        return "pgp_signed"
    return "pgp_encrypted" if PGP_ENCRYPTED in text else None
