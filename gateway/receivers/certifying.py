"""Posting the probes to a receiver, one after the other."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from channels.http import NO_ANSWER, HttpRequest, HttpResponse
from gateway.receivers.findings import Certificate, Finding, finding
from gateway.receivers.probes import Probe


async def certify(
    url: str,
    probes: Sequence[Probe],
    send: Callable[[HttpRequest], Awaitable[HttpResponse]],
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> Certificate:
    """Post probes; where the first gets no answer, the others are left out.

    Args:
        url: of the receiver.
        probes: the first of them is one that has to be taken.
        send: makes a request, and never raises.
        now: the clock that time-stamps are of.
        monotonic: tells how long an answer took, in seconds.

    Raises:
        SignatureInvalid: when the secret can't be read.
    """
    findings: list[Finding] = []
    for probe in probes:
        began = monotonic()
        response = await send(probe.request(url, now()))
        findings.append(finding(probe, response, monotonic() - began))
        if len(findings) == 1 and response.status == NO_ANSWER:
            return Certificate(url, reached=response.sent, findings=findings)
    return Certificate(url, reached=True, findings=findings)
