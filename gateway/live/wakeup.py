"""The payload of a wake-up, ``tenant:seq,tenant:seq``: which logs have grown, and how far. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

CHANNEL = "postgate_log"
#: With Redis the tenants are shared out to so many channels; a process hears those of the tenants that it watches.
SHARDS = 64
SHARD = "postgate:wake:"
LARGEST_PAYLOAD = 7999  # Postgres refuses 8,000 bytes and more


class WakeupMalformed(ValueError):
    """A payload that is not ours."""


def write(seqs: Mapping[UUID, int]) -> Iterator[str]:
    """Write wake-ups, in as few payloads as they fit into."""
    payload = ""
    for item in (f"{tenant}:{seq}" for tenant, seq in seqs.items()):
        if payload and len(payload) + 1 + len(item) > LARGEST_PAYLOAD:
            yield payload
            payload = ""
        payload = f"{payload},{item}" if payload else item
    if payload:
        yield payload


def read(payload: str) -> Iterable[tuple[UUID, int]]:
    """Read a payload back.

    Raises:
        WakeupMalformed: when it is not of this form.
    """
    try:
        pairs = [item.split(":") for item in payload.split(",")]
        return [(UUID(tenant), int(seq)) for tenant, seq in pairs]
    except ValueError:
        raise WakeupMalformed(payload[:100]) from None


def shard_of(tenant_id: UUID) -> str:
    """Return the channel of Redis on which a tenant's wake-ups are sent."""
    return f"{SHARD}{tenant_id.int % SHARDS}"


def by_shard(seqs: Mapping[UUID, int]) -> Iterator[tuple[str, str]]:
    """Write wake-ups for Redis, as channels and payloads."""
    shards: dict[str, dict[UUID, int]] = {}
    for tenant_id, seq in seqs.items():
        shards.setdefault(shard_of(tenant_id), {})[tenant_id] = seq
    for channel, grown in shards.items():
        for payload in write(grown):
            yield channel, payload
