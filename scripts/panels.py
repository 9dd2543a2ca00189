"""What the dashboard shows: a panel is a line or two here, and some fifty in Grafana's own form."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.promql import Line, connections, gauge, quantile, quantiles, rate


@dataclass(frozen=True)
class Panel:
    """A picture of some lines.

    Attributes:
        unit: of Grafana's: s, ops, short, percentunit, bytes, Bps.
        what: what one sees, and from when on it is trouble.
        kind: timeseries, stat or heatmap.
        width: of 24.
    """

    title: str
    unit: str
    what: str
    lines: Sequence[Line]
    kind: str = "timeseries"
    width: int = 8


UNAVAILABLE = rate("postgate_webhooks_total", only='status=~"5.."')
ROWS: Sequence[tuple[str, Sequence[Panel]]] = (
    (
        "At a glance",
        (
            Panel(
                "Processes",
                "short",
                "That answer. Fewer than you run: somebody is away.",
                [Line('sum(up{job="$job"})', "up")],
                "stat",
                4,
            ),
            Panel("Webhooks", "reqps", "Answered in a second.", [Line(rate("postgate_webhooks_total"), "")], "stat", 4),
            Panel(
                "Not taken",
                "percentunit",
                "Answered 5xx; their providers come again. Anything but 0 is trouble.",
                [Line(f"({UNAVAILABLE} or vector(0)) / {rate('postgate_webhooks_total')}", "")],
                "stat",
                4,
            ),
            Panel(
                "To the screen, p95",
                "s",
                "From the provider's time to the frame; providers tell whole seconds.",
                [Line(quantile(0.95, "postgate_message_screen_seconds"), "")],
                "stat",
                4,
            ),
            Panel(
                "Sockets",
                "short",
                "Open websockets and streams.",
                [Line(gauge("postgate_live_sessions"), "")],
                "stat",
                4,
            ),
            Panel(
                "Oldest due",
                "s",
                "The message or delivery that has waited longest.",
                [
                    Line(
                        f"max({gauge('postgate_sending_overdue_seconds', 'max')} or "
                        f"{gauge('postgate_delivery_overdue_seconds', 'max')})",
                        "",
                    )
                ],
                "stat",
                4,
            ),
        ),
    ),
    (
        "Ingest",
        (
            Panel(
                "Webhooks by answer",
                "reqps",
                "2xx are taken, 401 are forged, 503 come again.",
                [Line(rate("postgate_webhooks_total", "status"), "{{status}}")],
            ),
            Panel(
                "Webhooks by provider",
                "reqps",
                "All answers.",
                [Line(rate("postgate_webhooks_total", "provider"), "{{provider}}")],
            ),
            Panel(
                "Received to committed",
                "s",
                "Of each commit the webhook that waited longest.",
                quantiles("postgate_ingest_commit_seconds", 0.5, 0.95, 0.99),
            ),
            Panel(
                "Webhooks per commit",
                "short",
                "64 is full: the writer is the bottleneck.",
                quantiles("postgate_ingest_group_size", 0.5, 0.95),
            ),
            Panel(
                "Waiting for a commit",
                "short",
                "Beyond the limit of the queue webhooks are answered 503.",
                [Line(gauge("postgate_ingest_waiting", by="writer"), "{{writer}}")],
            ),
            Panel(
                "Set aside",
                "ops",
                "Items that no row was made of: quarantined ones wait for a look.",
                [Line(rate("postgate_ingest_unstored_total", "provider, state"), "{{provider}} {{state}}")],
            ),
        ),
    ),
    (
        "Live",
        (
            Panel(
                "Provider to screen",
                "s",
                "From the provider's time to the frame.",
                quantiles("postgate_message_screen_seconds", 0.5, 0.95, 0.99),
            ),
            Panel(
                "Log to frame",
                "s",
                "From the entry of the log to the frame.",
                quantiles("postgate_live_frame_seconds", 0.5, 0.95, 0.99),
            ),
            Panel(
                "Entries and frames",
                "ops",
                "A frame for each session that gets an entry.",
                [
                    Line(rate("postgate_live_events_total"), "entries"),
                    Line(rate("postgate_live_frames_total"), "frames"),
                ],
            ),
            Panel(
                "Sessions",
                "short",
                "By process.",
                [Line(gauge("postgate_live_sessions", by="instance"), "{{instance}}")],
            ),
            Panel(
                "Closed and behind",
                "ops",
                "1013: too slow, or no room. 1012: the process stops.",
                [
                    Line(rate("postgate_live_hung_up_total", "code"), "closed {{code}}"),
                    Line(rate("postgate_live_fell_behind_total"), "fell behind"),
                    Line(rate("postgate_live_resyncs_total", "reason"), "resync {{reason}}"),
                ],
            ),
            Panel(
                "Wake-ups",
                "ops",
                "Lost ones cost a second or two.",
                [
                    Line(rate("postgate_live_wakeups_total"), "sent"),
                    Line(rate("postgate_live_wakeups_lost_total"), "lost"),
                    Line(gauge("postgate_live_lag_entries"), "entries behind"),
                ],
            ),
        ),
    ),
    (
        "Sending",
        (
            Panel(
                "Outcomes",
                "ops",
                "again: tried later; unknown: never sent again by itself.",
                [Line(rate("postgate_sending_attempts_total", "outcome"), "{{outcome}}")],
            ),
            Panel(
                "Click to provider",
                "s",
                "Of accepted messages.",
                quantiles("postgate_sending_seconds", 0.5, 0.95, 0.99),
            ),
            Panel(
                "Waiting",
                "short",
                "Of all processes together.",
                [
                    Line(gauge("postgate_sending_queued", "max"), "queued"),
                    Line(gauge("postgate_sending_in_flight", "max"), "in flight"),
                ],
            ),
            Panel(
                "Oldest due",
                "s",
                "More than some minutes: a provider is away, or no process sends.",
                [Line(gauge("postgate_sending_overdue_seconds", "max"), "overdue")],
                width=12,
            ),
            Panel(
                "Calls to providers",
                "ops",
                "By the class of the status, or why there is none.",
                [Line(rate("postgate_outgoing_calls_total", "outcome"), "{{outcome}}")],
                width=12,
            ),
        ),
    ),
    (
        "Delivery",
        (
            Panel(
                "Attempts",
                "ops",
                "By outcome; one tenant's endpoint that is away fails alone.",
                [Line(rate("postgate_delivery_attempts_total", "outcome"), "{{outcome}}")],
            ),
            Panel(
                "Log to the receiver's word",
                "s",
                "Of first attempts that succeeded.",
                quantiles("postgate_delivery_seconds", 0.5, 0.95, 0.99),
            ),
            Panel(
                "Oldest due",
                "s",
                "Of endpoints that are well.",
                [Line(gauge("postgate_delivery_overdue_seconds", "max"), "overdue")],
            ),
            Panel(
                "Endpoints",
                "short",
                "Served by processes; owed something now.",
                [
                    Line(gauge("postgate_delivery_endpoints"), "served"),
                    Line(gauge("postgate_delivery_endpoints_waiting", "max"), "waiting"),
                    Line(gauge("postgate_delivery_in_flight"), "attempts under way"),
                ],
            ),
            Panel(
                "Errors",
                "ops",
                "By kind.",
                [Line(rate("postgate_delivery_errors_total", "kind"), "{{kind}}")],
            ),
            Panel(
                "Given up",
                "ops",
                "After the last attempt; and attempts that are made again.",
                [
                    Line(rate("postgate_delivery_exhausted_total"), "given up"),
                    Line(rate("postgate_delivery_lost_total"), "made again"),
                ],
            ),
        ),
    ),
    (
        "Database",
        (
            Panel(
                "Connections in use",
                "percentunit",
                "Of those that a pool may have; at 1 everybody waits.",
                [Line(f"{connections('used')} / {connections('most')}", "{{role}} {{instance}}")],
            ),
            Panel(
                "Readers of the log",
                "s",
                "The age of the oldest entry that a reader has not read.",
                [Line(gauge("postgate_log_reader_lag_seconds", "max", "reader"), "{{reader}}")],
            ),
            Panel(
                "Notification queue",
                "percentunit",
                "When it is full nothing commits any more.",
                [Line(gauge("postgate_notification_queue_usage", "max"), "used")],
            ),
            Panel(
                "Commits and entries",
                "ops",
                "Of ingest.",
                [
                    Line(rate("postgate_ingest_commits_total"), "commits"),
                    Line(rate("postgate_log_entries_total"), "entries"),
                ],
                width=12,
            ),
            Panel(
                "Listeners",
                "short",
                "Processes that hear wake-ups.",
                [Line(gauge("postgate_live_listening"), "listening")],
                width=12,
            ),
        ),
    ),
    (
        "Workers",
        (
            Panel(
                "Chores",
                "s",
                "Since each was last done.",
                [
                    Line(
                        f"time() - {gauge('postgate_chore_last_success_timestamp_seconds', 'max', 'chore')}",
                        "{{chore}}",
                    )
                ],
            ),
            Panel(
                "Files",
                "ops",
                "That messages point at.",
                [Line(rate("postgate_files_fetched_total", "state"), "{{state}}")],
            ),
            Panel(
                "Mail by SMTP",
                "ops",
                "By reply.",
                [Line(rate("postgate_smtp_mails_total", "code"), "{{code}}")],
            ),
        ),
    ),
    (
        "Processes",
        (
            Panel(
                "API, p50 and p99",
                "s",
                "Without webhooks and open streams.",
                quantiles("postgate_http_request_seconds", 0.5, 0.99),
            ),
            Panel(
                "API by status",
                "reqps",
                "5xx are ours.",
                [Line(rate("postgate_http_request_seconds_count", "status"), "{{status}}")],
            ),
            Panel(
                "Event loop late, p99",
                "s",
                "Everybody in the process waits so long.",
                [
                    Line(
                        quantile(0.99, "postgate_event_loop_delay_seconds", "instance, worker"),
                        "{{instance}} {{worker}}",
                    )
                ],
            ),
            Panel(
                "Processor",
                "percentunit",
                "1 is a whole core; a process can't use more.",
                [Line(rate("process_cpu_seconds_total", "instance, worker"), "{{instance}} {{worker}}")],
            ),
            Panel(
                "Memory",
                "bytes",
                "Resident.",
                [Line(gauge("process_resident_memory_bytes", by="instance, worker"), "{{instance}} {{worker}}")],
            ),
            Panel(
                "Versions",
                "short",
                "Processes of each.",
                [Line(gauge("postgate_build_info", "count", "version"), "{{version}}")],
            ),
        ),
    ),
)
