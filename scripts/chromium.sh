#!/usr/bin/env bash
# Make sure that the browser tests have a Chromium. Without one they are skipped aloud, but under CI that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

found() { command -v "${CHROMIUM:-chromium}" >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

found || debian_install chromium || true
found && exit
[ "${CI:-}" != true ] || fail "CI needs Chromium, and it can't be installed here"
say "No Chromium: the browser tests will be skipped (on Debian: apt-get install chromium)"
