#!/usr/bin/env bash
# Check what Prometheus is told: its configuration with all rules, what some alerts say when, the dashboard's questions.
set -euo pipefail
cd "$(dirname "$0")/.."

asked=$(mktemp --suffix .yaml)
trap 'rm -f "$asked"' EXIT
.venv/bin/python -m scripts.dashboard --rules >"$asked"
scripts/promtool.sh check config ops/prometheus/prometheus.yaml || { [ $? = 127 ] && exit; exit 1; }
scripts/promtool.sh check rules "$asked"
scripts/promtool.sh test rules ops/prometheus/tests.yaml
