"""The mails that people get from the gateway itself, and how they are handed over."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from channels.errors import CannotSend
from channels.outbound import OutboundMessage
from channels.providers import smtp
from channels.providers.smtp import SmtpCredentials
from gateway.outgoing.smtp import MailSender

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one person."""

    to: str
    subject: str
    text: str


#: Delivers a letter; False when the mail server did not take it.
Post = Callable[[Letter], Awaitable[bool]]


class PostOffice:
    """Hands letters to the operator's mail server.

    Args:
        sender: speaks SMTP.
        credentials: of the server.
        address: the sender's, as ``Name <address>``.
        new_reference: makes a Message-ID's first half.
        clock: the time, in UTC.
    """

    def __init__(
        self,
        sender: MailSender,
        credentials: SmtpCredentials,
        address: str,
        new_reference: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._sender = sender
        self._credentials = credentials
        self._address = address
        self._new_reference = new_reference
        self._clock = clock

    async def post(self, letter: Letter) -> bool:
        """Deliver a letter; False when the mail server did not take it, or none can be written."""
        domain = self._address.rpartition("@")[2].rstrip("> ")
        message = OutboundMessage(
            reference=f"<{self._new_reference()}@{domain}>",
            sender=self._address,
            recipient=letter.to,
            text=letter.text,
            subject=letter.subject,
            sent_at=self._clock(),
            headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: nobody's holiday notice is to answer
        )
        try:
            request = smtp.build(message, self._credentials)
        except CannotSend as error:  # an address that no mail can go to
            log.warning("letter_not_written", reason=error.code)
            return False
        answer = await self._sender.deliver(request, self._credentials)
        return answer.status // 100 == 2


def invitation(to: str, tenant: str, inviter: str | None, link: str) -> Letter:
    """Invite somebody."""
    who = f"{inviter} invites you" if inviter else "You are invited"
    text = (
        f"Hello,\n\n{who} to join {tenant} on Postgate. This link lets you in; it holds for seven days and works"
        f" once:\n\n{link}\n\nIf you did not expect this, you need not do anything.\n"
    )
    return Letter(to, f"Join {tenant} on Postgate", text)


def password_reset(to: str, name: str, link: str) -> Letter:
    """Let somebody set their password."""
    text = (
        f"Hello {name},\n\nsomebody, probably you, asked to set a new password for this address on Postgate. This link"
        f" does it; it holds for one hour and works once:\n\n{link}\n\nIf it was not you, you need not do anything:"
        " your password stays as it is.\n"
    )
    return Letter(to, "Set a new password", text)


def password_changed(to: str, name: str) -> Letter:
    """Tell somebody that their password is another one now."""
    text = (
        f"Hello {name},\n\nyour password on Postgate was changed just now, and all other logins were ended. If it was"
        " not you, set a new one at once: choose “Forgot your password?” on the login page.\n"
    )
    return Letter(to, "Your password was changed", text)
