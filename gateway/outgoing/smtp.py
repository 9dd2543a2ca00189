"""Hand a mail to a tenant's mail server, under the same guard as every call of ours."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from functools import cache

import structlog
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPNotSupported, SMTPResponseException

from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from channels.providers.smtp import SmtpCredentials
from gateway.model.texts import storable
from gateway.outgoing import metrics
from gateway.outgoing.egress import Guard, Network
from gateway.outgoing.resolver import GuardedResolver

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
#: For one command; servers check a mail before they answer DATA, which takes them longer than anything else.
REPLY_SECONDS = 60.0
TOTAL_SECONDS = 120.0
#: RFC 4954 section 6: what a server says to who has to log in, and can't.
LOGIN_NEEDED = 530
LOST_CODES = frozenset({-1})  # aiosmtplib's code for what is no SMTP reply


@cache
def system_trust() -> ssl.SSLContext:
    """Return what checks servers' certificates as the system trusts them: reading those takes 25 ms, once."""
    return ssl.create_default_context()


class MailSender:
    """Delivers mails; never raises. An ``async with`` opens and closes it.

    Args:
        allowed: networks inside that may be called.
        name: our own host name, for EHLO.
        tls: checks the certificates of servers; None trusts what the system trusts.
        reply_seconds: for a reply to one command.
    """

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        name: str = "localhost",
        tls: ssl.SSLContext | None = None,
        reply_seconds: float = REPLY_SECONDS,
    ) -> None:
        self._resolver = GuardedResolver(Guard(allowed))
        self._name = name
        self._tls = tls
        self._reply_seconds = reply_seconds

    async def __aenter__(self) -> "MailSender":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resolver.close()

    async def deliver(self, request: HttpRequest, credentials: SmtpCredentials) -> HttpResponse:
        """Deliver what the provider ``smtp`` built; the response is the server's last reply, for its ``read``.

        What was lost before the mail itself was sent may be repeated. What was lost after that may have been
        delivered: whoever repeats it must keep its Message-ID, so that servers can drop the second one.

        Args:
            request: the envelope in its headers, the mail in its body.
            credentials: of the connection.
        """
        handed_over = _Progress()
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                response = await self._session(request, credentials, handed_over)
        except SMTPNotSupported as error:  # no STARTTLS, or no way to log in
            return _nothing(credentials, str(error.message)[:200], sent=False)
        except SMTPResponseException as error:
            if error.code in LOST_CODES:
                return _nothing(credentials, "the server does not speak SMTP", sent=handed_over.begun)
            response = HttpResponse(error.code, error.message.encode("utf-8", "replace"))
        except (SMTPException, OSError, TimeoutError, ValueError) as error:  # OSError: also a blocked address
            failure = str(error) if isinstance(error, OSError) else type(error).__name__
            return _nothing(credentials, failure, sent=handed_over.begun)
        metrics.MAILS.labels(f"{response.status // 100}xx").inc()
        return response

    async def _session(
        self, request: HttpRequest, credentials: SmtpCredentials, handed_over: "_Progress"
    ) -> HttpResponse:
        host, port = credentials.host, credentials.port
        client = SMTP(
            hostname=host,
            sock=await self._connected(host, port),
            timeout=self._reply_seconds,
            local_hostname=self._name,
            use_tls=credentials.tls == "tls",
            start_tls=False,
            tls_context=self._tls or system_trust(),
        )
        try:
            await client.connect()
            await client.ehlo()
            if credentials.tls == "starttls":
                await client.starttls(server_hostname=host)
                await client.ehlo()
            refused = await self._log_in(client, credentials)
            if refused is not None:
                return refused
            await client.mail(request.headers.get("mail-from"))
            for recipient in request.headers.get("rcpt-to").split(","):
                await client.rcpt(recipient)
            handed_over.begun = True
            reply = await client.data(request.body)
            own = Headers([("message-id", request.headers.get("message-id"))])
            response = HttpResponse(reply.code, reply.message.encode("utf-8", "replace"), own)
            with contextlib.suppress(SMTPException, OSError):  # the mail is taken; a rude goodbye changes nothing
                await client.quit(timeout=CONNECT_SECONDS)
            return response
        finally:
            client.close()

    async def _log_in(self, client: SMTP, credentials: SmtpCredentials) -> HttpResponse | None:
        """Log in if there is a login and it can't be overheard; returns the reply that refuses it."""
        if not credentials.username or credentials.tls == "none":
            return None
        if not client.supported_auth_methods:
            return HttpResponse(LOGIN_NEEDED, b"the server offers no way to log in")
        await client.login(credentials.username, credentials.password.get_secret_value())
        return None

    async def _connected(self, host: str, port: int) -> socket.socket:
        """Connect to the first address that answers.

        Raises:
            AddressBlocked: when any address of the host must not be called.
            OSError: when none answers.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await self._resolver.resolve(host, port)
        failure: OSError | TimeoutError = OSError(f"{host} has no address")
        for address in found:
            opened = socket.socket(address["family"], socket.SOCK_STREAM)
            opened.setblocking(False)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await loop.sock_connect(opened, (address["host"], port))
            except (OSError, TimeoutError) as error:
                opened.close()
                failure = error
            except BaseException:
                opened.close()
                raise
            else:
                return opened
        raise failure


class _Progress:
    """Whether the mail itself was begun to be sent."""

    begun = False


def _nothing(credentials: SmtpCredentials, failure: str, *, sent: bool) -> HttpResponse:
    outcome = "unanswered" if sent else "unsent"
    host = storable(credentials.host, 253)
    log.warning("outgoing.no_answer", method="SMTP", host=host, outcome=outcome, failure=storable(failure, 300))
    metrics.MAILS.labels(outcome).inc()
    return HttpResponse(NO_ANSWER, failure=failure or "no answer", sent=sent)
