"""Requests that count once: their keys, and the answers that they got."""

from gateway.store.pool import TenantTx


class KeyReused(Exception):
    """The key came with another request before."""


CLAIM = """
INSERT INTO idempotency_keys (tenant_id, caller, key, request) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
FIND = "SELECT request, answer FROM idempotency_keys WHERE tenant_id = $1 AND caller = $2 AND key = $3"


async def claim(tx: TenantTx, caller: str, key: str, request: bytes) -> str | None:
    """Take a key for a request; returns the answer, if the same request was answered before.

    Whoever comes while another transaction has the key waits for it to end: if it fails, the key is free again.

    Args:
        caller: whose key it is.
        key: as it was sent.
        request: a digest.

    Raises:
        KeyReused: when the key stands for another request.
    """
    if await tx.connection.execute(CLAIM, tx.tenant_id, caller, key, request) == "INSERT 0 1":
        return None
    row = await tx.connection.fetchrow(FIND, tx.tenant_id, caller, key)
    if row is None or row["request"] != request:
        raise KeyReused
    answer: str | None = row["answer"]
    return answer


ANSWER = "UPDATE idempotency_keys SET answer = $4 WHERE tenant_id = $1 AND caller = $2 AND key = $3"


async def answered(tx: TenantTx, caller: str, key: str, answer: str) -> None:
    """Keep the answer to a request whose key was claimed in this transaction; JSON text."""
    await tx.connection.execute(ANSWER, tx.tenant_id, caller, key, answer)
