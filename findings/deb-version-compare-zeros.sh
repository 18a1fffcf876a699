#!/usr/bin/env bash
# deb-version-compare 1.2.1 and digits that begin with a zero. Debian Policy 5.6.12 compares runs of digits by their numeric
# value, so dpkg calls 1.02 and 1.2 equal, and 2024.01.05 and 2024.1.5.
# Guess before the run: 0 for both pairs.
# Seen: each of a pair is "less" than the other one, whichever comes first, so that a list sorted by it keeps whatever
# order it had. Zeros after the first digit (1.20) are compared as dpkg does.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund deb-version-compare@1.2.1 >/dev/null
cat >look.mjs <<'JS'
import loaded from 'deb-version-compare'

const compare = loaded.compare ?? loaded.default ?? loaded
for (const [a, b] of [['1.02', '1.2'], ['2024.01.05', '2024.1.5'], ['1.20', '1.3']]) {
  console.log(`${a} ${b}: ${compare(a, b)}, turned round ${compare(b, a)}`)
}
JS
seen=$(node look.mjs)
expected='1.02 1.2: -1, turned round -1
2024.01.05 2024.1.5: -1, turned round -1
1.20 1.3: 1, turned round -1'
printf 'deb-version-compare 1.2.1\n%s\n' "$seen"
if command -v dpkg >/dev/null; then
  dpkg --compare-versions 1.02 eq 1.2 && dpkg --compare-versions 2024.01.05 eq 2024.1.5 && echo 'dpkg: both pairs are equal'
fi
[ "$seen" = "$expected" ]
