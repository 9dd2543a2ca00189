"""Writes ``docs/metrics.md`` from the registry: ``make docs``. A test holds the two together."""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import gateway.app  # noqa: F401 - all metrics are in it

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
HEAD = """# Measurements

What `/metrics` tells, in the text format of Prometheus; beside these the `process_…` and `python_…` figures of
Prometheus' own client. Of `serve --workers N` whichever worker answers tells for all, with a label `worker`, and by
`postgate_worker_up` whether each of them answers. No label names a tenant. [Observability](observability.md) says what
to make of them.

| Measurement | Kind | Labels | What it tells |
| --- | --- | --- | --- |"""
SUFFIXES = {"counter": "_total"}


def ours() -> Iterator[MetricWrapperBase]:
    """Return all measurements of the gateway, by name."""
    found = {id(one): one for one in REGISTRY._names_to_collectors.values() if isinstance(one, MetricWrapperBase)}
    yield from sorted((one for one in found.values() if one._name.startswith("postgate_")), key=lambda one: one._name)


def page() -> str:
    """Write the page."""
    lines = [HEAD]
    for one in ours():
        name = one._name + SUFFIXES.get(str(one._type), "")
        labels = ", ".join(f"`{label}`" for label in one._labelnames)
        lines.append(f"| `{name}` | {one._type} | {labels} | {one._documentation} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
