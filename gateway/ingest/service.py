"""Everything that ingest is made of, put together, started and stopped in the right order."""

import random
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
from aiohttp import web

from gateway.ingest import metrics
from gateway.ingest.asking import Questions
from gateway.ingest.door import Door
from gateway.ingest.erased import Erasures
from gateway.ingest.mail import MailParser
from gateway.ingest.nonces import Nonces
from gateway.ingest.receive import Receiver
from gateway.ingest.replay import Replayer
from gateway.ingest.reread import Rereader
from gateway.ingest.routes import Hooks, add_routes
from gateway.ingest.routing import Directory
from gateway.ingest.shared import SharedReceiver
from gateway.ingest.writer import Writer
from gateway.keys import Keyring
from gateway.model.log import Entry
from gateway.outgoing.http import Calls
from gateway.selftest.probes import Probes
from gateway.selftest.refusals import Refusals
from gateway.store.pool import connect

#: Of a crowd: others have a turn in between.
ANSWERS_AT_ONCE = 4


class Ingest:
    """The ingest of one process.

    Args:
        hook_url: the database, as the role ``hook``.
        hook_pool: a few connections of that role.
        app_pool: connections of the role ``app``, to load what is replayed.
        keyring: opens the credentials.
        calls: makes requests to providers.
        announce: told the new log entries after each commit.
        echo_tenants: the tenants that somebody watches in this process.
        queue_limit: webhooks that may be here at the same time until they are stored.
        mail_stored: called when a mail waits in the ledger for being read elsewhere; None when mail is read here.
        clock: the time, in UTC.
        new_id: makes an id of a moment given in milliseconds.
    """

    def __init__(
        self,
        hook_url: str,
        hook_pool: asyncpg.Pool,
        app_pool: asyncpg.Pool,
        keyring: Keyring,
        calls: Calls,
        announce: Callable[[Sequence[Entry]], None],
        echo_tenants: Callable[[], Collection[UUID]],
        queue_limit: int,
        mail_stored: Callable[[], None] | None,
        clock: Callable[[], datetime],
        new_id: Callable[[int], UUID],
    ) -> None:
        open_connection = partial(connect, hook_url)
        self._door = Door(queue_limit, time.monotonic, random.random)
        writer = partial(Writer, open_connection, announce, echo_tenants, erasures=Erasures(hook_pool, keyring))
        self._writer = writer(queue_limit)
        self._crowd_writer = writer(queue_limit, ANSWERS_AT_ONCE)
        self._slow_writer = writer(queue_limit)
        self.directory = Directory(hook_pool, keyring, time.monotonic)
        questions = Questions(calls, time.monotonic, clock)
        receiver = Receiver(
            self._writer,
            self._crowd_writer,
            self._slow_writer,
            mail_stored or self.mail_waits,
            questions,
            Nonces(hook_pool),
            clock,
            new_id,
        )
        self._shared = SharedReceiver(hook_pool, self.directory, receiver, clock, new_id)
        self.receiver = receiver
        self._reads_mail = mail_stored is None
        self._mail = MailParser(hook_pool, self.directory, keyring, receiver, self._writer, questions)
        self._replayer = Replayer(app_pool, self.directory, keyring, receiver, self._writer, questions)
        self.replay = self._replayer.replay
        self.reread = Rereader(app_pool, self.directory, keyring, questions).files_of
        self._probes = Probes(keyring, clock)
        self.refusals = Refusals(clock)

    def mount(self, app: web.Application, public_url: str) -> None:
        """Add the webhook URLs."""
        hooks = Hooks(self.directory, self.receiver, self._shared, self._door, public_url, self._probes, self.refusals)
        add_routes(app, hooks)

    async def start(self) -> None:
        """Connect, and begin to store, and to read mail if that is done here."""
        await self._writer.start()
        await self._crowd_writer.start(rests=True)
        await self._slow_writer.start(rests=True)
        writers = {"main": self._writer, "crowd": self._crowd_writer, "slow": self._slow_writer}
        for name, writer in writers.items():
            metrics.WAITING.labels(name).set_function(partial(getattr, writer, "waiting"))
        if self._reads_mail:
            self._mail.start()

    async def stop(self) -> None:
        """Store what is queued; leave no mail half done."""
        await self._slow_writer.stop()
        await self._crowd_writer.stop()
        await self._mail.stop()
        await self._writer.stop()

    def mail_waits(self) -> None:
        """Look for mail now, if it is read here."""
        self._mail.waits()
