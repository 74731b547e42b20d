#!/usr/bin/env bash
# release.sh VERSION: freezes the schemas in force as released/VERSION.
# Refuses a version that exists, that is not of the form X.Y.Z or not above the newest one, or that CHANGELOG.md has no heading for.
set -euo pipefail
cd "$(dirname "$0")"

fail() { echo "release.sh: $*" >&2; exit 1; }

[ $# -eq 1 ] || { echo "usage: release.sh VERSION" >&2; exit 2; }
version=$1
[[ $version =~ ^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]] || fail "$version is not of the form X.Y.Z"
[ ! -e "released/$version" ] || fail "released/$version exists; a release is never edited, take the next version"
newest=$( (ls released 2>/dev/null; echo "$version") | sort -V | tail -n 1)
[ "$newest" = "$version" ] || fail "$version is below the newest release, $newest"
grep -q "^## \[${version//./\\.}\]" CHANGELOG.md || fail "CHANGELOG.md has no heading for it: turn [Unreleased] into [$version]"

# Copied beside its place and renamed at the end, so that an interruption leaves no half release.
mkdir -p released
partial=$(mktemp -d "released/.$version.XXXXXX")
trap 'rm -rf "$partial"' EXIT
find ledgerline openlineage -name '*.avsc' -print0 | sort -z | while IFS= read -r -d '' file; do
  mkdir -p "$partial/$(dirname "$file")"
  cp "$file" "$partial/$file"
done
chmod 755 "$partial"
mv -T "$partial" "released/$version"
trap - EXIT
echo "released/$version: $(find "released/$version" -name '*.avsc' | wc -l) files"
