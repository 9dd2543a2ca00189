"""Raw webhooks as the ledger keeps them: the body and the query of the URL are sealed with a data key of the tenant.

A webhook holds names, numbers and texts as its provider sent them; only the gateway reads it, to parse it again or to
show it to its tenant. Rows of versions before are in clear: they have no key.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from gateway.keys import Keyring, Sealer, WrappedKey, unseal

#: Stands in the URL instead of its query, with the query's length in bytes; the query itself stands before the body.
MARK = "?sealed="
#: What is larger is sealed and opened beside the event loop.
LARGE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sealed:
    """A webhook's URL and body as they are stored, and the data key that they are sealed with."""

    key_id: UUID
    url: str
    body: bytes


class Sealing:
    """Seals the raw webhooks of one tenant.

    Args:
        tenant_id: the tenant.
        key_id: its data key.
        key: that key, unwrapped.
    """

    __slots__ = ("_key_id", "_places", "_sealer")

    def __init__(self, tenant_id: UUID, key_id: UUID, key: bytes) -> None:
        self._key_id = key_id
        self._places = f"{tenant_id}/webhook/"
        self._sealer = Sealer(key)

    async def seal(self, webhook_id: UUID, url: str, body: bytes) -> Sealed:
        """Return what is to be stored of a webhook."""
        path, mark, query = url.partition("?")
        if mark:
            before = query.encode("utf-8", "surrogateescape")
            url, body = f"{path}{MARK}{len(before)}", before + body
        place = self._places + str(webhook_id)
        if len(body) > LARGE:
            return Sealed(self._key_id, url, await asyncio.to_thread(self._sealer.seal, body, place))
        return Sealed(self._key_id, url, self._sealer.seal(body, place))


def place_of(tenant_id: object, webhook_id: object) -> str:
    """Name what the body of a webhook is sealed for; see ``gateway.keys``."""
    return f"{tenant_id}/webhook/{webhook_id}"


@dataclass(frozen=True, slots=True)
class RawWebhook:
    """A webhook's URL and body as they are stored, with the key that opens them; None where they are in clear."""

    tenant_id: UUID
    id: UUID
    url: str
    body: bytes
    key: WrappedKey | None

    async def opened(self, keyring: Keyring) -> tuple[str, bytes]:
        """Return the URL and the body as they came in.

        Raises:
            KeyShredded: when the tenant's keys were destroyed.
            KeyUnusable: when the master key that they were sealed under is not here.
            KeysUnavailable: when the service that has it does not answer.
        """
        if self.key is None:
            return self.url, self.body
        if not self.body:  # what is sealed has bytes, even if it is nothing: it was taken away
            return self.url.partition(MARK)[0], b""
        key, place = await keyring.unwrap(self.key), place_of(self.tenant_id, self.id)
        if len(self.body) > LARGE:
            value = await asyncio.to_thread(unseal, key, self.body, place)
        else:
            value = unseal(key, self.body, place)
        path, mark, length = self.url.partition(MARK)
        if not mark:
            return self.url, value
        size = int(length)
        return f"{path}?{value[:size].decode('utf-8', 'surrogateescape')}", value[size:]
