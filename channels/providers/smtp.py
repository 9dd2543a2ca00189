"""Raw mail as an SMTP listener receives it, and mail rendered for an SMTP server. RFC 5321, RFC 5322.

The body of a request is the mail as received. Its envelope stands in the query of the request's URL, as ``received``
puts it there; the context may hold another (``envelope``: ``{"from", "to"}``) beside the channel's settings:
``trusted_authserv_ids``, ``reply_address_pattern`` and ``own_message_id_domains``.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlencode

from pydantic import AfterValidator, Field, SecretStr

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, PayloadMalformed
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest, HttpResponse
from channels.mail.arrival import Arrival, Envelope, Settings
from channels.mail.connection import MailSettings
from channels.mail.letter import read_letter
from channels.mail.outgoing import blind_copies, copies, party, render, threading
from channels.mail.reading import events
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import Problem, refused, unanswered
from channels.signatures import live, matches

PROVIDER = "smtp"
MAX_BODY = 32 * 1024 * 1024
ENHANCED_CODE = re.compile(r"\b([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
"""RFC 3463: class, subject, detail; most servers begin their text with one."""

LOGIN = Problem("The mail server refused the connection's login; an administrator has to correct it.")
BUSY = Problem("The mail server takes no mail at the moment; it will be tried again.", retryable=True)
NO_MAILBOX = Problem("The customer's mail server knows no such mailbox.")
FULL = Problem("The customer's mailbox takes no mail: it is full or switched off.")
TOO_LARGE = Problem("The mail is too large for the mail server.")
UNWANTED = Problem(
    "The mail server refused the mail by its rules: as unwanted, or because this sender may not send it."
)
UNNAMED = Problem("The mail server refused the mail.")
TAKEN_NAMELESS = Problem("The mail server took the mail, but it can't be followed: it has no Message-ID.", unknown=True)
#: By reply code (RFC 5321 section 4.2.3, RFC 4954 section 6).
BY_STATUS = {
    LOGIN: (530, 534, 535, 538),
    NO_MAILBOX: (550, 551, 553, 556),
    TOO_LARGE: (523, 552),
    UNWANTED: (554,),
}
#: By subject and detail of the enhanced code, which tells more; a detail of None is any.
BY_ENHANCED_CODE: Mapping[tuple[int, int | None], Problem] = {
    (1, None): NO_MAILBOX,
    (2, 1): FULL,
    (2, 2): FULL,
    (2, 3): TOO_LARGE,
    (3, 4): TOO_LARGE,
    (7, 0): UNWANTED,
    (7, 1): UNWANTED,
    (7, 8): LOGIN,
    (7, 9): LOGIN,
    (7, 11): LOGIN,
    (7, None): UNWANTED,
}


def _network(text: str) -> str:
    """Check that a text is an address or a network."""
    ip_network(text.strip(), strict=False)
    return text.strip()


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
    allowed_hosts: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(),
        title="Allowed hosts",
        description="Addresses or networks (192.0.2.7, 10.1.0.0/16) that may deliver without a login.",
    )
    host: str = Field(default="", title="Server", description="The server that takes our mail.")
    port: int = Field(default=587, ge=1, le=65535, title="Port", description="Its port.")
    tls: Literal["none", "starttls", "tls"] = Field(
        default="starttls",
        title="Encryption",
        description="How the connection to it is protected. Without, no login is sent.",
    )


def verify(_request: HttpRequest, _credentials: SmtpCredentials, _now: datetime) -> None:
    """Accept: whoever speaks to the listener was authenticated with its SMTP session."""


def is_login(credentials: SmtpCredentials, username: bytes, password: bytes) -> bool:
    """Tell whether somebody who delivers gave the right login; an empty one is none."""
    if not (credentials.username and credentials.password.get_secret_value()):
        return False
    known = [secret for secret in live(credentials.password, credentials.previous_password) if secret]
    return username == credentials.username.encode() and matches(known, password.decode("utf-8", "surrogateescape"))


def is_allowed_host(credentials: SmtpCredentials, peer: str) -> bool:
    """Tell whether an address may deliver without a login."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    networks = [ip_network(host, strict=False) for host in credentials.allowed_hosts]
    return any(address.version == network.version and address in network for network in networks)


def received(body: bytes, sender: str, recipients: Sequence[str], *, peer: str, helo: str) -> HttpRequest:
    """Return what the listener received as a request, so that it is stored and replayed like any other.

    Args:
        body: the mail.
        sender: of MAIL FROM; empty or ``<>`` for a bounce.
        recipients: of RCPT TO, those that are ours.
        peer: the address that it came from.
        helo: how whoever delivered it called itself.
    """
    told = {"from": sender.strip("<>"), "to": list(recipients), "peer": peer, "helo": helo}
    query = urlencode(told, doseq=True, encoding="utf-8", errors="surrogateescape")
    return HttpRequest("SMTP", f"smtp://listener/?{query}", Headers(), body)


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a raw mail; its external id is the hash of its bytes.

    Raises:
        PayloadMalformed: the body is empty.
    """
    if not request.body.strip():
        raise PayloadMalformed("mail_empty", "There is no mail in the body.")
    told = parse_qs(request.query, keep_blank_values=True, errors="replace")
    envelope = {"from": told["from"][0], "to": told.get("to", [])} if "from" in told else None
    arrival = Arrival(
        provider=PROVIDER,
        external_id=f"sha256:{hashlib.sha256(request.body).hexdigest()}",
        envelope=Envelope.of(context.get("envelope", envelope)),
        settings=Settings.of(context),
        extra={name: told[name][0] for name in ("peer", "helo") if told.get(name, [""])[0]},
    )
    return events(read_letter(request.body), arrival)


def build(message: OutboundMessage, credentials: SmtpCredentials) -> HttpRequest:
    """Render a mail for the credentials' server: the body is what follows DATA, the envelope stands in the headers.

    Raises:
        CannotSend: there is no server to send through, or the message can't be a mail.
    """
    if not credentials.host:
        raise CannotSend("credentials_missing", "the connection has no server to send mail through")
    recipients = (party(message.recipient), *copies(message), *blind_copies(message))
    envelope = {"mail-from": party(message.sender).address, "rcpt-to": ",".join(one.address for one in recipients)}
    own = threading(message).get("Message-ID", "").strip("<>")
    host = f"[{credentials.host}]" if ":" in credentials.host else credentials.host
    headers = Headers.of({**envelope, "message-id": own})
    return HttpRequest("SMTP", f"smtp://{host}:{credentials.port}", headers, render(message))


def read(response: HttpResponse) -> SendResult:
    """Read an SMTP reply: ``status`` is its code, the body its text.

    A 250 has no id of its own: the mail is known by the Message-ID that we gave it, which whoever
    delivered it puts into the header ``message-id`` of the response. 250 means sent, not delivered.
    """
    nothing = unanswered(response)
    if nothing is not None:
        return nothing
    if response.status // 100 == 2:
        own = response.headers.get("message-id")
        return Accepted(own) if own else refused(response, None, TAKEN_NAMELESS)
    said = response.body[:2000].decode("utf-8", "replace")
    return refused(response, str(response.status), _problem(response.status, said), said)


def _problem(status: int, said: str) -> Problem:
    if status // 100 == 4:
        return BUSY
    by_status = next((problem for problem, statuses in BY_STATUS.items() if status in statuses), UNNAMED)
    enhanced = ENHANCED_CODE.search(said[:40])
    if by_status is LOGIN or enhanced is None:
        return by_status
    _, subject, detail = (int(part) for part in enhanced[1].split("."))
    return BY_ENHANCED_CODE.get((subject, detail)) or BY_ENHANCED_CODE.get((subject, None)) or by_status


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
            "Start the gateway with its mail listener: `postgate serve --smtp 2525`, with a certificate "
            "(`POSTGATE_SMTP_TLS_CERT`) unless your mail server is on the same machine.",
            "Choose a user name and a long password, and enter them here as `username` and `password`; or enter the "
            "addresses that your mail server connects from as `allowed_hosts`.",
            "Let your mail server hand mail for the mailbox on to the gateway's host and that port, with the "
            "login if there is one.",
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
