#!/usr/bin/env bash
# Installs what building and testing ledgerline needs and this machine lacks. Silent and quick when nothing is missing:
# the first look uses only files and names on PATH, never a package manager.
# Never touches a Rust toolchain, and nothing outside Debian's packages and the user's cache folder.
#
# usage: bootstrap.sh [test] [check] [bench]      (what a build needs is always included)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ledgerline
readonly JAVA_RELEASE_MIN=17 # Kafka 4 brokers
readonly PYTHON_MINOR_MIN=10 # the OpenLineage client
readonly GO_MINOR_MIN=25     # the modules of tests/verifiers/go

say() { printf 'bootstrap: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null; }
any_file() { compgen -G "$1" >/dev/null; }

# ---- Debian packages --------------------------------------------------------------------------------------

missing=()
needs() { missing+=("$@"); }

java_is_new_enough() {
  local home release=""
  have java || return 1
  home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
  if [ -r "$home/release" ]; then
    release=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
  else
    release=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
  fi
  [ "${release:-0}" -ge "$JAVA_RELEASE_MIN" ]
}

look_for_build() {
  have make || needs make
  { have cc && have c++; } || needs build-essential
  have clang || needs clang
  { any_file '/usr/lib/llvm-*/lib/libclang*.so*' || any_file '/usr/lib/*/libclang*.so*' || [ -n "${LIBCLANG_PATH:-}" ]; } || needs libclang-dev
  have mold || needs mold
  have pkg-config || needs pkg-config
  { [ -f /usr/include/openssl/ssl.h ] || any_file '/usr/include/*/openssl/ssl.h' || [ -n "${OPENSSL_DIR:-}" ]; } || needs libssl-dev
}

look_for_test() {
  java_is_new_enough || needs default-jdk-headless
  have mvn || needs maven
  have setsid || needs util-linux
  have softhsm2-util || needs softhsm2
}

look_for_check() { have docker-compose || needs docker-compose; }
look_for_bench() { have valgrind || needs valgrind; }

install_packages() {
  local as_root=()
  { [ -f /etc/debian_version ] && have apt-get; } ||
    fail "not a Debian system. Please install what these Debian packages hold, then run again: ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || fail "please run: sudo apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo -n)
  fi
  say "installing ${missing[*]}"
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2; }
  apt install --no-install-recommends "${missing[@]}" || { apt update && apt install --no-install-recommends "${missing[@]}"; }
}

# ---- Python -----------------------------------------------------------------------------------------------

venv=$cache/venv
wanted=$(sha256sum "$here/python/requirements.txt" | cut -d' ' -f1)

venv_is_current() { [ -x "$venv/bin/python" ] && [ "$(cat "$venv/requirements.sha256" 2>/dev/null)" = "$wanted" ]; }

# The first interpreter that is new enough and can make a venv: another one may shadow Debian's on PATH.
find_python() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, $PYTHON_MINOR_MIN))" 2>/dev/null; then
      python=$candidate
      return 0
    fi
  done
  return 1
}

make_venv() {
  if ! find_python; then
    missing=(python3-venv)
    install_packages
    find_python || fail "no Python 3.$PYTHON_MINOR_MIN or newer that can make a venv"
  fi
  say "making the Python environment in $venv"
  rm -rf "$venv"
  "$python" -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    -r "$here/python/requirements.txt" </dev/null >&2
  printf '%s\n' "$wanted" >"$venv/requirements.sha256" # Written last: a half-made environment is made again.
}

# ---- Go ---------------------------------------------------------------------------------------------------

# Debian's Go is years behind, so it is asked for like Rust. It only has to be there; no tool chain is touched.
need_go() {
  local minor=""
  have go && minor=$(go version | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge "$GO_MINOR_MIN" ] ||
    fail "Go 1.$GO_MINOR_MIN or later is missing (there is ${minor:+1.}${minor:-none}): install it from https://go.dev/dl and put it on PATH"
}

# The modules of the Go verifier, checked against go.sum, so that its tests need no network.
fetch_go_modules() {
  local sources=$here/../tests/verifiers/go sum
  sum=$(sha256sum "$sources/go.sum" | cut -d' ' -f1)
  [ "$(cat "$cache/go-modules.sha256" 2>/dev/null)" = "$sum" ] && return 0
  say "fetching Go modules"
  (cd "$sources" && go mod download) >&2
  mkdir -p "$cache"
  printf '%s\n' "$sum" >"$cache/go-modules.sha256"
}

# ---- what is asked for ------------------------------------------------------------------------------------

have cargo || [ -x "$HOME/.cargo/bin/cargo" ] ||
  fail "Rust is missing: install it from https://rustup.rs (the oldest version that builds is rust-version in Cargo.toml)"

python="" need_venv=no need_kafka=no need_modules=no
look_for_build
for part in "$@"; do
  case $part in
  build) ;;
  test) need_go && look_for_test && need_venv=yes need_kafka=yes need_modules=yes ;;
  check) look_for_check && need_venv=yes ;;
  bench) look_for_test && look_for_bench && need_kafka=yes ;;
  *) fail "unknown part: $part (test, check, bench)" ;;
  esac
done

if [ "${#missing[@]}" -gt 0 ]; then
  install_packages
fi
if [ "$need_venv" = yes ] && ! venv_is_current; then
  mkdir -p "$cache"
  # Two makes at once must not build one folder together.
  exec 9>"$cache/venv.lock"
  flock 9
  venv_is_current || make_venv
  exec 9>&-
fi
if [ "$need_modules" = yes ]; then
  fetch_go_modules
fi
if [ "$need_kafka" = yes ]; then
  "$here/kafka/kafka.sh" fetch >/dev/null
fi
