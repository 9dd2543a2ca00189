"""Checking passwords."""

import asyncio

import pytest
from argon2 import PasswordHasher

from gateway import passwords
from gateway.passwords import PasswordChecker, hash_password, nobodys_hash
from gateway.problems import Overloaded


@pytest.fixture(autouse=True)
def as_it_is_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have passwords cost here what they cost outside of tests."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())


async def test_only_the_right_password_matches() -> None:
    checker = PasswordChecker()
    stored = hash_password("correct horse")
    assert await checker.matches("correct horse", stored)
    assert not await checker.matches("wrong horse", stored)
    assert not await checker.matches("correct horse", "not a hash")
    assert not await checker.matches("nobody's password", None)
    checker.close()


async def test_more_checks_than_may_wait_are_refused() -> None:
    checker = PasswordChecker(at_once=1, waiting=1)
    outcomes = await asyncio.gather(*(checker.matches("x", None) for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [bool, bool, Overloaded, Overloaded]
    assert await checker.matches("x", None) is False  # there is room again
    checker.close()


async def test_the_loop_turns_while_a_password_is_checked() -> None:
    checker = PasswordChecker(at_once=1)
    check = asyncio.ensure_future(checker.matches("x", None))
    turns = 0
    while not check.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    checker.close()
    with pytest.raises(RuntimeError):
        await checker.matches("x", None)


def test_to_check_against_nobodys_costs_what_every_check_costs() -> None:
    like = PasswordHasher()
    assert not like.check_needs_rehash(nobodys_hash())
    assert len(nobodys_hash()) == len(like.hash("anything"))
    assert nobodys_hash() != nobodys_hash()
