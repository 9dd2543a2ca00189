"""What comes of messages that are sent, for ``/metrics``."""

from prometheus_client import Counter, Gauge, Histogram

OUTCOMES = Counter(
    "postgate_sending_attempts_total",
    "Attempts to send a message: accepted, again, failed, unknown, or lost (somebody else has it by now).",
    ["provider", "outcome"],
)
SECONDS = Histogram(
    "postgate_sending_seconds",
    "From the click to the provider's word, of accepted messages.",
    ["provider"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0),
)
QUEUED = Gauge("postgate_sending_queued", "Messages that wait to be sent, of all tenants.")
IN_FLIGHT = Gauge("postgate_sending_in_flight", "Messages that some worker is sending.")
OVERDUE = Gauge("postgate_sending_overdue_seconds", "How long the oldest message that is due has waited.")
