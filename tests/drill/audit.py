"""The auditor: what was promised against what is there. Pure: each count is a function of what was collected."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.drill.evidence import Arrival, Evidence, Happened, Owed
from tests.drill.marks import tenant_of

#: Words for a message that was sent, as far as the gateway knows.
SENT = frozenset({"sent", "delivered", "read"})
#: Words for a message whose sending has not ended.
UNENDED = frozenset({"queued", "sending"})
#: After a fault it may take so long until what was under way is tried again: a lease of an endpoint, and some patience.
AFTERMATH_SECONDS = 30.0
#: The endpoint took it, but so late that the gateway did not wait for the answer any more.
LATE = "an answer that came too late"


@dataclass(frozen=True, slots=True)
class Doubled:
    """A delivery that was taken more than once.

    Attributes:
        endpoint: that took it.
        seq: of the event.
        first: when it was taken for the first time, in seconds after the load began.
        last: when it was taken for the last time.
        after: why: the answer came too late; or the fault in between, that kept the first success from being written
            down; None: nobody knows.
    """

    endpoint: str
    seq: int
    first: float
    last: float
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the auditor found. All but ``doubled`` and ``unknown`` has to be empty.

    Attributes:
        lost: what was acknowledged and is not there, or never went out.
        duplicated: what is there more than once, or went out more than once.
        holes: positions that a log lacks, or that a browser was not sent.
        wrong_tenant: what tells one tenant anything of another.
        stale: browsers whose state differs from a fresh load.
        undelivered: what an endpoint was owed and never took.
        doubled: what an endpoint took more than once, and why.
        disordered: what came to an endpoint that wants order before what it follows.
        misreported: answers that are said to have failed although the provider took them.
        unknown: answers of which the gateway says that nobody knows.
        unsettled: what still waits.
        troubles: what else went wrong.
    """

    lost: Sequence[str]
    duplicated: Sequence[str]
    holes: Sequence[str]
    wrong_tenant: Sequence[str]
    stale: Sequence[str]
    undelivered: Sequence[Owed]
    doubled: Sequence[Doubled]
    disordered: Sequence[str]
    misreported: Sequence[str]
    unknown: Sequence[str]
    unsettled: Sequence[str]
    troubles: Sequence[str]

    @property
    def passed(self) -> bool:
        """Whether everything is as promised."""
        return not any((
            self.lost, self.duplicated, self.holes, self.wrong_tenant, self.stale, self.undelivered, self.disordered,
            self.misreported, self.unsettled, self.troubles,
        ))  # fmt: skip


def audit(evidence: Evidence) -> Verdict:
    """Hold everything against everything."""
    statuses = {one.mark: one.status for one in evidence.stored if one.direction == "outbound"}
    return Verdict(
        lost=[*lost_messages(evidence), *lost_answers(evidence)],
        duplicated=[*duplicated_messages(evidence), *duplicated_answers(evidence), *duplicated_rows(evidence)],
        holes=list(holes(evidence)),
        wrong_tenant=list(wrong_tenant(evidence)),
        stale=[f"{one.name}: {one.difference}" for one in evidence.browsers if one.difference is not None],
        undelivered=undelivered(evidence),
        doubled=list(doubled(evidence)),
        disordered=list(disordered(evidence)),
        misreported=[mark for mark in evidence.answers if statuses.get(mark) == "failed" and evidence.taken[mark]],
        unknown=[mark for mark in evidence.answers if statuses.get(mark) == "unknown"],
        unsettled=[f"{number} {what}" for what, number in evidence.unsettled.items() if number],
        troubles=list(evidence.troubles),
    )


def lost_messages(evidence: Evidence) -> list[str]:
    """Return what providers were told is stored, and is not: not with this tenant."""
    there = {one.mark for one in evidence.stored if one.mark and one.tenant == tenant_of(one.mark)}
    return [
        f"{one.mark} ({one.provider}, acknowledged by {one.gateway} at {one.at:.1f} s)"
        for one in evidence.acknowledged
        if one.mark not in there
    ]


def lost_answers(evidence: Evidence) -> Iterator[str]:
    """Return what agents were told is accepted, and is not there, never ended, or never came to the provider."""
    there = {one.mark: one for one in evidence.stored if one.direction == "outbound"}
    for mark in evidence.answers:
        stored = there.get(mark)
        if stored is None:
            yield mark
        elif stored.status in UNENDED:
            yield f"{mark} ({stored.status})"
        elif stored.status in SENT and not evidence.taken[mark]:
            yield f"{mark} ({stored.status}, and the provider does not know it)"


def duplicated_messages(evidence: Evidence) -> list[str]:
    """Return texts that are stored more than once, in whichever direction."""
    times = Counter(one.mark for one in evidence.stored if one.mark)
    return sorted(f"{mark} ({number} rows)" for mark, number in times.items() if number > 1)


def duplicated_answers(evidence: Evidence) -> Iterator[str]:
    """Return answers that a provider took more than once, or whose repeated request was answered with another one."""
    for mark, number in evidence.taken.items():
        if number > 1:
            yield f"{mark} (sent {number} times)"
    for mark, ids in evidence.answers.items():
        if len(ids) > 1:
            yield f"{mark} ({len(ids)} ids for one key)"


def duplicated_rows(evidence: Evidence) -> list[str]:
    """Return what an endpoint is owed more than once."""
    return [f"event {seq} for {endpoint}" for (endpoint, seq), number in evidence.rows.items() if number > 1]


def holes(evidence: Evidence) -> Iterator[str]:
    """Return positions that are missing or taken twice, in logs and in what browsers were sent."""
    for tenant, seqs in evidence.seqs.items():
        times, head = Counter(seqs), max([*seqs, evidence.heads.get(tenant, 0)], default=0)
        yield from (f"{tenant}: {seq}" for seq in range(1, head + 1) if times[seq] != 1)
    for browser in evidence.browsers:
        yield from (f"{browser.name}: {came} after {held}" for held, came in browser.gaps)


def wrong_tenant(evidence: Evidence) -> Iterator[str]:
    """Return what came to somebody whose it is not, and all that came to the one that has no traffic."""
    for one in evidence.stored:
        if one.mark and one.tenant != tenant_of(one.mark):
            yield f"{one.mark} is stored with {one.tenant}"
    yield from (f"{number} rows of {table}" for table, number in evidence.foreign_rows.items() if number)
    yield from (
        f"{number} rows of {table} ({evidence.canary})" for table, number in evidence.canary_rows.items() if number
    )
    for browser in evidence.browsers:
        if browser.foreign:
            yield f"{browser.foreign} frames to {browser.name}"
    for arrival in evidence.arrivals:
        if arrival.foreign or arrival.tenant == evidence.canary:
            yield f"event {arrival.seq} came to {arrival.endpoint} of {arrival.tenant}"


def undelivered(evidence: Evidence) -> list[Owed]:
    """Return what has no delivery row, or never was taken."""
    taken = {(one.endpoint, one.seq) for one in evidence.arrivals if one.taken}
    return sorted(one for one in evidence.owed if one not in taken or one not in evidence.rows)


def doubled(evidence: Evidence) -> Iterator[Doubled]:
    """Return what was taken more than once, and why."""
    times: dict[Owed, list[float]] = defaultdict(list)
    refused: Counter[Owed] = Counter()
    for one in evidence.arrivals:
        owed = (one.endpoint, one.seq)
        if one.taken:
            times[owed].append(one.at)
        else:
            refused[owed] += 1
    for owed, moments in times.items():
        if len(moments) > 1:
            first, last = min(moments), max(moments)
            late = evidence.unanswered[owed] > refused[owed]
            yield Doubled(*owed, first, last, LATE if late else explanation(first, last, evidence.happened))


def explanation(first: float, last: float, happened: Sequence[Happened]) -> str | None:
    """Return the fault that kept the first success from being written down: the latest of those that may have."""
    near = [
        one
        for one in happened
        if one.target != "valkey" and one.began <= last and one.ended + AFTERMATH_SECONDS >= first
    ]
    return f"{near[-1].target} {near[-1].kind}" if near else None


def disordered(evidence: Evidence) -> Iterator[str]:
    """Return what was taken for the first time after something later of its conversation, where order is kept."""
    latest: dict[tuple[str, str], int] = {}
    seen: set[Owed] = set()
    for one in _ordered(evidence):
        if (one.endpoint, one.seq) in seen or one.conversation is None:
            continue
        seen.add((one.endpoint, one.seq))
        place = (one.endpoint, one.conversation)
        if one.seq < latest.get(place, 0):
            yield f"event {one.seq} came to {one.endpoint} after {latest[place]}"
        latest[place] = max(one.seq, latest.get(place, 0))


def _ordered(evidence: Evidence) -> Iterator[Arrival]:
    return (one for one in evidence.arrivals if one.taken and one.endpoint in evidence.ordered)


def counts(evidence: Evidence, verdict: Verdict) -> dict[str, Any]:
    """Return the counts that a report gives first."""
    return {
        "acknowledged": len(evidence.acknowledged) + len(evidence.answers),
        "faults": len(evidence.happened),
        "lost": len(verdict.lost),
        "duplicated": len(verdict.duplicated),
        "holes": len(verdict.holes),
        "wrong_tenant": len(verdict.wrong_tenant),
        "stale_browsers": len(verdict.stale),
        "deliveries_lost": len(verdict.undelivered),
        "deliveries_doubled": len(verdict.doubled),
    }
