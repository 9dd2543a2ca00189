"""What comes of deliveries, for ``/metrics``."""

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter(
    "postgate_delivery_attempts_total",
    "Attempts to deliver an event: success, failure, limited (the receiver asked to wait) or gone (410).",
    ["outcome"],
)
LOST = Counter(
    "postgate_delivery_lost_total",
    "Attempts that were not written down, since somebody else serves the endpoint by now: they are made again.",
)
ERRORS = Counter("postgate_delivery_errors_total", "Attempts that failed, by the kind of error.", ["kind"])
EXHAUSTED = Counter("postgate_delivery_exhausted_total", "Deliveries that were given up after their last attempt.")
SECONDS = Histogram(
    "postgate_delivery_seconds",
    "From an event's entry in the log to the receiver's word, of first attempts that succeeded.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0),
)
IN_FLIGHT = Gauge("postgate_delivery_in_flight", "Attempts that this process has under way.")
LANES = Gauge("postgate_delivery_endpoints", "Endpoints that this process serves.")
WAITING = Gauge("postgate_delivery_endpoints_waiting", "Endpoints of all tenants that are owed something now.")
OVERDUE = Gauge("postgate_delivery_overdue_seconds", "How long the oldest delivery that is due has waited.")
