"""Which measurement gives which rows."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.results import Line
from benchmarks.rows import (
    adapters,
    audit,
    correctness,
    deliveries,
    fanout,
    grouping,
    ingest,
    latency,
    memory,
    noisy,
    one_tenant,
    overload,
    page,
    personal,
    queries,
    scale,
    single_inserts,
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Gives some rows; all of them at once, also when only one is asked for."""

    rows: Sequence[int]
    title: str
    measure: Callable[[Bench], Awaitable[list[Line]]]


MEASUREMENTS = (
    Measurement((1, 3), "Ingest at 32 connections", ingest.at_few),
    Measurement((2,), "Ingest at 128 connections", ingest.at_many),
    Measurement((4,), "Ingest against single inserts", single_inserts.against_single_inserts),
    Measurement((5,), "One tenant against many", one_tenant.hot_against_many),
    Measurement((6,), "From POST to frame", latency.push_against_notification),
    Measurement((7,), "Fan-out", fanout.hub_against_transports),
    Measurement((8,), "Memory of idle websockets", memory.socket_against_bare),
    Measurement((9, 10, 105), "Deliveries", deliveries.deliveries),
    Measurement((106,), "A noisy neighbour", noisy.noisy_neighbour),
    Measurement((107,), "Ten times the load", overload.offered_far_more),
    Measurement((101,), "Group commit", grouping.group_against_single_commits),
    Measurement((102,), "Reading webhooks", adapters.adapters_against_bare_parsing),
    Measurement((103, 104), "The page", page.load_and_pass_by),
    Measurement((108,), "The audit", audit.with_and_without),
    Measurement((109,), "Finding personal data", personal.found_of_labelled),
    Measurement((11,), "Queries under row-level security", queries.under_policies),
    Measurement((12,), "A large tenant against a small one", scale.large_against_small),
    # Last, since it accounts for all that went before.
    Measurement((13,), "Accounting for all rounds", correctness.account),
)
