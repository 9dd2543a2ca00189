"""Mail through Amazon SES, which tells everything through Amazon SNS.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications.html
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

SNS signs with a private key; its certificate is fetched from a URL in the message, which has to be SNS' own. Such a
signature proves that SNS sent it, for any of its customers, so the topic has to be one of the connection's. Nothing
signed says how fresh it is meant to be: repeats are found by their ids. SNS takes any 4xx as the end of it, which suits
a message that is not genuine; while the certificate can't be fetched the answer is a 503.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.aws.signing import Keys
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.mail.connection import HttpMailSettings
from channels.operations import Dialogue, Operations
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.ses.inbound import inbound
from channels.ses.notices import control
from channels.ses.sending import build_message, read_answer
from channels.ses.stored import fetch, place_of
from channels.ses.updates import type_of, updates
from channels.signatures import Secret
from channels.sns.certificates import fetch_certificate
from channels.sns.notices import NOTIFICATION, SUBSCRIPTION, read_notice
from channels.sns.proof import plausible_notice, require_signature
from channels.sns.urls import is_service_url

PROVIDER = "ses"
MAX_BODY = 1024 * 1024
"""SNS' messages have 256 KiB at most, before they are escaped."""


#: https://docs.aws.amazon.com/sns/latest/dg/sns-create-topic.html has what a topic may be called.
TopicArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$")]


class SesCredentials(Credentials):
    """What a tenant enters to connect an Amazon SES account."""

    topic_arns: tuple[TopicArn, ...] = Field(
        min_length=1,
        title="Topic ARNs",
        description="The SNS topics that deliver here, such as arn:aws:sns:eu-west-1:123456789012:mail.",
    )
    require_sha256: bool = Field(
        default=False,
        title="SHA-256 only",
        description="Refuse signatures of version 1; the topics' SignatureVersion has to be 2.",
    )
    signing_cert_pem: str | None = Field(
        default=None,
        title="Signing certificate",
        description="For trying out recorded messages; otherwise it is fetched from Amazon.",
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$",
        title="Region",
        description="The region that mail is sent in, such as eu-west-1; needed to send and to fetch mail from S3.",
    )
    access_key_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_]{1,128}$",
        title="Access key ID",
        description="Of an IAM user that may ses:SendEmail, and s3:GetObject where mail is kept in a bucket.",
    )
    secret_access_key: Secret | None = Field(
        default=None, title="Secret access key", description="Shown once, when the access key is created."
    )
    configuration_set: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        title="Configuration set",
        description="Whose event publishing tells what becomes of the mails sent.",
    )

    def keys(self) -> Keys | None:
        """Return what requests are signed with; None when some of it is missing."""
        if self.region is None or self.access_key_id is None or self.secret_access_key is None:
            return None
        return Keys(self.access_key_id, self.secret_access_key.get_secret_value(), self.region)


def verify(request: HttpRequest, credentials: SesCredentials, now: datetime) -> None:
    """Check that SNS sent this for one of our topics; the certificate is among the credentials (see ``prepare``).

    Raises:
        SignatureInvalid: when it did not.
    """
    notice = plausible_notice(request, credentials.topic_arns)
    if credentials.signing_cert_pem is None:
        raise SignatureInvalid("certificate_missing", "there is no signing certificate to check the message with")
    require_signature(notice, credentials.signing_cert_pem, now, sha256_only=credentials.require_sha256)


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail, news on a mail of ours, or a message about the subscription itself.

    Raises:
        PayloadMalformed: the body is none of these.
    """
    notice = read_notice(request.body)
    post = _post(notice)
    if post is None or type_of(post) is None or "mail" not in post:
        return (control(PROVIDER, notice),)
    if type_of(post) == "Received":
        return inbound(PROVIDER, post, context)
    return updates(PROVIDER, _id(notice), post)


def _post(notice: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return what SES wrote into a notification; None when that is no JSON object, as in the first one of all."""
    if notice["Type"] != NOTIFICATION:
        return None
    try:
        post = read_json(notice.get("Message", "").encode("utf-8", "replace"))
    except PayloadMalformed:
        return None
    return post if isinstance(post, dict) else None


def _id(notice: Mapping[str, str]) -> str:
    if not notice.get("MessageId"):
        raise PayloadMalformed("field_missing", "the message has no MessageId")
    return notice["MessageId"]


def build(message: OutboundMessage, credentials: SesCredentials) -> HttpRequest:
    """Make the request that sends one mail, signed for ``message.sent_at``.

    Raises:
        CannotSend: when it can't be a mail, the time or the access key is missing.
    """
    keys = credentials.keys()
    if keys is None:
        raise CannotSend(
            "credentials_incomplete", "this connection lacks region, access_key_id or secret_access_key to send with"
        )
    if message.sent_at is None:
        raise CannotSend("time_missing", "a request to Amazon is signed with its time, and there is none")
    return build_message(message, keys, credentials.configuration_set, message.sent_at)


def read(response: HttpResponse) -> SendResult:
    """Tell what Amazon's answer to a send means."""
    return read_answer(response)


def prepare(request: HttpRequest, credentials: SesCredentials) -> Dialogue[SesCredentials | Refused]:
    """Fetch the certificate that a message names, if everything else about the message could be right."""
    if credentials.signing_cert_pem is not None:
        return credentials
    try:
        notice = plausible_notice(request, credentials.topic_arns)
    except SignatureInvalid:
        return credentials  # verify says what is wrong with it
    found = yield from fetch_certificate(notice["SigningCertURL"])
    return found if isinstance(found, Refused) else credentials.model_copy(update={"signing_cert_pem": found})


def confirm(request: HttpRequest, credentials: SesCredentials) -> Dialogue[Refused | None]:
    """Confirm a subscription to one of our topics, as the verified message asks. Never after an unsubscription."""
    try:
        notice = read_notice(request.body)
    except PayloadMalformed:
        return None
    if notice["Type"] != SUBSCRIPTION:
        return None
    url = notice.get("SubscribeURL", "")
    if notice.get("TopicArn") not in credentials.topic_arns or not is_service_url(url):
        return Refused("confirmation_refused", "The subscription's topic or its URL is not the expected one.", False)
    response = yield HttpRequest("GET", url)
    if response.status // 100 == 2:
        return None
    return Refused(
        f"http_{response.status}",
        "Amazon SNS did not take the confirmation of the subscription; request it again in the console.",
        retryable=response.status >= 500,
    )


def complete(
    request: HttpRequest, credentials: SesCredentials, now: datetime
) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch a mail that a receipt rule put into S3."""
    try:
        post = _post(read_notice(request.body))
    except PayloadMalformed:
        return {}  # parse says what is wrong with it
    place = place_of(post) if post is not None and type_of(post) == "Received" and "content" not in post else None
    if place is None:
        return {}
    keys = credentials.keys()
    if keys is None:
        return Refused("credentials_incomplete", "The connection has no access key to fetch this mail from S3.", False)
    return (yield from fetch(place, keys, now))


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=SesCredentials,
    verify=verify,
    parse=parse,
    build=build,
    read=read,
    operations=Operations(prepare=prepare, confirm=confirm, complete=complete),
    setup=Setup(
        title="Amazon SES",
        summary="Mail through Amazon SES; Amazon SNS delivers what comes in and what became of what went out.",
        documentation="https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications.html",
        steps=(
            "In the SNS console create two *Standard* topics in the region of SES, one for mail that comes in and one "
            "for events, and enter their ARNs as `topic_arns`. One topic for both will do as well.",
            "Add a subscription to each topic: protocol *HTTPS*, endpoint `{hook_url}`, and leave **Enable raw message "
            "delivery** unchecked. The gateway confirms it by itself within a minute.",
            "For mail that comes in: let the MX record of the domain point to "
            "`10 inbound-smtp.REGION.amazonaws.com`. In the SES console under *Email receiving → Rule sets* create a "
            "rule for the mailbox with the action **Deliver to S3 bucket** and the topic for incoming mail. (The "
            "action *Publish to Amazon SNS topic*, with encoding **Base64**, needs no bucket, but bounces what is "
            "larger than 150 KB.)",
            "For news on mail that was sent: under *Configuration sets* create one, add an *Event destination* with "
            "all events and the topic for events, and enter the set's name as `configuration_set`. Don't switch on "
            "feedback notifications of the identity besides, or each event comes twice.",
            "Create an IAM user with the permissions `ses:SendEmail` and, for the bucket, `s3:GetObject`; enter its "
            "access key as `access_key_id` and `secret_access_key`, and the region of SES as `region`.",
            "Verify the sending domain under *Identities*, and leave the sandbox under *Account dashboard*.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@example.org",
        notes=(
            "Amazon replaces Message-ID and Date of mails that are sent.",
            "Switch no client-side encryption on for the bucket: such mail can't be read here.",
            "To have the topics sign with SHA-256, set their attribute SignatureVersion to 2, then switch "
            "`require_sha256` on.",
        ),
    ),
    capabilities=Capabilities(
        channels=("email",),
        media=("file",),
        most_files=50,
        quotes=True,
        read_receipts=True,
    ),
    settings=HttpMailSettings,
    refused_status=403,
    max_body=MAX_BODY,
    deferred=True,
)
