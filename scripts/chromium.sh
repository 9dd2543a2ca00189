#!/usr/bin/env bash
# Make sure that the browser tests have a Chromium. Without one they are skipped aloud, but under CI that is a failure.
# The headless shell is Chromium without the windows around its pages, and needs a third of the processor time.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

shell() { command -v "${CHROMIUM:-chromium-headless-shell}" >/dev/null; }
found() { shell || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

shell && exit
{ [ "${CI:-}" != true ] && found; } || debian_install chromium-headless-shell || found || debian_install chromium || true
found && exit
[ "${CI:-}" != true ] || fail "CI needs Chromium, and it can't be installed here"
say "No Chromium: the browser tests will be skipped (on Debian: apt-get install chromium-headless-shell)"
