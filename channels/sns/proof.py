"""How Amazon SNS proves what it posts.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html

An RSA signature over some texts of the body, by a key whose certificate is at a URL that the body names. It proves
that SNS sent it, for whichever of its customers: only the topic tells for whom. The headers are not signed.
"""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from channels.errors import PayloadMalformed, SignatureInvalid
from channels.http import Headers, HttpRequest
from channels.sns.certificates import signing_key
from channels.sns.notices import NOTIFICATION, Notice, read_notice
from channels.sns.urls import is_certificate_url

#: Version 1 signs with SHA-1; it is what a topic does unless it was told otherwise.
HASHES = {"1": SHA1, "2": SHA256}
SIGNED_OF_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
SIGNED_OF_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
HEADERS = {
    "x-amz-sns-message-type": "Type",
    "x-amz-sns-message-id": "MessageId",
    "x-amz-sns-topic-arn": "TopicArn",
}
SUBSCRIPTION_HEADER = "x-amz-sns-subscription-arn"
OPTIONAL = "Subject"
#: Asterisks stand for these where a console only shows a message.
HIDDEN = ("Signature", "Token", "SubscribeURL")


def plausible_notice(request: HttpRequest, topics: Collection[str]) -> Notice:
    """Return a post that names a topic of ours and a certificate of SNS'. Its signature is still to be checked.

    Raises:
        SignatureInvalid: it doesn't, or its headers say something else than its body.
    """
    try:
        notice = read_notice(request.body)
    except PayloadMalformed as error:
        raise SignatureInvalid(error.code, error.detail) from error
    if any(notice.get(name) and not notice[name].strip("*") for name in HIDDEN):
        raise SignatureInvalid("values_hidden", "the values are hidden by asterisks; confirm from the real message")
    _require_same(request.headers, notice)
    if notice.get("TopicArn") not in topics:
        raise SignatureInvalid("topic_unknown", "the message is from a topic that is none of this connection's")
    if notice.get("SignatureVersion") not in HASHES:
        raise SignatureInvalid("signature_version", "the signature is of a version that is not known")
    if not is_certificate_url(notice.get("SigningCertURL", "")):
        raise SignatureInvalid("certificate_url", "the signing certificate is not at a URL of Amazon SNS")
    return notice


def require_signature(notice: Notice, pem: str, now: datetime, *, sha256_only: bool) -> None:
    """Check a post's signature with the certificate from the URL that it names.

    Raises:
        SignatureInvalid: the certificate or the signature is not right.
    """
    version = notice["SignatureVersion"]
    if sha256_only and version != "2":
        raise SignatureInvalid("signature_version", "this connection takes signatures with SHA-256 only")
    key = signing_key(pem, notice["SigningCertURL"], now)
    try:
        signature = base64.b64decode(notice.get("Signature", "").encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise SignatureInvalid("signature_malformed", "the signature isn't base64") from error
    try:
        key.verify(signature, _signed_text(notice), PKCS1v15(), HASHES[version]())
    except InvalidSignature as error:
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the message") from error


def _require_same(headers: Headers, notice: Notice) -> None:
    """Check that unsigned headers, by which others may have sorted the post, agree with what is signed."""
    for header, name in HEADERS.items():
        if header in headers and headers.get(header) != notice.get(name):
            raise SignatureInvalid("header_mismatch", f"the header {header} says something else than the body")
    subscription = headers.get(SUBSCRIPTION_HEADER)
    if subscription and not subscription.startswith(f"{notice.get('TopicArn')}:"):
        raise SignatureInvalid("header_mismatch", f"the header {SUBSCRIPTION_HEADER} is of another topic")


def _signed_text(notice: Notice) -> bytes:
    names = SIGNED_OF_NOTIFICATION if notice["Type"] == NOTIFICATION else SIGNED_OF_CONFIRMATION
    missing = [name for name in names if name not in notice and name != OPTIONAL]
    if missing:
        raise SignatureInvalid("field_missing", f"the message lacks {', '.join(missing)}")
    return "".join(f"{name}\n{notice[name]}\n" for name in names if name in notice).encode("utf-8", "surrogatepass")
