"""Raw mail as an SMTP listener receives it, and mail rendered for an SMTP server. RFC 5321, RFC 5322.

The body of a request is the mail as received. The envelope and the channel's settings come in the
context: ``envelope`` (``{"from", "to"}``), ``trusted_authserv_ids``, ``reply_address_pattern`` and
``own_message_id_domains``.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, SecretStr

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import PayloadMalformed
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest, HttpResponse
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.connection import MailSettings
from channels.mail.letter import read_letter
from channels.mail.outgoing import render
from channels.mail.reading import events
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult

PROVIDER = "smtp"
MAX_BODY = 32 * 1024 * 1024


class SmtpCredentials(Credentials):
    """What a tenant enters: the server that takes our mail, and who may deliver to us.

    Whoever delivers to our listener logs in with ``username`` and ``password``, or comes from one
    of ``allowed_hosts``. The same login is used at ``host``.
    """

    username: str = Field(default="", title="User name", description="Of whoever delivers to us, and at the server.")
    password: SecretStr = Field(default=SecretStr(""), title="Password", description="Of the same login.")
    previous_password: tuple[SecretStr, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), title="Allowed hosts", description="Addresses that may deliver without a login."
    )
    host: str = Field(default="", title="Server", description="The server that takes our mail.")
    port: int = Field(default=587, ge=1, le=65535, title="Port", description="Its port.")
    tls: Literal["none", "starttls", "tls"] = Field(
        default="starttls", title="Encryption", description="How the connection to it is protected."
    )


def verify(_request: HttpRequest, _credentials: SmtpCredentials, _now: datetime) -> None:
    """Accept: whoever speaks to the listener was authenticated with its SMTP session."""


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a raw mail; its external id is the hash of its bytes.

    Raises:
        PayloadMalformed: the body is empty.
    """
    if not request.body.strip():
        raise PayloadMalformed("mail_empty", "There is no mail in the body.")
    arrival = Arrival(
        provider=PROVIDER,
        external_id=f"sha256:{hashlib.sha256(request.body).hexdigest()}",
        envelope=Envelope.of(context.get("envelope")),
        settings=Settings.of(context),
    )
    return events(read_letter(request.body), arrival)


def build(message: OutboundMessage, credentials: SmtpCredentials) -> HttpRequest:
    """Render a mail for the credentials' server: the body is what follows DATA."""
    headers = Headers([("mail-from", message.sender), ("rcpt-to", message.recipient)])
    return HttpRequest("SMTP", f"smtp://{credentials.host}:{credentials.port}", headers, render(message))


def read(response: HttpResponse) -> SendResult:
    """Read an SMTP reply: ``status`` is its code, the body its text.

    A 250 has no id of its own: the mail is known by the Message-ID that we gave it, which the
    sender puts into the header ``message-id`` of the response.
    """
    text = response.body[:2000].decode("utf-8", "replace")
    if response.status // 100 == 2:
        return Accepted(response.headers.get("message-id"))
    return Refused(str(response.status), text or "The server refused the mail.", response.status // 100 == 4)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=SmtpCredentials,
    verify=verify,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="SMTP",
        summary="Mail handed over by your own mail server, and sent through it.",
        documentation="https://www.rfc-editor.org/rfc/rfc5321",
        steps=(
            "Start the gateway with its mail listener: `postgate serve --smtp 2525`.",
            "Let your mail server hand mail for the mailbox on to the gateway's host and that port. It logs in with "
            "`username` and `password`, or its address is one of `allowed_hosts`.",
            "Enter the server that takes mail from here as `host`, `port` and `tls`.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@example.org",
    ),
    capabilities=Capabilities(
        channels=("email",),
        media=("file",),
        most_files=50,
        quotes=True,
    ),
    settings=MailSettings,
    max_body=MAX_BODY,
    posted=False,
    deferred=True,
)
