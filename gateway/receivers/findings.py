"""What a receiver's answers mean, in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from channels.http import NO_ANSWER, HttpResponse
from gateway.receivers.probes import Probe

#: Seconds: longer than this is told, longer than that is a failure.
SLOW_SECONDS = 3.0
LIMIT_SECONDS = 15.0

#: What each probe is, and what to do where the answer is wrong.
POINTS: Mapping[str, tuple[str, str]] = {
    "genuine": (
        "a genuine event",
        "Verify with exactly this secret: the key is what the base64 behind whsec_ stands for. Sign the raw bytes of"
        " the body, and answer 2xx.",
    ),
    "repeated": (
        "the same event again",
        "Every event may come twice. Know it by its webhook-id, do nothing, and answer 2xx.",
    ),
    "rotated": (
        "an event signed with two secrets",
        "webhook-signature may hold several signatures with blanks between them; one that fits is enough.",
    ),
    "large": (
        "a large event (256 KiB)",
        "Raise the limit for bodies of your web server or framework; events may hold long mails.",
    ),
    "unknown_type": (
        "an event of an unknown type",
        "Answer 2xx to types that you don't use: new ones come without notice.",
    ),
    "stale": (
        "an event that was signed ten minutes ago",
        "Refuse a webhook-timestamp that is more than five minutes off your clock: what was once sent could be sent"
        " again by anybody who saw it.",
    ),
    "tampered": (
        "an event whose body was changed",
        "Compare the signature with one computed over webhook-id, webhook-timestamp and the raw body.",
    ),
    "wrong_secret": (
        "an event signed with a stranger's secret",
        "Compare the signature with one computed with your own secret, in constant time.",
    ),
    "unsigned": (
        "an event without a signature",
        "Refuse what carries no webhook-signature.",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a probe.

    Attributes:
        point: the probe's name.
        passed: whether the answer is right.
        status: of the answer; None when there was none.
        milliseconds: how long it took.
        said: what was sent and what came back, a sentence.
        advice: what to do; None when there is nothing.
    """

    point: str
    passed: bool
    status: int | None
    milliseconds: int
    said: str
    advice: str | None


def finding(probe: Probe, response: HttpResponse, seconds: float) -> Finding:
    """Judge an answer."""
    name, advice = POINTS[probe.name]
    status = None if response.status == NO_ANSWER else response.status
    passed = status is not None and (200 <= status < 300 if probe.genuine else 400 <= status < 500)
    answered = f"no answer: {response.failure}" if status is None else f"answered {status}"
    wanted = "" if passed else f", should be {'2xx' if probe.genuine else '4xx'}"
    return Finding(
        point=probe.name,
        passed=passed,
        status=status,
        milliseconds=round(seconds * 1000),
        said=f"{name}: {answered}{wanted}",
        advice=None if passed else _advice(response, seconds, advice),
    )


def _advice(response: HttpResponse, seconds: float, otherwise: str) -> str:
    if not response.sent:
        return (
            "Nobody was reached: look at the URL, and whether it can be called from here. Networks inside, and plain"
            " http, are called only if POSTGATE_ALLOW_PRIVATE names them."
        )
    if response.status == NO_ANSWER and seconds >= LIMIT_SECONDS:
        return f"Answer within {LIMIT_SECONDS:.0f} seconds: store the event, answer 2xx, and work afterwards."
    if response.status == NO_ANSWER:
        return "Answer every request, also one that you refuse; don't hang up."
    if 300 <= response.status < 400:
        return "Redirects are not followed: certify, and register, the URL that it leads to."
    if response.status >= 500:
        return f"This looks like a fault of the receiver itself; see its log. {otherwise}"
    return otherwise


@dataclass(frozen=True, slots=True)
class Certificate:
    """The verdict on a receiver.

    Attributes:
        url: that was called.
        reached: whether there was anybody.
        findings: of each probe that was posted.
    """

    url: str
    reached: bool
    findings: Sequence[Finding]

    @property
    def certified(self) -> bool:
        """Whether all is right."""
        return self.reached and len(self.findings) == len(POINTS) and all(one.passed for one in self.findings)

    @property
    def warnings(self) -> Sequence[str]:
        """What is right but could be better."""
        slow = [one for one in self.findings if one.status is not None and one.milliseconds > SLOW_SECONDS * 1000]
        return [
            f"{one.point} took {one.milliseconds / 1000:.1f} s, and fails from {LIMIT_SECONDS:.0f} s on: answer first,"
            " and work afterwards"
            for one in slow
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "url": self.url,
            "certified": self.certified,
            "reached": self.reached,
            "points": [asdict(one) for one in self.findings],
            "warnings": self.warnings,
        }
