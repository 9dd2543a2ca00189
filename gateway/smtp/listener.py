"""Listening for mail, from the first connection to a graceful end."""

import asyncio
import logging
import socket
import ssl
import weakref
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

import structlog

from gateway.api.tries import Tries
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Directory
from gateway.outgoing.egress import Network
from gateway.smtp.admission import Admission
from gateway.smtp.door import Door
from gateway.smtp.reception import Reception
from gateway.smtp.session import SmtpSession

log = structlog.get_logger(__name__)

BACKLOG = 128
#: For mails that are being received when the gateway stops.
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05


class CertificateUnusable(Exception):
    """The certificate or its key can't be read, or they don't belong together."""


class MailListener:
    """Takes SMTP connections on a socket.

    Args:
        listening: the socket.
        directory: finds mailboxes and connections.
        receiver: stores mails.
        hostname: our own, for the greeting.
        tls: for STARTTLS.
        plain_login: networks from which a login is taken without encryption.
        clock: the time, in UTC.
        monotonic: seconds that only grow.
        tries: counts logins by computer.
    """

    def __init__(
        self,
        listening: socket.socket,
        directory: Directory,
        receiver: Receiver,
        *,
        hostname: str,
        tls: ssl.SSLContext | None,
        plain_login: Collection[Network],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        tries: Tries,
    ) -> None:
        self._listening = listening
        self._hostname = hostname
        self._tls = tls
        self._plain_login = plain_login
        self._door = Door()
        self._admission = Admission(directory, monotonic, tries)
        self._reception = Reception(self._admission, directory, receiver, clock)
        self._sessions: weakref.WeakSet[SmtpSession] = weakref.WeakSet()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to take connections."""
        # aiosmtpd logs what it reads and who logs in; none of that belongs into our log.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, sock=self._listening, backlog=BACKLOG)

    async def stop(self) -> None:
        """Take no more connections; let mails that are being received be stored, then close."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.gather(*(session.end() for session in self._open()), return_exceptions=True)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                while self._open():
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            for session in self._open():
                session.abort()

    def _open(self) -> list[SmtpSession]:
        return [session for session in self._sessions if session.transport is not None]

    def _session(self) -> SmtpSession:
        session = SmtpSession(
            self._reception,
            self._admission,
            self._door,
            hostname=self._hostname,
            tls=self._tls,
            plain_login=self._plain_login,
        )
        self._sessions.add(session)
        return session


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Load a certificate for STARTTLS; None without one.

    Args:
        certificate: a PEM file with the chain.
        key: a PEM file with the private key; None when the other file holds it.

    Raises:
        CertificateUnusable: saying why.
    """
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise CertificateUnusable(f"the certificate {certificate} can't be used: {error.strerror or error}") from error
    return context
