"""What ingest counts, for ``/metrics``."""

import time
from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

from gateway.ingest.webhook import Webhook
from gateway.model.log import Entry

UNROUTED = Counter("postgate_unrouted_total", "Changes of shared apps that no tenant owns.", ["provider"])
REUSED = Counter("postgate_webhooks_reused_total", "Webhooks dropped: an old proof under another body.", ["provider"])
ASKED = Counter(
    "postgate_webhook_questions_total", "Asked of providers for webhooks.", ["provider", "operation", "result"]
)
SHED = Counter(
    "postgate_webhooks_shed_total",
    "Webhooks refused unread: too many waited (overloaded), or of one tenant.",
    ["reason"],
)
COMMITS = Counter("postgate_ingest_commits_total", "Commits of the ingest writer.")
STORED = Counter("postgate_ingest_webhooks_total", "Webhooks committed.")
ENTRIES = Counter("postgate_log_entries_total", "Log entries written by ingest.")
SECONDS = Histogram(
    "postgate_ingest_commit_seconds",
    "From a webhook's arrival to its commit; of each commit the webhook that waited longest.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
WAITING = Gauge("postgate_ingest_waiting", "Webhooks that wait for a commit, of each writer.", ["writer"])
UNSTORED = Counter(
    "postgate_ingest_unstored_total", "Items that no row was made of: ignored or quarantined.", ["provider", "state"]
)
GROUP = Histogram("postgate_ingest_group_size", "Webhooks per commit.", buckets=(1, 2, 4, 8, 16, 32, 64))


def committed(webhooks: Sequence[Webhook], entries: Sequence[Entry]) -> None:
    """Count a commit; once for all webhooks in it, counting is not free."""
    COMMITS.inc()
    STORED.inc(len(webhooks))
    ENTRIES.inc(len(entries))
    GROUP.observe(len(webhooks))
    for webhook in webhooks:
        for item in webhook.unstored:
            UNSTORED.labels(webhook.provider, item.state).inc()
    waited = [webhook.received_at for webhook in webhooks if not webhook.known]
    if waited:
        SECONDS.observe(max(time.time() - min(waited).timestamp(), 0.0))
