"""The files of a mail that is stored already: its original is read once more."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from channels.errors import PayloadMalformed
from channels.events import InboundMessage, Media
from channels.outbound import Refused
from gateway.ingest.asking import Questions
from gateway.ingest.mail import as_webhook
from gateway.ingest.routing import Directory
from gateway.ingest.view import clean
from gateway.keys import Keyring
from gateway.store.ledger import received_at
from gateway.store.pool import tenant_tx


class Rereader:
    """Reads mails anew, with what they point at fetched again.

    Args:
        pool: of the role ``app``.
        directory: finds connections.
        keyring: opens what the ledger holds.
        questions: asks providers.
    """

    def __init__(self, pool: asyncpg.Pool, directory: Directory, keyring: Keyring, questions: Questions) -> None:
        self._pool = pool
        self._directory = directory
        self._keyring = keyring
        self._questions = questions

    async def files_of(
        self, tenant_id: UUID, integration_id: UUID, moment: datetime, external_id: str
    ) -> Sequence[Media] | Refused | None:
        """Return the files of a mail, in their order, with their bytes; None when its original is no longer there.

        Args:
            tenant_id: whose mail.
            integration_id: the connection that it came in on.
            moment: when it came in.
            external_id: its own.

        Raises:
            DatabaseUnavailable: when the ledger can't be read.
            KeyUnusable: when the master key that it was sealed under is not here.
            KeysUnavailable: when the service that has it does not answer.
        """
        route = await self._directory.route_of_stored(integration_id)
        if route is None:
            return None
        async with tenant_tx(self._pool, tenant_id) as tx:
            stored = await received_at(tx, integration_id, moment)
        for one in stored:
            request = (await as_webhook(one, self._keyring)).request
            fetched = await self._questions.complete(route, request)
            if isinstance(fetched, Refused) and fetched.retryable:
                return fetched
            context = {**route.context, "fetched": {} if isinstance(fetched, Refused) else fetched}
            try:
                events = await asyncio.to_thread(route.adapter.parse, request, context)
            except PayloadMalformed:
                continue
            for event in events:
                if isinstance(event, InboundMessage) and clean(event.external_id) == external_id:
                    return [part for part in event.attachments if isinstance(part, Media)]
        return None
