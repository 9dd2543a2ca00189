"""Asks for known vulnerabilities of every locked package: ``make audit``.

The Open Source Vulnerabilities database knows those of both registries (https://google.github.io/osv.dev/api/). There
are no exceptions: one advisory for one locked version fails, and so does a database that can't be asked.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from scripts.locked import Package, packages

DATABASE = "https://api.osv.dev"
#: The database takes a thousand questions at once.
MOST = 500
SECONDS = 60
CLEAN, VULNERABLE, NOT_ASKED = 0, 1, 2


class NotAnswered(Exception):
    """The database can't be asked, or answers what is no answer; nothing is known then."""


async def advisories(locked: Sequence[Package], database: str) -> dict[str, list[str]]:
    """Return the ids of the advisories for each package that has some, by its package URL.

    Raises:
        NotAnswered: when not every question was answered.
    """
    found: dict[str, list[str]] = {}
    async with ClientSession(timeout=ClientTimeout(total=SECONDS), trust_env=True) as session:
        for start in range(0, len(locked), MOST):
            asked: list[dict[str, Any]] = [{"package": {"purl": one.url}} for one in locked[start : start + MOST]]
            while asked:
                results = await _ask(session, f"{database}/v1/querybatch", asked)
                further = []
                for question, result in zip(asked, results, strict=True):
                    ids = [one["id"] for one in result.get("vulns", [])]
                    if ids:
                        found.setdefault(question["package"]["purl"], []).extend(ids)
                    if token := result.get("next_page_token"):
                        further.append({**question, "page_token": token})
                asked = further
    return found


async def _ask(session: ClientSession, url: str, asked: Sequence[Any]) -> Sequence[dict[str, Any]]:
    try:
        async with session.post(url, json={"queries": asked}) as answer:
            if answer.status != 200:
                raise NotAnswered(f"it answers with status {answer.status}")
            results = (await answer.json())["results"]
    except (ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        raise NotAnswered(str(error) or type(error).__name__) from None
    if len(results) != len(asked):
        raise NotAnswered(f"it answers {len(results)} of {len(asked)} questions")
    return [result or {} for result in results]


def told(locked: Sequence[Package], database: str) -> tuple[int, Iterator[str]]:
    """Return how the process ends, and what it says."""
    try:
        found = asyncio.run(advisories(locked, database))
    except NotAnswered as error:
        words = f"audit: {database} can't be asked ({error}); nothing is known about {len(locked)} packages"
        return NOT_ASKED, iter([words])
    if found:
        return VULNERABLE, (f"audit: {url} has {', '.join(sorted(ids))}" for url, ids in sorted(found.items()))
    return CLEAN, iter([f"audit: no advisory for any of {len(locked)} packages"])


def main() -> int:
    """Ask; returns how the process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default=DATABASE, help="a mirror of the database")
    status, words = told(packages(), parser.parse_args().database.rstrip("/"))
    for line in words:
        (sys.stderr if status else sys.stdout).write(f"{line}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
