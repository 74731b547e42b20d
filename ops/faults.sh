#!/usr/bin/env bash
# `make faults`: every row of the fault table in its long form, one after another; the counts go into docs/reliability.md.
# Owns the state file and the lines between the two markers of that page. A row that is in the state file is not run again, so
# that an interrupted run goes on where it stopped; numbers of rows pick some, and `--again` forgets what is known of them first.
#
# usage: faults.sh [--again] [ROW...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ledgerline/target}
state=$target/faults.state
page=docs/reliability.md

# row:test binary:filter:rounds. A row may stand here more than once; what is no number of rounds is left out.
rows() {
  cat <<'ROWS'
1:simulation:any_interleaving:10000
2:simulation:any_two:1
2:road_faults:dies_twice:225
3:faults:row_3_:100
4:faults:row_4_:1000
5:faults:row_5_:100
6:brokers:brokers_die:6
7:membership:processes_join:40
8:membership:nobody_sees:5
9:faults:row_9_:1
10:lost_disk:a_lost_store:1
11:faults:row_11_:1
12:faults:row_12_:10
ROWS
}

mkdir -p "$target"
touch "$state"
if [ "${1:-}" = --again ]; then
  shift
  [ $# -gt 0 ] || : >"$state"
  for row in "$@"; do sed -i "/ FAULTS row=$row /d" "$state"; done
fi
ops/bootstrap.sh test
cargo build --workspace --locked --tests --bins

run_row() {
  local row=$1 test=$2 filter=$3 rounds=$4 output
  output=$(mktemp)
  printf '== row %s: %s %s, %s rounds\n' "$row" "$test" "$filter" "$rounds" >&2
  if ! LEDGERLINE_FAULT_ROUNDS=$rounds cargo test --workspace --locked --test "$test" "$filter" -- \
    --nocapture --test-threads=1 >"$output" 2>&1; then
    tail -40 "$output" >&2
    grep '^FAULTS ' "$output" >&2 || true
    rm -f "$output"
    return 1
  fi
  # The harness may have printed its own words before ours on the same line.
  grep -o 'FAULTS row=.*' "$output" | sed "s/^/$(date -u +%F) $test:$filter /" >>"$state"
  rm -f "$output"
}

# The table of what was seen, from the state file.
table() {
  printf '| row | log | rounds | events | violations | seen |\n|---|---|---|---|---|---|\n'
  sed -n 's/^\([0-9-]*\) [^ ]* FAULTS row=\([0-9]*\) log=\([a-z]*\) rounds=\([0-9]*\) events=\([0-9]*\) violations=\([0-9]*\).*/\2 \3 \4 \5 \6 \1/p' "$state" |
    awk '{ key = $1 " " $2; rounds[key] += $3; events[key] += $4; violations[key] += $5; seen[key] = $6 }
      END { for (key in rounds) print key, rounds[key], events[key], violations[key], seen[key] }' |
    sort -k1,1n -k2,2 | awk '{ printf "| %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6 }'
}

write_page() {
  local part
  part=$(mktemp)
  table >"$part"
  sed -i -e '/<!-- counts -->/,/<!-- \/counts -->/{/<!-- counts -->/r '"$part" -e '/<!-- .*counts -->/!d}' "$page"
  rm -f "$part"
}

failed=()
while IFS=: read -r row test filter rounds <&3; do
  if [ $# -gt 0 ] && [[ " $* " != *" $row "* ]]; then continue; fi
  if grep -q " $test:$filter " "$state"; then continue; fi
  run_row "$row" "$test" "$filter" "$rounds" || failed+=("$row ($filter)")
  write_page
done 3< <(rows)
[ ${#failed[@]} -eq 0 ] || { printf 'faults.sh: failed: %s\n' "${failed[*]}" >&2; exit 1; }
