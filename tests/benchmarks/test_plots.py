"""Plots show what was measured, and are pictures only."""

from benchmarks.plots import plots, svg

TABLES = {"events": {"rows": 2000.0, "indexes": 40.0}, "labels": {"rows": 3.0, "indexes": 1.0}}
GROWTH = {
    "growth": [
        {"tenant_messages": size, "list_ms": 7.25, "search_ms": 70.0, "gateway_us": 321.4, "postgres_us": 432.1,
         "disk_bytes": TABLES}
        for size in (10_000, 1_000_000)
    ]
}  # fmt: skip
ROWS = {
    "rows": [
        {"row": 1, "name": "ingest", "ratio": 0.9, "goal": 0.45, "goal_is": "at least"},
        {"row": 3, "name": "cost", "ratio": 7.0, "goal": 3.5, "goal_is": "at most"},
        {"row": 102, "name": "reading", "ratio": 0.1, "goal": None, "goal_is": None},
    ]
}


def test_each_file_gives_its_plots_with_the_figures_in_them() -> None:
    drawn = {name: svg(chart).decode() for name, chart in {**plots(GROWTH), **plots(ROWS)}.items()}
    assert set(drawn) == {"growth-cost", "growth-latency", "growth-disk", "bench-ratios"}
    for text in drawn.values():
        assert "<script" not in text
        assert "prefers-color-scheme:dark" in text
    assert ">321<" in drawn["growth-cost"]
    assert ">432<" in drawn["growth-cost"]
    assert ">7.2<" in drawn["growth-latency"]
    assert ">10<" in drawn["growth-latency"]
    assert ">2,000<" in drawn["growth-disk"]
    assert ">others<" in drawn["growth-disk"]
    assert "1: ingest (2.00)" in drawn["bench-ratios"]
    assert "3: cost (0.50)" in drawn["bench-ratios"]
    assert "reading" not in drawn["bench-ratios"]
