"""One SMTP session (RFC 5321), as aiosmtpd speaks it, with our limits and our logins."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Collection
from ipaddress import ip_address
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from channels.providers.smtp import MAX_BODY
from gateway.outgoing.egress import Network
from gateway.peers import counted
from gateway.problems import TooManyRequests
from gateway.smtp import metrics
from gateway.smtp.admission import Admission
from gateway.smtp.content import Fault, read_content
from gateway.smtp.door import Door
from gateway.smtp.reception import STORED, Mail, Reception, peer_of

COMMAND_BYTES = 2048
#: Between two commands, and for all of DATA.
TIMEOUT_SECONDS = 300.0
#: Without a mail that is stored, whatever else is said.
IDLE_SECONDS = 1800.0
#: What is held of what a client sends until it is looked at, and the longest line of a login.
READ_BYTES = 64 * 1024
FAILED_LOGIN_SECONDS = 1.0
#: So many commands may be refused for good in a row without a mail that is stored: names of mailboxes are not guessed.
MOST_REFUSED = 100
#: How often a command may come in one session; then 421.
CALLS = {"*": 1000, "RCPT": 20_000, "AUTH": 5, "STARTTLS": 2, "HELP": 10, "VRFY": 10, "EXPN": 10, "NOOP": 200}

BUSY = "421 4.7.0 Too many connections; try again later"
CLOSING = "421 4.3.2 The server is being restarted; try again"
NO_ROOM = "452 4.3.1 Too many mails are being received; try again later"
ENOUGH = "421 4.7.0 Too many errors"
ODD = "501 5.5.2 No command has such characters in it"
TOO_LARGE = "552 5.3.4 This mail is too large"
LINE_TOO_LONG = "500 5.5.6 A line of this mail is longer than a mebibyte"
TOO_MANY_LOGINS = "454 4.7.0 Too many wrong logins; come back in a few minutes"
LOGIN_TOO_LONG = "500 5.5.6 No login is that long"
WHO_KNOWS = "252 2.5.2 Nobody is verified here; send it, and see"
#: No reply repeats them.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: What a mail may be larger than was announced: SIZE is an estimate (RFC 1870 section 6.1).
SLACK_BYTES = 64 * 1024


class _Limits(dict[str, int]):
    """How long commands may be: of one that nobody has heard of nothing is kept, unlike in aiosmtpd's own."""

    def __missing__(self, _command: str) -> int:
        return COMMAND_BYTES


class SmtpSession(SMTP):
    """A session; knows its peer's rights.

    Args:
        reception: takes recipients and mails.
        admission: checks logins.
        door: lets in.
        hostname: our own, for the greeting.
        tls: for STARTTLS; None when there is no certificate.
        plain_login: networks from which a login is taken without encryption, beside this machine.
    """

    #: Of the stream; content is not read by lines.
    line_length_limit = READ_BYTES

    def __init__(
        self,
        reception: Reception,
        admission: Admission,
        door: Door,
        *,
        hostname: str,
        tls: ssl.SSLContext | None,
        plain_login: Collection[Network],
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        # Of this session alone: aiosmtpd's own is one for all of them, and grows with every EHLO.
        self.command_size_limits = _Limits()
        self._admission = admission
        self._door = door
        self._plain_login = plain_login
        self._busy = False
        self._ending = False
        self._refused = 0
        self._until = asyncio.get_running_loop().time() + IDLE_SECONDS
        super().__init__(
            reception,
            data_size_limit=MAX_BODY,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Postgate",
            tls_context=tls,
            timeout=timeout,
            command_call_limit=CALLS,
            authenticator=_given,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: Any) -> None:
        """Begin, anew after STARTTLS: what was said before counts no more."""
        super().connection_made(transport)
        self._auth_require_tls = not self._may_log_in_plainly(peer_of(self.session))

    async def end(self) -> None:
        """Close an idle session at once, one that receives a mail after its answer."""
        self._ending = True
        if not self._busy and self.transport is not None:
            await self.push(CLOSING)
            self.transport.close()

    def abort(self) -> None:
        """Break off, whatever is going on."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def _handle_client(self) -> None:
        peer = counted(peer_of(self.session))
        if not self._door.enter(peer):
            await self.push(BUSY)
            if self.transport is not None:
                self.transport.close()
            return
        try:
            await super()._handle_client()
        finally:
            self._door.leave(peer)

    def _create_envelope(self) -> Mail:
        return Mail()

    async def push(self, status: str | bytes) -> None:
        """Reply, and let the others have their turn: what was sent at once is answered one by one."""
        reply = CONTROL.sub("?", status).encode() if isinstance(status, str) else status
        await super().push(reply)
        if reply[:3] != b"220":  # what comes after that of STARTTLS is not for this reader
            await asyncio.sleep(0)
        if reply[:1] == b"5":
            self._refused += 1
            if self._refused == MOST_REFUSED and self.transport is not None:
                await super().push(ENOUGH.encode())
                self.transport.close()

    def _reset_timeout(self, duration: float | None = None) -> None:
        left = self._until - asyncio.get_running_loop().time()
        super()._reset_timeout(min(duration or self._timeout_duration, max(left, 0.001)))

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's names, from here on
        """Take the old greeting."""
        if await self._is_plain(arg):
            await super().smtp_HELO(arg)

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802
        """Take the greeting."""
        if await self._is_plain(arg):
            await super().smtp_EHLO(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Begin a mail."""
        if await self._is_plain(arg):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Take a recipient."""
        if await self._is_plain(arg):
            await super().smtp_RCPT(arg)

    async def smtp_VRFY(self, _arg: str) -> None:  # noqa: N802
        """Tell nothing of who has a mailbox here (RFC 5321 section 7.3)."""
        await self.push(WHO_KNOWS)

    async def _is_plain(self, arg: str | None) -> bool:
        """Refuse control characters, bytes that are no UTF-8, and what turns the direction of writing."""
        if arg is None or arg.isprintable():
            return True
        await self.push(ODD)
        return False

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        try:
            address, rest = super()._getaddr(arg)
        except (AttributeError, IndexError, RecursionError, ValueError):  # how the library's parser refuses some
            return None, None
        return (address, rest) if address is None or address.isprintable() else (None, None)  # encoded words are undone

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Receive a mail, if there is room for it."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        size = self._announced()
        if not self._door.take(size):
            await self.push(NO_ROOM)
            return
        self._busy = True
        try:
            await self._receive(self.envelope, size)
        finally:
            self._busy = False
            self._door.give_back(size)
        if self._ending and self.transport is not None:
            self.transport.close()

    async def _receive(self, envelope: Any, size: int) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await read_content(self._reader, size)
        match content:
            case bytes():
                envelope.content = envelope.original_content = content
                reply = await self._call_handler_hook("DATA")
            case Fault.LINE_TOO_LONG:
                reply = LINE_TOO_LONG
            case Fault.TOO_LARGE | Fault.ENDLESS:
                reply = TOO_LARGE
        self.envelope = self._create_envelope()
        if reply == STORED:
            self._refused, self._until = 0, asyncio.get_running_loop().time() + IDLE_SECONDS
        await self.push(reply)
        if content is Fault.ENDLESS and self.transport is not None:
            self.transport.close()

    def _announced(self) -> int:
        """Return how many bytes this mail may have: as announced by SIZE, else the most there are."""
        options = self.envelope.mail_options if self.envelope is not None else []
        for option in options:
            name, _, value = option.partition("=")
            if name == "SIZE" and value.isdecimal() and int(value) > 0:
                return min(MAX_BODY, int(value) + int(value) // 8 + SLACK_BYTES)
        return MAX_BODY

    async def auth_PLAIN(self, _: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Take a login in one line (RFC 4616)."""
        return await self._judged(await self._bounded(super().auth_PLAIN(_, args)))

    async def auth_LOGIN(self, _: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Take a login in two answers, as old clients give it."""
        return await self._judged(await self._bounded(super().auth_LOGIN(_, args)))

    async def _bounded(self, asked: Awaitable[AuthResult]) -> AuthResult:
        """Hang up on a login without an end: what follows it would be taken for commands."""
        try:
            return await asked
        except ValueError:  # the stream's word for a line that is too long
            await self.push(LOGIN_TOO_LONG)
            if self.transport is not None:
                self.transport.close()
            return AuthResult(success=False, handled=True)

    async def _judged(self, given: AuthResult) -> AuthResult:
        if not given.success:
            return given
        username, password = given.auth_data if isinstance(given.auth_data, tuple) else (b"", b"")
        try:
            owners = await self._admission.owners(counted(peer_of(self.session)), username, password)
        except TooManyRequests:
            metrics.LOGINS.labels("refused").inc()
            await self.push(TOO_MANY_LOGINS)
            return AuthResult(success=False, handled=True)
        metrics.LOGINS.labels("ok" if owners else "wrong").inc()
        if owners:
            return AuthResult(success=True, auth_data=owners)
        await asyncio.sleep(FAILED_LOGIN_SECONDS)  # so that guessing takes time
        return AuthResult(success=False, handled=False)

    def _may_log_in_plainly(self, peer: str) -> bool:
        try:
            address = ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        return address.is_loopback or any(
            address.version == network.version and address in network for network in self._plain_login
        )


def _given(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
    """Hand on what was given; ``_judged`` looks at it, since that takes a question to the database."""
    return AuthResult(success=True, auth_data=(login.login, login.password))
