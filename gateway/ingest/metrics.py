"""What ingest counts, for ``/metrics``."""

from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from gateway.model.log import Entry

WEBHOOKS = Counter("postgate_webhooks_total", "Webhooks by provider and answer.", ["provider", "status"])
UNROUTED = Counter("postgate_unrouted_total", "Changes of shared apps that no tenant owns.", ["provider"])
REUSED = Counter("postgate_webhooks_reused_total", "Webhooks dropped: an old proof under another body.", ["provider"])
ASKED = Counter(
    "postgate_webhook_questions_total", "Asked of providers for webhooks.", ["provider", "operation", "result"]
)
COMMITS = Counter("postgate_ingest_commits_total", "Commits of the ingest writer.")
STORED = Counter("postgate_ingest_webhooks_total", "Webhooks committed.")
ENTRIES = Counter("postgate_log_entries_total", "Log entries written by ingest.")
GROUP = Histogram("postgate_ingest_group_size", "Webhooks per commit.", buckets=(1, 2, 4, 8, 16, 32, 64))

_answers: dict[tuple[str, int], Counter] = {}


def answered(provider: str, status: int) -> None:
    """Count an answer to a webhook."""
    counter = _answers.get((provider, status))
    if counter is None:
        counter = _answers[provider, status] = WEBHOOKS.labels(provider, str(status))
    counter.inc()


def committed(webhooks: int, entries: Sequence[Entry]) -> None:
    """Count a commit."""
    COMMITS.inc()
    STORED.inc(webhooks)
    ENTRIES.inc(len(entries))
    GROUP.observe(webhooks)
