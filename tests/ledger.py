"""Raw webhooks as they came in: the ledger holds them sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.keys import Keyring, WrappedKey
from gateway.store.raw_webhooks import RawWebhook
from tests.conftest import Database

RAW = """
SELECT w.tenant_id, w.id, w.url, w.body, w.key_id, k.wrapped_key, k.master_key_id
FROM inbound_webhooks w LEFT JOIN encryption_keys k ON k.tenant_id = w.tenant_id AND k.id = w.key_id
ORDER BY w.received_at, w.id
"""


@dataclass(frozen=True)
class Raw:
    """A request as it was posted."""

    tenant_id: UUID
    url: str
    body: bytes


async def raw_webhooks(database: Database, master_key: str) -> Sequence[Raw]:
    """Return all webhooks, the oldest first; none of them may be stored in clear."""
    keyring = Keyring(master_key)
    return [await opened(row, keyring) for row in await database.fetch(RAW)]


async def opened(row: Mapping[str, Any], keyring: Keyring) -> Raw:
    """Open one row of ``RAW``."""
    assert row["key_id"] is not None
    key = WrappedKey(row["wrapped_key"], row["master_key_id"])
    stored = RawWebhook(row["tenant_id"], row["id"], row["url"], row["body"], key)
    return Raw(row["tenant_id"], *await stored.opened(keyring))
