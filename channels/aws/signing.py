"""Signature Version 4, which Amazon wants on every request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

from channels.http import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-_.~"
STORAGE = "s3"


@dataclass(frozen=True, slots=True)
class Keys:
    """The access key of an IAM user, and where it is used."""

    access_key_id: str
    secret_access_key: str
    region: str


def signed(request: HttpRequest, keys: Keys, service: str, now: datetime) -> HttpRequest:
    """Return a request with its signature; all its headers are signed.

    Args:
        request: its URL is escaped as it is to be sent, and its path has no ``.`` or ``..``.
        keys: whose request it is.
        service: such as ``ses`` or ``s3``, which signs a hash of the body as a header besides.
        now: the time that it is sent at; Amazon takes it for 5 minutes, S3 for 15.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(request.body).hexdigest()
    added = {"host": urlsplit(request.url).netloc, "x-amz-date": stamp}
    headers = request.headers.with_fields(added | ({"x-amz-content-sha256": payload} if service == STORAGE else {}))
    fields = sorted((name, " ".join(value.split())) for name, value in headers.as_dict().items())
    names = ";".join(name for name, _ in fields)
    lines = [f"{name}:{value}\n" for name, value in fields]
    canonical = "\n".join((request.method, *_place(request.url, service), "".join(lines), names, payload))
    scope = f"{stamp[:8]}/{keys.region}/{service}/aws4_request"
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.digest(_key(keys, stamp[:8], service), text.encode(), "sha256").hex()
    proof = f"{ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return replace(request, headers=headers.with_fields({"authorization": proof}))


def escaped(text: str, *, slashes: bool = False) -> str:
    """Escape a text for a URL as Amazon does before it signs; ``slashes`` leaves those as they are."""
    return quote(text, safe=UNRESERVED + ("/" if slashes else ""))


def _place(url: str, service: str) -> tuple[str, str]:
    """Return the path, which all services but S3 escape twice, and the query in order."""
    parts = urlsplit(url)
    path = parts.path or "/"
    pairs = sorted(
        tuple(escaped(unquote(text)) for text in pair.partition("=")[::2]) for pair in parts.query.split("&")
    )
    query = "&".join(f"{name}={value}" for name, value in pairs if name)
    return path if service == STORAGE else escaped(path, slashes=True), query


def _key(keys: Keys, day: str, service: str) -> bytes:
    key = b"AWS4" + keys.secret_access_key.encode()
    for part in (day, keys.region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
