"""Amazon SNS's signing certificate: what it has to be, and where it comes from."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from channels.errors import SignatureInvalid
from channels.http import Headers, HttpRequest
from channels.operations import Dialogue
from channels.outbound import Refused

NAME = "sns.amazonaws.com"
LARGEST = 16 * 1024
#: One certificate, with nothing before, between or behind.
PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*")


def signing_key(pem: str, url: str, now: datetime) -> RSAPublicKey:
    """Return the key of a certificate that came from ``url``.

    Raises:
        SignatureInvalid: it is none, not valid now, or not SNS'.
    """
    if len(pem) > LARGEST or PEM.fullmatch(pem) is None:
        raise SignatureInvalid("certificate_malformed", "the signing certificate is not one certificate in PEM")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
        key = certificate.public_key()
        names = set(_names(certificate))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureInvalid("certificate_malformed", "the signing certificate can't be read") from error
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SignatureInvalid("certificate_expired", "the signing certificate is not valid at this time")
    if not isinstance(key, RSAPublicKey) or names.isdisjoint({NAME, urlsplit(url).netloc}):
        raise SignatureInvalid("certificate_foreign", "the signing certificate is not Amazon SNS'")
    return key


def fetch_certificate(url: str) -> Dialogue[str | Refused]:
    """Fetch a certificate; the caller has checked that the URL is SNS' own."""
    response = yield HttpRequest("GET", url, Headers.of({"accept": "*/*"}))
    if response.status == 200 and len(response.body) <= LARGEST:
        pem = response.body.decode("ascii", "replace")
        if PEM.fullmatch(pem) is not None:
            return pem
    return Refused("certificate_unavailable", "Amazon's signing certificate could not be fetched.", retryable=True)


def _names(certificate: x509.Certificate) -> Iterator[str]:
    for attribute in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME):
        yield str(attribute.value).lower()
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return
    yield from (name.lower() for name in alternatives.value.get_values_for_type(x509.DNSName))
