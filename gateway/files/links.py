"""Signed links: whoever has one may read one file, for a while. They name a tenant's file, and when they end."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.files.errors import LinkInvalid
from gateway.keys import Keyring

#: How long a link lasts that a person or a program asked for.
SHORT = timedelta(minutes=15)
#: How long a link lasts that a provider is given: it may be slow, and try again.
FOR_PROVIDERS = timedelta(hours=24)
PURPOSE = "media link"
CONTENT = struct.Struct(">16s16sI")
PATH = "/media/"


@dataclass(frozen=True, slots=True)
class Named:
    """What a link names."""

    tenant_id: UUID
    file_id: UUID
    until: datetime


def link_to(keyring: Keyring, tenant_id: UUID, file_id: UUID, until: datetime) -> str:
    """Return the path of a link to a file.

    Args:
        keyring: signs it, under a key of its own that is derived from the master key.
        tenant_id: whose file.
        file_id: which.
        until: when it ends.
    """
    content = CONTENT.pack(tenant_id.bytes, file_id.bytes, int(until.timestamp()))
    encoded = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    return f"{PATH}{encoded}.{keyring.mac(PURPOSE, content)}"


def read_token(keyring: Keyring, token: str, now: datetime) -> Named:
    """Return what the token of a link names. The proof is compared in constant time, before anything else is told.

    Raises:
        LinkInvalid: when it is not to be followed.
    """
    encoded, _, proof = token.partition(".")
    try:
        content = base64.b64decode(encoded.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        content = b""
    proven = keyring.proves(PURPOSE, content, proof)
    if not proven or len(content) != CONTENT.size:
        raise LinkInvalid
    tenant, file, seconds = CONTENT.unpack(content)
    until = datetime.fromtimestamp(seconds, UTC)
    if now >= until:
        raise LinkInvalid
    return Named(UUID(bytes=tenant), UUID(bytes=file), until)
