"""Which URLs are Amazon SNS's own. Whoever signs with a certificate from elsewhere is somebody else.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import re
from urllib.parse import SplitResult, urlsplit

#: The middle is a region. Anything looser lets in ``sns.s3.amazonaws.com`` and ``sns.s3-us-west-2.amazonaws.com``,
#: which are the files of whoever owns the bucket called "sns".
HOST = re.compile(r"sns\.([a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2})\.amazonaws\.com(?:\.cn)?")
LONGEST = 2000


def is_certificate_url(url: str) -> bool:
    """Tell whether a signing certificate may be at a URL."""
    parts = _parts(url)
    return parts is not None and not parts.query and parts.path.endswith(".pem") and "?" not in url and "#" not in url


def is_service_url(url: str) -> bool:
    """Tell whether a URL is one of SNS itself."""
    return _parts(url) is not None


def _parts(url: str) -> SplitResult | None:
    """Take a URL apart; None unless it is https and its host, with nothing before or behind it, is SNS'."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme == "https" and HOST.fullmatch(parts.netloc) is not None else None
