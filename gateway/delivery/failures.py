"""Why a request to a receiver brought no answer: a stable word for filters, and words for people."""

import os
import ssl

from aiohttp import ServerDisconnectedError
from aiohttp.http import HttpProcessingError

from gateway.delivery.dialling import Step, Trip
from gateway.outgoing.egress import AddressBlocked
from gateway.outgoing.target import UrlUnusable

#: The words that ``failure_of`` uses. docs/deliveries.md tells all kinds: an answer has others (``verdict.judge``).
KINDS = (
    "blocked",  # the guard doesn't let anybody call it
    "dns",  # the name has no address, or nobody answers for it
    "connect",  # nobody takes the connection
    "connect_timeout",  # nobody took it in time
    "tls",  # the certificate is no good, or TLS failed otherwise
    "timeout",  # connected, but there was no answer in time
    "reset",  # the connection broke before there was an answer
    "protocol",  # what came is not HTTP
    "too_many_headers",  # what came before the answer's body is too much
    "request",  # the request can't be made: a header that HTTP does not allow
    "internal",  # a mistake of ours, which is in the log
)
IN_TIME = {
    Step.QUEUED: ("connect_timeout", "no connection was free in time"),
    Step.RESOLVING: ("dns", "the name was not looked up in time"),
    Step.CONNECTING: ("connect_timeout", "no connection in time"),
    Step.SHAKING: ("connect_timeout", "no TLS in time"),
    Step.ASKING: ("timeout", "no answer in time"),
}
#: What it means that the system reports an error, by how far it had come.
BROKEN = {
    Step.QUEUED: ("connect", "no connection"),
    Step.RESOLVING: ("dns", "the name has no address"),
    Step.CONNECTING: ("connect", "no connection"),
    Step.SHAKING: ("tls", "TLS failed"),
    Step.ASKING: ("reset", "the connection broke"),
}
#: How messages of the client begin when a header is too long, or there are too many.
TOO_MUCH = ("Got more than", "Too many")


def failure_of(error: Exception, trip: Trip) -> tuple[str, str]:
    """Return the kind and the words; these hold nothing of what was sent or received."""
    if trip.line is not None and trip.line.flooded:
        return "too_many_headers", "too much came before the answer"
    match error:
        case TimeoutError():
            found = IN_TIME[trip.step]
        case UrlUnusable() | AddressBlocked():
            found = "blocked", str(error)
        case HttpProcessingError() if error.message.startswith(TOO_MUCH):
            found = "too_many_headers", "the answer's headers are too many or too long"
        case HttpProcessingError():
            found = "protocol", "the answer is not valid HTTP"
        case ServerDisconnectedError():
            found = "reset", "the connection was closed before there was an answer"
        case ssl.SSLCertVerificationError():
            found = "tls", _certificate(error)
        case OSError():
            kind, words = BROKEN[trip.step]
            found = kind, f"{words}: {_reason(error)}"
        case ValueError() | TypeError():
            found = "request", "the request can't be made: look at the URL and the headers"
        case _:
            found = "internal", "the gateway failed; its log tells more"
    return found


def is_stale(error: Exception, trip: Trip) -> bool:
    """Tell whether a connection that was kept broke before anything came: the receiver had given it up meanwhile."""
    broke = isinstance(error, ServerDisconnectedError | OSError) and not isinstance(error, TimeoutError)
    return broke and trip.reused and trip.line is not None and trip.line.first_at is None


def _certificate(error: Exception) -> str:
    told = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
    return f"the certificate is no good: {told}"


def _reason(error: OSError) -> str:
    """Say what the system says, without addresses and names."""
    if isinstance(error, ssl.SSLError):
        return str(error.reason).replace("_", " ").lower()
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return (error.strerror or type(error).__name__).lower()
