"""The dashboard, the alerts and the page for operators: they name what there is, and each other."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

import gateway.app  # noqa: F401 - all metrics are in it
from scripts import dashboard, metric_docs, panels

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
PAGE = (ROOT / "docs" / "observability.md").read_text("utf-8")
METRIC = re.compile(r"\b((?:postgate|process)_\w+|postgate:\w+:\w+)")
RULES = [
    rule
    for name in ("recording.yaml", "alerts.yaml")
    for group in yaml.safe_load((OPS / "prometheus" / name).read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def known() -> set[str]:
    """All series that a process has, and those that are recorded."""
    told = {
        family.name + suffix
        for family in REGISTRY.collect()
        for suffix in SUFFIXES[family.type]
        if family.name.startswith(("postgate_", "process_"))
    }
    return told | {rule["record"] for rule in RULES if "record" in rule}


def test_what_the_dashboard_and_the_rules_ask_for_is_there() -> None:
    asked = [rule["expr"] for rule in RULES]
    asked += [line.expr for _, shown in panels.ROWS for panel in shown for line in panel.lines]
    named = {name for question in asked for name in METRIC.findall(question)}
    assert len(named) > 40
    assert named - known() == set()


def test_the_dashboard_is_as_its_panels_say() -> None:
    assert dashboard.TARGET.read_text("utf-8") == dashboard.written(), "run `make docs`"
    shown = dashboard.dashboard()["panels"]
    assert len({panel["id"] for panel in shown}) == len(shown)
    taken = [(p["gridPos"]["x"] + dx, p["gridPos"]["y"] + dy) for p in shown for dx in range(p["gridPos"]["w"])
             for dy in range(p["gridPos"]["h"])]  # fmt: skip
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) == dashboard.WIDTH - 1


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: dict[str, object]) -> None:
    name = str(alert["alert"])
    assert alert["labels"] in [{"severity": word} for word in ("critical", "warning", "info")]
    assert alert["annotations"]["runbook"] == f"docs/observability.md#{name.lower()}"  # type: ignore[index] # of YAML
    section = re.search(rf"^### {name}\n\n(.+?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert len(section[1].split()) > 15


def test_the_page_of_measurements_is_that_which_make_docs_would_write() -> None:
    assert metric_docs.PAGE.read_text("utf-8") == metric_docs.page(), "run `make docs`"
