#!/usr/bin/env bash
# Run promtool, Prometheus' own checker of rules and questions. Without one it comes out of Debian's package, which is
# unpacked and not installed: that would start a service. Ends with 127 when there is none; under CI that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

KEPT=$PWD/.venv/bin/promtool

unpack() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    say "Taking promtool out of Debian's package prometheus"
    local folder
    folder=$(mktemp -d)
    (
        cd "$folder"
        { apt-get download -qq prometheus || { [ "$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq prometheus; }; } >/dev/null 2>&1 &&
            dpkg-deb --extract prometheus_*.deb . && install -m 755 usr/bin/promtool "$KEPT"
    )
    local done=$?
    rm -rf "$folder"
    return "$done"
}

found=$(command -v promtool || true)
[ -n "$found" ] || { [ -x "$KEPT" ] && found=$KEPT; } || { unpack && found=$KEPT; } || true
if [ -z "$found" ]; then
    [ "${CI:-}" != true ] || fail "CI needs promtool, and it can't be had here"
    say "No promtool: the rules are not checked (on Debian: apt-get install prometheus)"
    exit 127
fi
exec "$found" "$@"
