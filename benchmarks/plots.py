"""``python -m benchmarks.plots FILE.json… --to FOLDER``: plots of measured figures, as SVG for light and dark pages.

It takes what ``make bench ARGS="--json FILE"`` and ``python -m benchmarks.growth --json FILE`` wrote, and nothing else.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pygal
from pygal.style import Style

# pygal leaves a finder of modules behind that others, pytest among them, stumble over: it lacks what PEP 451 asks for.
sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]

#: Readable on white and on black alike, also for those who see few colours.
COLORS = ("#2f81d6", "#d9822b", "#2b9d6e", "#b05bb5", "#8a8f98", "#c2504c")
#: Text follows the page; without that it is a grey that both can bear.
FOLLOW = """inline:
  @media (prefers-color-scheme: dark) {
    .title, .axis text, .legends text { fill: #aab2bd !important; }
  }
"""
LOOK: Mapping[str, Any] = {
    "background": "transparent",
    "plot_background": "transparent",
    "foreground": "#5f6975",
    "foreground_strong": "#5f6975",
    "foreground_subtle": "#8a8f98",
    "guide_stroke_color": "#8a8f98",
    "major_guide_stroke_color": "#8a8f98",
    "opacity": 1.0,
    "opacity_hover": 1.0,
    "colors": COLORS,
    "font_family": "system-ui, sans-serif",
    "title_font_size": 15,
    "label_font_size": 12,
    "major_label_font_size": 12,
    "legend_font_size": 12,
    "value_font_size": 12,
    "value_label_font_size": 12,
}
#: Of numbers inside of bars, and beside points.
INSIDE, BESIDE = ({"value_colors": (color,) * len(COLORS)} for color in ("#ffffff", "#7d8590"))
#: A number needs that much room, as a share of the longest bar.
ROOM = 0.06
#: What the library would have a browser run.
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
#: Tables that take less than this of a message are shown together.
SMALL_BYTES = 150


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="what was measured")
    parser.add_argument("--to", type=Path, default=Path("docs/images"), metavar="FOLDER", help="where the plots go")
    options = parser.parse_args()
    for file in options.files:
        for name, chart in plots(orjson.loads(file.read_bytes())).items():
            target = options.to / f"{name}.svg"
            target.write_bytes(svg(chart))
            print(target)


def plots(measured: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the plots of a file, by name."""
    found: dict[str, Any] = {}
    if steps := measured.get("growth"):
        found |= {"growth-cost": cost(steps), "growth-latency": latency(steps), "growth-disk": disk(steps)}
    if rows := measured.get("rows"):
        found["bench-ratios"] = ratios(rows)
    return found


def svg(chart: Any) -> bytes:
    """Draw a plot; the file runs nothing and loads nothing."""
    drawn: str = chart.render()
    return f"{SCRIPT.sub('', drawn)}\n".encode()


def cost(steps: Sequence[Mapping[str, Any]]) -> Any:
    """Draw what storing a message costs, by how many are there."""
    chart = pygal.StackedBar(**_settings("Processor time to store a message, µs", inside=True))
    _along(chart, steps)
    chart.add("gateway", [round(step["gateway_us"]) for step in steps])
    chart.add("Postgres, search included", [round(step["postgres_us"]) for step in steps])
    return chart


def latency(steps: Sequence[Mapping[str, Any]]) -> Any:
    """Draw what the list and a search cost, by how much the tenant has."""
    chart = pygal.Bar(**_settings("Processor time of the list's first page, and of a search, ms", inside=True))
    _along(chart, steps)
    chart.add("list", [round(step["list_ms"], 1) for step in steps])
    chart.add("search (a seventh of seven)", [round(step["search_ms"] / 7, 1) for step in steps])
    return chart


def disk(steps: Sequence[Mapping[str, Any]]) -> Any:
    """Draw what a message takes up, by table, at the largest size."""
    tables = steps[-1]["disk_bytes"]
    large = {name: parts for name, parts in tables.items() if sum(parts.values()) >= SMALL_BYTES}
    rest = [parts for name, parts in tables.items() if name not in large]
    names = sorted(large, key=lambda name: sum(large[name].values()))
    longest = max(sum(parts.values()) for parts in tables.values())
    chart = pygal.HorizontalStackedBar(**_settings("Bytes on disk for a message, by table", inside=True))
    chart.value_formatter = lambda value: f"{value:,.0f}" if value > longest * ROOM else ""
    chart.x_labels = [*(["others"] if rest else []), *names]
    chart.y_labels = [{"value": value, "label": f"{value:,}"} for value in range(0, round(longest) + 500, 500)]
    for part in ("rows", "indexes"):
        others = [round(sum(parts[part] for parts in rest))] if rest else []
        chart.add(part, [*others, *(round(large[name][part]) for name in names)])
    return chart


def ratios(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Draw how much of its goal each row reaches; 1 is the goal."""
    judged = [row for row in rows if row["goal"] and row["ratio"]][::-1]
    settings = _settings("Share of its goal that each row of the benchmarks reaches", inside=False)
    shape = {"height": 120 + 28 * len(judged), "show_legend": False, "print_values": False, "truncate_label": 80}
    chart = pygal.HorizontalBar(**{**settings, **shape})
    chart.x_labels = [f"{row['row']}: {row['name']} ({_share(row):.2f})" for row in judged]
    chart.y_labels = [{"value": value, "label": f"{value:g}"} for value in (0, 0.5, 1, 1.5, 2)]
    chart.add("reached", [round(min(_share(row), 2), 2) for row in judged])
    return chart


def _share(row: Mapping[str, Any]) -> float:
    ratio, goal = float(row["ratio"]), float(row["goal"])
    return ratio / goal if row["goal_is"] == "at least" else goal / ratio


def _along(chart: Any, steps: Sequence[Mapping[str, Any]]) -> None:
    chart.x_title = "messages of the largest tenant"
    chart.x_labels = [f"{step['tenant_messages']:,}" for step in steps]


def _settings(title: str, *, inside: bool) -> dict[str, Any]:
    style = Style(**{**LOOK, **(INSIDE if inside else BESIDE)})
    return {
        "title": title,
        "style": style,
        "width": 720,
        "height": 360,
        "js": (),
        "css": ["file://style.css", "file://graph.css", FOLLOW],
        "include_x_axis": True,
        "legend_at_bottom": True,
        "print_values": True,
        "print_values_position": "center",
        "disable_xml_declaration": True,
    }


if __name__ == "__main__":
    main()
