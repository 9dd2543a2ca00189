# shellcheck shell=bash
# How the set-up scripts talk, and the two ways they get what is missing. Sourced, not run.

# say SENTENCE: one line of progress, on stderr so that it never mixes with a program's output.
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# fail SENTENCE: end with a sentence that says what to do.
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# debian_install PACKAGE... : install Debian packages, which only root may; false when that is not possible.
debian_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing $* with apt-get"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null
}
