"""The gateway as it is, but nobody notes what requests reach: what the audit is measured against."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gateway.audit.access import ACCESS, Access
from gateway.cli.main import main
from gateway.openapi import api


class Unaudited(Access):
    """What a request reaches, which nobody is told."""

    __slots__ = ()

    def __init__(self, *_request: object) -> None:
        """Note nothing."""

    def does(self, _does: object) -> None:
        """Note nothing."""

    def reaches(self, *_ids: object) -> None:
        """Note nothing."""

    def made(self, _answer: str) -> None:
        """Note nothing."""


NOBODY = Unaudited()


async def unaudited(
    request: web.Request, access: Access, work: Callable[[], Awaitable[web.StreamResponse]], **_how: Any
) -> web.StreamResponse:
    """Do what a request asks for, and nothing else."""
    request[ACCESS] = access
    return await work()


if __name__ == "__main__":
    vars(api).update(access_of=lambda *_request: NOBODY, audited=unaudited)
    main()
