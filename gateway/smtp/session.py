"""One SMTP session (RFC 5321), as aiosmtpd speaks it, with our limits and our logins."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Collection
from ipaddress import ip_address
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from channels.providers.smtp import MAX_BODY
from gateway.outgoing.egress import Network
from gateway.smtp import metrics
from gateway.smtp.admission import Admission
from gateway.smtp.door import Door
from gateway.smtp.reception import Mail, Reception, peer_of

COMMAND_BYTES = 2048
#: Between two commands, and for all of DATA.
TIMEOUT_SECONDS = 300.0
FAILED_LOGIN_SECONDS = 1.0
#: How often a command may come in one session; then 421.
CALLS = {"*": 1000, "RCPT": 20_000, "AUTH": 5, "STARTTLS": 2, "HELP": 10, "VRFY": 10, "EXPN": 10, "NOOP": 200}

BUSY = "421 4.7.0 Too many connections; try again later"
CLOSING = "421 4.3.2 The server is being restarted; try again"
NO_ROOM = "452 4.3.1 Too many mails are being received; try again later"
#: What a mail may be larger than was announced: SIZE is an estimate (RFC 1870 section 6.1).
SLACK_BYTES = 64 * 1024


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

    #: Lines of real mail are far longer than the 998 bytes of RFC 5322.
    line_length_limit = 1024 * 1024

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
        self.command_size_limits = defaultdict(lambda: COMMAND_BYTES)
        self._admission = admission
        self._door = door
        self._plain_login = plain_login
        self._busy = False
        self._ending = False
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
        peer = peer_of(self.session)
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

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Receive a mail, if there is room for it."""
        size = self._announced()
        if not self._door.take(size):
            await self.push(NO_ROOM)
            return
        self._busy, self.data_size_limit = True, size
        try:
            await super().smtp_DATA(arg)
        finally:
            self._busy, self.data_size_limit = False, MAX_BODY
            self._door.give_back(size)
        if self._ending and self.transport is not None:
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
        return await self._judged(await super().auth_PLAIN(_, args))

    async def auth_LOGIN(self, _: Any, args: list[str]) -> AuthResult:  # noqa: N802
        """Take a login in two answers, as old clients give it."""
        return await self._judged(await super().auth_LOGIN(_, args))

    async def _judged(self, given: AuthResult) -> AuthResult:
        if not given.success:
            return given
        username, password = given.auth_data if isinstance(given.auth_data, tuple) else (b"", b"")
        owners = await self._admission.owners(username, password)
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
