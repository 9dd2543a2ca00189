"""Write the dashboard for Grafana, ``ops/grafana/postgate.json``: ``python -m scripts.dashboard``.

With ``--rules`` its questions are printed as rules of Prometheus instead, so that promtool can judge them.

What is in it stands in ``scripts/panels.py``: change it there.
"""

import json
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from scripts.panels import ROWS, Panel

TARGET = Path(__file__).parents[1] / "ops" / "grafana" / "postgate.json"
WIDTH = 24
HEIGHT = 8
PUT_IN = (("$__rate_interval", "5m"), ("$job", "postgate"), ("$instance", ".*"))
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it (schema 39, Grafana 10 and later)."""
    return {
        "uid": "postgate",
        "title": "Postgate",
        "tags": ["postgate"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "templating": {"list": _variables()},
        "panels": list(_panels()),
    }


def _variables() -> list[dict[str, Any]]:
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0},
        {
            "name": "job", "label": "Job", "type": "query", "datasource": SOURCE, "refresh": 1,
            "query": {"query": "label_values(postgate_build_info, job)", "refId": "job"},
        },
        {
            "name": "instance", "label": "Instance", "type": "query", "datasource": SOURCE, "refresh": 2,
            "query": {"query": 'label_values(postgate_build_info{job="$job"}, instance)', "refId": "instance"},
            "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
        },
    ]  # fmt: skip


def _panels() -> Iterator[dict[str, Any]]:
    number, y = 0, 0
    for title, panels in ROWS:
        number += 1
        yield {
            "id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
        }  # fmt: skip
        y, x = y + 1, 0
        height = HEIGHT // 2 if panels[0].kind == "stat" else HEIGHT
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y = 0, y + height
            number += 1
            yield _panel(panel, number, {"h": height, "w": panel.width, "x": x, "y": y})
            x += panel.width
        y += height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    options: dict[str, Any] = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    if panel.kind == "stat":
        options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "graphMode": "area"}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.what,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": line.expr,
                "legendFormat": line.name or "now",
            }
            for place, line in enumerate(panel.lines)
        ],
    }


def written() -> str:
    """Return the file's text."""
    return json.dumps(dashboard(), indent=2) + "\n"


def rules() -> str:
    """Return all its questions as rules, for promtool: with what Grafana puts in where it asks."""
    questions = [line.expr for _, panels in ROWS for panel in panels for line in panel.lines]
    asked = [
        {
            "record": f"dashboard:question:{place}",
            "expr": reduce(lambda text, one: text.replace(*one), PUT_IN, question),
        }
        for place, question in enumerate(questions)
    ]
    return json.dumps({"groups": [{"name": "dashboard", "rules": asked}]}, indent=2) + "\n"


if __name__ == "__main__":
    if "--rules" in sys.argv[1:]:
        sys.stdout.write(rules())
    else:
        TARGET.write_text(written(), "utf-8")
