"""Envelope encryption: a master key wraps data keys, a data key seals values.

The master key comes from outside, or never leaves the service that has it (Vault). Each tenant (and each shared app,
and each second factor) has a data key, stored wrapped. Values are sealed with AES-256-GCM; what they belong to is
authenticated with them, so that a sealed value copied into another row does not open.
"""

from gateway.keys.keyring import Keyring
from gateway.keys.master import new_master_key
from gateway.keys.sealing import Sealer, credentials_of, seal, unseal
from gateway.keys.wrapped import KeyShredded, KeysUnavailable, KeyUnusable, WrappedKey

__all__ = [
    "KeyShredded",
    "KeyUnusable",
    "Keyring",
    "KeysUnavailable",
    "Sealer",
    "WrappedKey",
    "credentials_of",
    "new_master_key",
    "seal",
    "unseal",
]
