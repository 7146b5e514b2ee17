# Functions of all scripts here: `. "$(dirname "$0")/lib.sh"`.

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/.venv/bin

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "error: $*"
    exit 1
}

# step SENTENCE COMMAND...: run the command, print its seconds, return its status.
step() {
    say
    say "==> $1"
    shift
    step_began=$(date +%s)
    step_status=0
    "$@" || step_status=$?
    say "    ($(($(date +%s) - step_began)) s)"
    return "$step_status"
}

# help_of SCRIPT: print the comment at its top.
help_of() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$1"
}

# find_python: print the path of the newest Python from 3.11 on that has venv.
find_python() {
    found=
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            fail "$name has no venv: apt-get install $name-venv"
        fi
        found=$("$name" --version 2>/dev/null) || continue
    done
    test -z "$found" || fail "$found is too old: install Python 3.11 or newer, with its venv"
    fail "there is no Python: apt-get install python3 python3-venv"
}

# packages NAME...: install the Debian packages among them that are missing.
packages() {
    missing=
    for name in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null |
            grep -qx installed || missing="$missing $name"
    done
    test -n "$missing" || return 0
    command -v apt-get >/dev/null || fail "this needs$missing: install what is missing of these"
    test "$(id -u)" = 0 || fail "this needs as root: apt-get install$missing"
    say "    installing$missing"
    apt-get -qq update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null ||
        fail "apt-get could not install$missing: see what it says above"
}

# lab_packages NAME...: install what raising a lab takes, and these; netavark 1.4 drives iptables,
# later ones nftables.
lab_packages() {
    packages podman runc netavark iptables nftables mmdebstrap debian-archive-keyring procps "$@"
    # A lab asks apt for its mirrors, which names none before it has their lists.
    test -n "$(apt-get indextargets)" || apt-get -qq update ||
        fail "apt-get could not update its lists: see what it says above"
}

# own_environment FOLDER LOCK WHY: make a virtual environment with a lock file's packages, if it has
# not got just these.
own_environment() {
    if ! cmp -s "$root/$2" "$root/$1/installed.lock"; then
        own_python=$(find_python)
        step "Make $1, $3" fill_environment "$@"
    fi
}

fill_environment() {
    "$own_python" -m venv --clear "$root/$1" &&
        "$root/$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
            --require-hashes --only-binary :all: --requirement "$root/$2" &&
        cp "$root/$2" "$root/$1/installed.lock"
}
