"""Stand-ins for ids that others made, for those who may not read what is in them."""

from collections.abc import Callable
from uuid import UUID

from gateway.keys.keyring import Keyring

PURPOSE = "stand-in for an id"
LENGTH = 32


def stand_ins(keyring: Keyring, tenant_id: UUID) -> Callable[[str], str]:
    """Return what makes a tenant's stand-ins: the same for the same id, until the master key is another.

    They are proofs under the master key, so that nobody without it can try out which number an id was made of.
    """

    def stand_in(value: str) -> str:
        return keyring.mac(PURPOSE, tenant_id.bytes + value.encode("utf-8", "replace"))[:LENGTH]

    return stand_in
