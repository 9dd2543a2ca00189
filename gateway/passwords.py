"""Passwords: hashed with argon2id, checked by few threads at a time.

One check takes about 80 ms of a core and 64 MiB, on purpose. Unbounded, logins would starve everything else.
"""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.problems import Overloaded

Result = TypeVar("Result")

#: What everybody's hash costs: the parameters that the library recommends (RFC 9106, the second choice).
HASHER = PasswordHasher()
CHECKS_AT_ONCE = 2
CHECKS_WAITING = 32


def hash_password(password: str) -> str:
    """Return what is stored of a password; takes about 80 ms."""
    return HASHER.hash(password)


def nobodys_hash() -> str:
    """Return what could be stored of some password, of no known one: to check against it costs what any check costs.

    The form is that of the reference implementation of argon2, base64 without padding.
    """
    like = HASHER
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (like.salt_len, like.hash_len)
    )
    return f"$argon2id$v=19$m={like.memory_cost},t={like.time_cost},p={like.parallelism}${salt}${digest}"


class PasswordChecker:
    """Checks passwords off the event loop.

    Args:
        at_once: checks that run at a time.
        waiting: checks that may wait; more are refused.
    """

    def __init__(self, at_once: int = CHECKS_AT_ONCE, waiting: int = CHECKS_WAITING) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._room = at_once + waiting
        # Checked when there is no such person, so that the answer takes as long.
        self._nobodys_hash = nobodys_hash()

    async def matches(self, password: str, stored: str | None) -> bool:
        """Say whether a password is the one that was stored; always False, at the same cost, for None.

        Raises:
            Overloaded: when too many checks wait.
        """
        return await self._run(partial(self._check, password, stored))

    async def hashed(self, password: str) -> str:
        """Return what is to be stored of a password.

        Raises:
            Overloaded: when too many checks wait.
        """
        return await self._run(partial(hash_password, password))

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._room <= 0:
            raise Overloaded("too many people log in at this moment")
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._room += 1

    def _check(self, password: str, stored: str | None) -> bool:
        try:
            HASHER.verify(stored or self._nobodys_hash, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None
