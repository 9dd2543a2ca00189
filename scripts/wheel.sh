#!/usr/bin/env bash
# Build the wheel, and refuse one without the page or the migrations: the builder says nothing when they are missing.
# Usage: scripts/wheel.sh [FOLDER], dist unless told
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

python=${PYTHON:-.venv/bin/python}
folder=${1:-dist}

[ -f gateway/assets/index.html ] || fail "the page is not built; run make web first"
"$python" -m hatchling build --target wheel --directory "$folder"
for wheel in "$folder"/*.whl; do
    names=$("$python" -m zipfile --list "$wheel")
    for wanted in gateway/assets/index.html migrations/roles.sql channels/registry.py; do
        grep -q "^$wanted " <<<"$names" || fail "$wheel lacks $wanted"
    done
done
