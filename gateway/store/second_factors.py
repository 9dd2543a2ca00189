"""Second factors: a sealed secret, which codes are spent, and hashes of recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.keys import WrappedKey
from gateway.store.pool import TenantTx

OF = """
SELECT wrapped_key, master_key_id, secret_sealed, confirmed_at, cardinality(recovery_hashes) AS recovery_codes
FROM second_factors WHERE user_id = $1
"""
PUT = """
INSERT INTO second_factors (user_id, wrapped_key, master_key_id, secret_sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE SET wrapped_key = excluded.wrapped_key, master_key_id = excluded.master_key_id,
    secret_sealed = excluded.secret_sealed, last_step = 0, recovery_hashes = '{}'
WHERE second_factors.confirmed_at IS NULL
"""
CONFIRM = """
UPDATE second_factors SET confirmed_at = $2, recovery_hashes = $3 WHERE user_id = $1 AND confirmed_at IS NULL
"""
SPEND = "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2"
SPEND_RECOVERY = """
UPDATE second_factors SET recovery_hashes = array_remove(recovery_hashes, $2)
WHERE user_id = $1 AND confirmed_at IS NOT NULL AND $2 = ANY (recovery_hashes)
"""
NEW_RECOVERY = """
UPDATE second_factors SET recovery_hashes = $2 WHERE user_id = $1 AND confirmed_at IS NOT NULL
"""
REMOVE = "DELETE FROM second_factors WHERE user_id = $1"


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A person's second factor; it counts once it was confirmed by a code."""

    wrapped_key: bytes
    master_key_id: str
    secret_sealed: bytes
    confirmed_at: datetime | None
    recovery_codes: int

    @property
    def key(self) -> WrappedKey:
        """The key that its secret is sealed with."""
        return WrappedKey(self.wrapped_key, self.master_key_id)


async def of(tx: TenantTx, user_id: UUID) -> SecondFactor | None:
    """Return the second factor of a person of this tenant."""
    row = await tx.connection.fetchrow(OF, user_id)
    return None if row is None else SecondFactor(**row)


async def put(tx: TenantTx, user_id: UUID, key: WrappedKey, secret_sealed: bytes) -> bool:
    """Store a secret that is still to be confirmed; False when there is a confirmed one."""
    done: str = await tx.connection.execute(PUT, user_id, key.wrapped, key.master_key_id, secret_sealed)
    return done == "INSERT 0 1"


async def confirm(tx: TenantTx, user_id: UUID, recovery_hashes: Sequence[bytes], now: datetime) -> bool:
    """Let a second factor count from now on; False when it does already."""
    done: str = await tx.connection.execute(CONFIRM, user_id, now, list(recovery_hashes))
    return done == "UPDATE 1"


async def spend(tx: TenantTx, user_id: UUID, step: int) -> bool:
    """Use up the code of a step of time, and all earlier ones; False when it is spent."""
    done: str = await tx.connection.execute(SPEND, user_id, step)
    return done == "UPDATE 1"


async def spend_recovery(tx: TenantTx, user_id: UUID, code_hash: bytes) -> bool:
    """Use up a recovery code; False when it is none, or spent."""
    done: str = await tx.connection.execute(SPEND_RECOVERY, user_id, code_hash)
    return done == "UPDATE 1"


async def renew_recovery(tx: TenantTx, user_id: UUID, recovery_hashes: Sequence[bytes]) -> bool:
    """Replace all recovery codes; False when there is no second factor that counts."""
    done: str = await tx.connection.execute(NEW_RECOVERY, user_id, list(recovery_hashes))
    return done == "UPDATE 1"


async def remove(tx: TenantTx, user_id: UUID) -> None:
    """Let a person come in without a second factor."""
    await tx.connection.execute(REMOVE, user_id)


def place_of(user_id: UUID) -> str:
    """Name where a person's secret belongs, for sealing it."""
    return f"users/{user_id}/second_factor"
