"""What the live part counts, for ``/metrics``."""

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Gauge("postgate_live_sessions", "Open websockets and event streams.")
EVENTS = Counter("postgate_live_events_total", "Log entries handed to sessions.")
FRAMES = Counter("postgate_live_frames_total", "Frames written, one for each session and entry.")
FRAME_SECONDS = Histogram(
    "postgate_live_frame_seconds",
    "From the time of a log entry to its frame on the sockets that are up to date.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
SCREEN_SECONDS = Histogram(
    "postgate_message_screen_seconds",
    "From the provider's time of a customer's message, which is often told in whole seconds, to its frame on sockets.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0),
)
FELL_BEHIND = Counter(
    "postgate_live_fell_behind_total", "Times that a session could not take a frame, and read the log."
)
RESYNCS = Counter("postgate_live_resyncs_total", "Clients asked to load afresh.", ["reason"])
HUNG_UP = Counter("postgate_live_hung_up_total", "Sessions closed by the server.", ["code"])
LAG = Gauge("postgate_live_lag_entries", "Log entries known to exist and not handed on yet, of all tenants.")
LISTENING = Gauge("postgate_live_listening", "1 while the listener is connected.")
RECONNECTS = Counter("postgate_live_listener_connects_total", "Connections that the listener has made.")
NOTIFY_QUEUE = Gauge("postgate_notification_queue_usage", "How full the notification queue of Postgres is, 0 to 1.")
WAKEUPS = Counter("postgate_live_wakeups_total", "Wake-ups sent to other processes, by redis or notify.", ["by"])
WAKEUPS_LOST = Counter("postgate_live_wakeups_lost_total", "Wake-ups that could not be sent; polling heals that.")
REDIS_CONNECTS = Counter("postgate_live_redis_connects_total", "How often the connection to Redis was made.")
NEIGHBOURS = Gauge("postgate_live_neighbours", "1 while other processes are heard by way of Redis.")


def published(receivers: int) -> None:
    """Count an entry that was handed to some sessions; once for all of them, counting is not free."""
    EVENTS.inc()
    FRAMES.inc(receivers)
