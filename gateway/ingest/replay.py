"""Parse a stored webhook again: after a fix, or once the address it names was added."""

from uuid import UUID

import asyncpg

from channels.outbound import Refused
from gateway.ingest.asking import Questions
from gateway.ingest.mail import as_webhook
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory
from gateway.ingest.writer import Writer
from gateway.keys import Keyring
from gateway.store.ledger import load
from gateway.store.pool import tenant_tx


class Replayer:
    """Replays webhooks of any tenant; what was stored before stays as it is."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        directory: Directory,
        keyring: Keyring,
        receiver: Receiver,
        writer: Writer,
        questions: Questions,
    ) -> None:
        self._pool = pool
        self._directory = directory
        self._keyring = keyring
        self._receiver = receiver
        self._writer = writer
        self._questions = questions

    async def replay(self, tenant_id: UUID, webhook_id: UUID) -> bool:
        """Parse and store a webhook anew, with what it points at fetched again if that is still there.

        Returns after the commit, False when there is no such webhook.

        Raises:
            Overloaded: when too many webhooks wait to be stored.
            DatabaseUnavailable: when the database can't be reached.
            KeyShredded: when the tenant's keys were destroyed.
            KeyUnusable: when the master key that it was sealed under is not here.
            KeysUnavailable: when the service that has it does not answer.
        """
        async with tenant_tx(self._pool, tenant_id) as tx:
            stored = await load(tx, webhook_id)
        if stored is None:
            return False
        self._directory.forget(stored.integration_id)  # the fix may be a new address
        route = await self._directory.route(stored.integration_id)
        if route is None:
            return False
        webhook = await as_webhook(stored, self._keyring)
        fetched = await self._questions.complete(route, webhook.request)
        if isinstance(fetched, Refused):  # then it is read as far as it goes by itself
            fetched = {}
        await self._writer.store(self._receiver.parsed(webhook, route, fetched))
        return True
