"""Questions of the dashboard to Prometheus."""

from dataclasses import dataclass

#: What the page's variables choose.
CHOSEN = 'job="$job",instance=~"$instance"'


@dataclass(frozen=True)
class Line:
    """A question to Prometheus, and what its answers are called."""

    expr: str
    name: str


def quantile(share: float, metric: str, by: str = "") -> str:
    """Ask for a quantile of a histogram."""
    kept = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({kept}) (rate({metric}_bucket{{{CHOSEN}}}[$__rate_interval])))"


def rate(metric: str, by: str = "", only: str = "") -> str:
    """Ask for events in a second."""
    chosen = f"{CHOSEN},{only}" if only else CHOSEN
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{{{chosen}}}[$__rate_interval]))"


def gauge(metric: str, how: str = "sum", by: str = "") -> str:
    """Ask how something stands."""
    return f"{how}{f' by ({by})' if by else ''} ({metric}{{{CHOSEN}}})"


def connections(state: str) -> str:
    """Ask for connections of the pools that are in a state."""
    return f'sum by (role, instance) (postgate_database_connections{{{CHOSEN},state="{state}"}})'


def quantiles(metric: str, *shares: float) -> list[Line]:
    """Ask for some quantiles."""
    return [Line(quantile(share, metric), f"p{round(share * 100)}") for share in shares]
