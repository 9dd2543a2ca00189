#!/usr/bin/env bash
# The steps that fill the image: the Dockerfile runs them, and so may you on a bare machine, with the same result.
#   scripts/image.sh packages /opt/postgate    an environment with the locked packages of the server, without pip
#   scripts/image.sh program /opt/postgate     this program, built as a wheel and installed there
#   scripts/image.sh lighten /opt/postgate     what the server never opens is taken out, the rest compiled
# PYTHON names the interpreter (python3). What builds stands beside the environment, in /opt/postgate.build.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

# Parts of packages that the program does not import; a test looks whether that is still so.
UNUSED=(twilio/rest phonenumbers/carrierdata phonenumbers/geodata phonenumbers/tzdata)

main() {
    local step=${1:?packages, program or lighten} prefix=${2:?the folder of the environment}
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
    case $step in
        packages | program | lighten) "$step" "$prefix" ;;
        *) fail "no step is called $step" ;;
    esac
}

packages() {
    "${PYTHON:-python3}" -m venv "$1.build"
    "${PYTHON:-python3}" -m venv --without-pip "$1"
    "$1.build/bin/pip" install --quiet --no-compile --require-hashes -r requirements/build.txt
    install_into "$1" --require-hashes -r requirements/serve.txt
}

program() {
    local wheels=$1.build/wheels
    rm -rf "$wheels"
    PYTHON=$1.build/bin/python scripts/wheel.sh "$wheels"
    install_into "$1" --no-deps --no-index --find-links "$wheels" postgate
}

install_into() {
    local prefix=$1
    shift
    "$prefix.build/bin/pip" --python "$prefix/bin/python" install --quiet --no-compile "$@"
}

# Compiled files know their source by its digest and are not compared with it: no clock gets into them, and a file
# system that can't be written to costs nothing at the start.
lighten() {
    local site
    site=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    (cd "$site" && rm -rf -- "${UNUSED[@]}")
    find "$site" -type d \( -name __pycache__ -o -name tests -o -name test -o -name _testbase \) -prune -exec rm -rf {} +
    find "$site" -type f \( -name '*.c' -o -name '*.cpp' -o -name '*.h' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' \) -delete
    find "$1/bin" -type f ! -name postgate ! -name 'python*' -delete
    "$1/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$site"
    "$1/bin/postgate" settings >/dev/null || fail "what was installed does not start"
    find "$1" -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH:-0}" {} +
}

main "$@"
