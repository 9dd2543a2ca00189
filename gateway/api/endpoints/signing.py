"""What an endpoint's deliveries are signed with: made, replaced with an overlap, and shown without its values.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channels.standard_webhooks import key_of
from gateway.model.endpoint_secrets import EndpointSecrets, Secret
from gateway.model.log import iso

SECRET_BYTES = 32
#: Live ones; each costs every delivery a signature.
MOST_SECRETS = 5
V1A = "v1a"


def new_secret(key: str, given: str | None, random: Callable[[int], bytes], now: datetime) -> Secret:
    """Make a secret.

    Args:
        key: its id.
        given: what somebody entered; None: it is made up.
        random: makes that many random bytes.
        now: the time.
    """
    content = random(SECRET_BYTES) if given is None else key_of(given.encode())
    return Secret(id=key, value=f"whsec_{_base64(content)}", created_at=now)


def new_key(key: str, random: Callable[[int], bytes], now: datetime) -> Secret:
    """Make a private key: its seed (RFC 8032 section 5.1.5) and its public key behind it, as libsodium writes them."""
    seed = random(SECRET_BYTES)
    return Secret(id=key, value=f"whsk_{_base64(seed + _public(seed))}", created_at=now)


def public_key_of(secrets: EndpointSecrets) -> str | None:
    """Return what signatures of the newest private key are verified with."""
    if not secrets.keys:
        return None
    seed = base64.b64decode(secrets.keys[0].value.removeprefix("whsk_"))[:SECRET_BYTES]
    return f"whpk_{_base64(_public(seed))}"


def replaced(former: Sequence[Secret], new: Secret, now: datetime, overlap: timedelta) -> list[Secret]:
    """Return secrets with a new one in front; those before it end with the overlap, if they don't end earlier."""
    end = now + overlap
    kept = [one for one in former if one.alive(now)] if overlap else []
    return [new, *(one.model_copy(update={"expires_at": min(one.expires_at or end, end)}) for one in kept)]


def shown_of(secrets: Sequence[Secret]) -> Sequence[Mapping[str, str | None]]:
    """Return what may be shown of secrets."""
    return [
        {
            "id": one.id,
            "created_at": iso(one.created_at),
            "expires_at": iso(one.expires_at) if one.expires_at else None,
        }
        for one in secrets
    ]


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
