#!/usr/bin/env bash
# `make check`: formatting, lints, and a linter for everything that no compiler reads. Changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=${XDG_CACHE_HOME:-$HOME/.cache}/ledgerline/venv/bin

step() { printf '== %s\n' "$1" >&2; }

step 'formatting'
cargo fmt --all --check

step 'shell'
# Found by their first line, so that a new script is read without being listed anywhere.
mapfile -t scripts < <(git ls-files | xargs -r -d '\n' grep -lE '^#!.*\b(ba)?sh$' --)
for script in "${scripts[@]}"; do bash -n "$script"; done
"$tools/shellcheck" "${scripts[@]}"

step 'Python'
mapfile -t sources < <(git ls-files '*.py')
for source in "${sources[@]}"; do
  "$tools/python" -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' "$source"
done

step 'image and compose file'
"$tools/hadolint" ops/image/Dockerfile
# Any hash will do: only the form is looked at.
OPERATOR_TOKEN_SHA256=- PROMETHEUS_TOKEN_SHA256=- docker-compose --file docker-compose.yml config --quiet

step 'clippy'
cargo clippy --workspace --all-targets --locked -- -D warnings
