"""What the live part counts, for ``/metrics``."""

from prometheus_client import Counter, Gauge

SESSIONS = Gauge("postgate_live_sessions", "Open websockets and event streams.")
EVENTS = Counter("postgate_live_events_total", "Log entries handed to sessions.")
FRAMES = Counter("postgate_live_frames_total", "Frames written, one for each session and entry.")
RESYNCS = Counter("postgate_live_resyncs_total", "Clients asked to load afresh.", ["reason"])
HUNG_UP = Counter("postgate_live_hung_up_total", "Sessions closed by the server.", ["code"])
LAG = Gauge("postgate_live_lag_entries", "Log entries known to exist and not handed on yet, of all tenants.")
LISTENING = Gauge("postgate_live_listening", "1 while the listener is connected.")
RECONNECTS = Counter("postgate_live_listener_connects_total", "Connections that the listener has made.")
NOTIFY_QUEUE = Gauge("postgate_notification_queue_usage", "How full the notification queue of Postgres is, 0 to 1.")
WAKEUPS = Counter("postgate_live_wakeups_total", "Wake-ups sent to other processes.")
WAKEUPS_LOST = Counter("postgate_live_wakeups_lost_total", "Wake-ups that could not be sent; polling heals that.")
NEIGHBOURS = Gauge("postgate_live_neighbours", "1 while other processes are heard by way of Redis.")


def published(receivers: int) -> None:
    """Count an entry that was handed to some sessions; once for all of them, counting is not free."""
    EVENTS.inc()
    FRAMES.inc(receivers)
