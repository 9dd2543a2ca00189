"""What a drill has collected when it is over: the material of the audit."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

#: An endpoint, by its id, and the position of an event in its tenant's log.
Owed = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault that was carried out.

    Attributes:
        target: what it was done to.
        kind: what was done.
        began: seconds after the load began.
        ended: when it was brought back, or woke up; it may have needed longer until it worked again.
    """

    target: str
    kind: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A message that a provider was told is stored.

    Attributes:
        mark: in its text.
        provider: that posted it.
        gateway: that answered.
        at: seconds after the load began.
    """

    mark: str
    provider: str
    gateway: str
    at: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as the database has it.

    Attributes:
        tenant: whose it is.
        id: its id, as the API shows it.
        direction: inbound or outbound.
        status: what became of it.
        mark: the first mark in its text; None: there is none.
    """

    tenant: str
    id: str
    direction: str
    status: str
    mark: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that came to an integrator.

    Attributes:
        tenant: whose endpoint it came to.
        endpoint: its id.
        seq: of the event.
        conversation: that it is about, if any.
        at: seconds after the load began.
        taken: whether it was answered with 2xx.
        foreign: whether it tells anything of another tenant.
    """

    tenant: str
    endpoint: str
    seq: int
    conversation: str | None
    at: float
    taken: bool
    foreign: bool


@dataclass(frozen=True, slots=True)
class Browsed:
    """What a browser saw.

    Attributes:
        name: of the browser.
        visits: how often it was let in.
        frames: how many events it was sent.
        gaps: for each event that did not follow the one before: what it held, and what came.
        foreign: how many frames told anything of another tenant.
        difference: in what its state differs from a fresh load; None: in nothing.
    """

    name: str
    visits: int
    frames: int
    gaps: Sequence[tuple[int, int]]
    foreign: int
    difference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it. Tenants are given by their short names.

    Attributes:
        acknowledged: the messages that providers posted and that were answered with 2xx.
        answers: marks of what agents wrote and was answered with 201, with the ids that they were told.
        taken: how often providers took a message of an agent, by its mark.
        stored: all messages.
        seqs: the positions in each tenant's log.
        heads: the last position that was given, for each tenant.
        foreign_rows: for each table, how many rows of it tell anything of another tenant.
        canary_rows: for each table, how many rows the tenant without any traffic has got since the start.
        canary: its name.
        browsers: what each saw.
        owed: what each endpoint has to get.
        rows: how many delivery rows there are for what.
        unanswered: how many attempts of what are written down as having got no answer.
        arrivals: what came, in the order in which it came.
        ordered: endpoints that want a conversation's events one after the other.
        happened: faults.
        unsettled: what still waits for something, although all is well again and there was time: what, how many.
        troubles: what else went wrong, in words: processes that ended by themselves, or did not stop.
        traces: of messages that were lost or doubled: what the raw ledger and the messages say of them, in words.
    """

    acknowledged: Sequence[Acknowledged] = ()
    answers: Mapping[str, Set[str]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    stored: Sequence[Stored] = ()
    seqs: Mapping[str, Sequence[int]] = field(default_factory=dict)
    heads: Mapping[str, int] = field(default_factory=dict)
    foreign_rows: Mapping[str, int] = field(default_factory=dict)
    canary_rows: Mapping[str, int] = field(default_factory=dict)
    canary: str = ""
    browsers: Sequence[Browsed] = ()
    owed: Set[Owed] = frozenset()
    rows: Counter[Owed] = field(default_factory=Counter)
    unanswered: Counter[Owed] = field(default_factory=Counter)
    arrivals: Sequence[Arrival] = ()
    ordered: Set[str] = frozenset()
    happened: Sequence[Happened] = ()
    unsettled: Mapping[str, int] = field(default_factory=dict)
    troubles: Sequence[str] = ()
    traces: Sequence[str] = ()
