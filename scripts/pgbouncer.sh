#!/usr/bin/env bash
# Make sure that the tests of several processes have a PgBouncer. Without one they are skipped aloud, but under CI that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

found() { command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; }

found && exit
debian_install pgbouncer || true
found && exit
[ "${CI:-}" != true ] || fail "CI needs PgBouncer, and it can't be installed here"
say "No PgBouncer: a test of several processes will be skipped (on Debian: apt-get install pgbouncer)"
