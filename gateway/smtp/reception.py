"""What is done with a mail that comes in: every recipient is judged at once, and 250 means that it is stored."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.providers.smtp import received
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory
from gateway.keys import KeysUnavailable
from gateway.problems import Overloaded
from gateway.smtp import metrics
from gateway.smtp.admission import Admission, Destination
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

MOST_RECIPIENTS = 100
#: More servers than this on its way, and a mail goes round in circles (RFC 5321 section 6.3).
MOST_HOPS = 50
HEADER_BYTES = 256 * 1024

STORED = "250 2.0.0 Stored"
TROUBLE = "451 4.3.0 Trouble here; try again later"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients"
LOOP = "554 5.4.6 This mail goes round in circles"

RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
END_OF_HEADER = re.compile(rb"\r?\n\r?\n")

#: What passes by itself: the sender tries again.
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, DatabaseUnavailable, KeysUnavailable, Overloaded)


class Mail(Envelope):
    """The envelope of a mail, and where its recipients lead: one copy is stored for each mailbox."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: dict[Destination, list[str]] = {}


class Reception:
    """The hooks that aiosmtpd calls, named as it wants them.

    Args:
        admission: judges recipients.
        directory: finds connections.
        receiver: stores mails.
        clock: the time, in UTC.
    """

    def __init__(
        self, admission: Admission, directory: Directory, receiver: Receiver, clock: Callable[[], datetime]
    ) -> None:
        self._admission = admission
        self._directory = directory
        self._receiver = receiver
        self._clock = clock

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Mail, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        reply = await self._recipient(session, envelope, address)
        metrics.RECIPIENTS.labels(reply[:3]).inc()
        return reply

    async def _recipient(self, session: Session, envelope: Mail, address: str) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return TOO_MANY_RECIPIENTS
        try:
            found = await self._admission.destination(address, peer_of(session), session.auth_data)
        except LATER as error:
            log.warning("smtp.later", error=type(error).__name__)
            return TROUBLE
        if isinstance(found, str):
            return found
        envelope.rcpt_tos.append(address)
        copy = envelope.copies.setdefault(found, [])
        if address not in copy:
            copy.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Mail) -> str:  # noqa: N802
        """Store a mail."""
        reply = await self._mail(session, envelope)
        metrics.MAILS.labels(reply[:3]).inc()
        return reply

    async def _mail(self, session: Session, envelope: Mail) -> str:
        body = envelope.original_content or b""
        if hops(body) > MOST_HOPS:
            return LOOP
        now = self._clock()
        outcomes = await asyncio.gather(
            *(self._store(session, envelope, body, copy, now) for copy in envelope.copies),
            return_exceptions=True,  # all copies get their chance; who sends it again stores no double
        )
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for error in failed:
            if not isinstance(error, LATER):
                raise error
        log.info(
            "smtp.mail",
            peer=peer_of(session),
            size=len(body),
            copies=len(outcomes),
            failed=len(failed),
            tls=session.ssl is not None,
        )
        return TROUBLE if failed else STORED

    async def _store(self, session: Session, envelope: Mail, body: bytes, copy: Destination, now: datetime) -> None:
        """Store the mail for one mailbox. It gets no Received field: the same mail must stay the same bytes."""
        route = await self._directory.route(copy.integration_id)
        if route is None:
            raise DatabaseUnavailable("the connection has just gone")
        sender, helo = envelope.mail_from or "", session.host_name or ""
        request = received(body, sender, envelope.copies[copy], peer=peer_of(session), helo=helo)
        await self._receiver.store(route, request, now, verified=copy.verified)

    async def handle_exception(self, error: Exception) -> str:
        """Answer what nobody foresaw. What the client sent stays out of the log."""
        if isinstance(error, LATER):
            log.warning("smtp.later", error=type(error).__name__)
        else:
            log.exception("smtp.failed", error=type(error).__name__)
        return TROUBLE


def hops(mail: bytes) -> int:
    """Return how many servers a mail has passed, as its header tells."""
    head = mail[:HEADER_BYTES]
    end = END_OF_HEADER.search(head)
    return len(RECEIVED.findall(head, 0, len(head) if end is None else end.start()))


def peer_of(session: Any) -> str:
    """Return the address of whoever is connected; an IPv4 address as such, also on a socket for both."""
    peer = session.peer
    address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
    return address.removeprefix("::ffff:") if "." in address else address
