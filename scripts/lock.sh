#!/usr/bin/env bash
# Resolve all requirements anew, for every system and Python from 3.11 on, each file with its digest.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
    .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --upgrade \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}

lock requirements/build.in -o requirements/build.txt
lock requirements/node.in -o requirements/node.txt
lock pyproject.toml --extra embedded --extra s3 -o requirements/run.txt
lock pyproject.toml --extra s3 --extra otel -c requirements/run.txt -o requirements/serve.txt
lock pyproject.toml --extra embedded --extra s3 --extra otel --group dev -c requirements/run.txt -o requirements/dev.txt
