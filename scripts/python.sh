#!/usr/bin/env bash
# Make .venv with exactly the locked packages. Usage: scripts/python.sh run|dev
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

VENV_PYTHON=.venv/bin/python

main() {
    local wanted=${1:?run or dev}
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    "$VENV_PYTHON" -c '' 2>/dev/null || make_venv
    hand_pips_settings_to_uv
    say "Installing Python packages ($wanted)"
    pip_install requirements/build.txt
    install "requirements/$wanted.txt"
    install_ourselves
}

# Any Python from 3.11 on; PYTHON names one.
find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    python=$(find_python) || { debian_install python3 python3-venv && python=$(find_python); } \
        || fail "Python 3.11 or newer is needed (on Debian: apt-get install python3 python3-venv)"
    say "Making .venv with $("$python" --version)"
    rm -rf .venv
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then   # Debian packs these apart from Python
        debian_install python3-venv || fail "$python can't make environments (on Debian: apt-get install python3-venv)"
    fi
    "$python" -m venv .venv || fail "could not make .venv with $python"
}

# uv does not read pip's configuration: where packages come from and which certificates count is handed on.
hand_pips_settings_to_uv() {
    local setting key value
    while IFS= read -r setting; do
        key=${setting%%=*} value=${setting#*=}
        value=${value#\'} value=${value%\'}
        case ${key##*.} in
            index-url) export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$value} ;;
            extra-index-url) export UV_INDEX=${UV_INDEX:-$value} ;;
            find-links) export UV_FIND_LINKS=${UV_FIND_LINKS:-$value} ;;
            cert) export SSL_CERT_FILE=${SSL_CERT_FILE:-$value} ;;
        esac
    done < <("$VENV_PYTHON" -m pip config list 2>/dev/null)
    export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_LINK_MODE=${UV_LINK_MODE:-copy}
}

pip_install() { "$VENV_PYTHON" -m pip install --quiet --require-hashes -r "$1"; }

install() {
    .venv/bin/uv pip install --python "$VENV_PYTHON" --require-hashes -r "$1" && return
    say "uv could not; trying pip"
    pip_install "$1"
}

# The builder is locked too, so that installing ourselves fetches nothing.
install_ourselves() { "$VENV_PYTHON" -m pip install --quiet --no-deps --no-build-isolation --editable .; }

main "$@"
