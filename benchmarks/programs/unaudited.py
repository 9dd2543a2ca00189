"""The gateway as it is, but nobody writes down who reads and changes what: what the audit is measured against."""

from aiohttp import web

from gateway.audit.access import Access
from gateway.cli.main import main
from gateway.store.pool import TenantTx


class Unaudited(Access):
    """What a request reaches, which nobody is told."""

    async def commits(self, tx: TenantTx) -> None:
        """Write nothing down."""

    async def answered(self, answer: web.StreamResponse) -> None:
        """Write nothing down."""


if __name__ == "__main__":
    Access.commits = Unaudited.commits  # type: ignore[assignment,method-assign]
    Access.answered = Unaudited.answered  # type: ignore[assignment,method-assign]
    main()
