#!/usr/bin/env bash
# Makes the two tokens that docker-compose.yml uses, once: the operator's and Prometheus's.
# Their texts stay in ops/compose/secrets, their hashes go to .env; git ignores both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
secrets=ops/compose/secrets

token() { head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_'; }
hash_of() { sha256sum "$secrets/$1" | cut -d' ' -f1; }

umask 077
mkdir -p "$secrets"
for name in operator prometheus; do
  [ -s "$secrets/$name" ] || token >"$secrets/$name"
done
# Prometheus reads its own through a mount, under another user; it opens /metrics and reads, nothing else.
chmod 755 "$secrets"
chmod 644 "$secrets/prometheus"

# Other lines of .env are somebody's own.
kept=$(grep -vE '^(OPERATOR|PROMETHEUS)_TOKEN_SHA256=' .env 2>/dev/null || true)
{
  [ -z "$kept" ] || printf '%s\n' "$kept"
  printf 'OPERATOR_TOKEN_SHA256=%s\nPROMETHEUS_TOKEN_SHA256=%s\n' "$(hash_of operator)" "$(hash_of prometheus)"
} >.env.part
mv .env.part .env
printf "The operator's token is in %s; ledgerline reads it from LEDGERLINE_TOKEN.\n" "$secrets/operator"
