#!/usr/bin/env bash
# ldap2date 2.0.0 (npm), which reads and writes the times of a directory (when a till's account was made, was last changed, or ends). RFC 4517, 3.3.13, Generalized Time: a
# difference from UTC is "+" or "-" with hours and, where there are any, minutes (g-differential); behind a point or comma stands a fraction of the last unit that is given, an
# hour, a minute or a second; its own example 199412160532-0500 is 10:32 in UTC.
# Guess before the run: that example is 10:32Z; 0930 at +0100 is 08:30Z; 09.5Z is half past nine; 5 ms are written .005.
# Seen: a difference is taken for minutes, all its digits as one number: -0500 is 500 minutes. Its sign is the wrong way round, too: 0930 at +0100 is 11:10Z, and the
# example is 1994-12-15T21:12Z, 13 hours off. A fraction is one of a second whatever stands before it: 09.5Z is half a second past nine. Written, 5 ms are .5
# and 50 ms .50, which is half a second, and its own reader says so. No error of any; times with Z, by seconds, are right.
# Whoever reads times by it asks the directory for Z, and writes whole seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ldap2date@2.0.0 >/dev/null
cat >look.cjs <<'JS'
const ldap = require('ldap2date')

for (const text of ['199412160532-0500', '20261201093000+0100', '20261201093000+01', '20261201093000-0330', '2026120109.5Z', '202612010930.5Z', '20261201093000Z']) {
  console.log(`${text}: ${ldap.parse(text).toISOString()}`)
}
for (const ms of [5, 50, 500]) {
  const written = ldap.toGeneralizedTime(new Date(Date.UTC(2026, 11, 1, 9, 30, 0, ms)))
  console.log(`${ms} ms: ${written}, read ${ldap.parse(written).getMilliseconds()} ms`)
}
JS
seen=$(node look.cjs)
printf 'ldap2date 2.0.0\n%s\n' "$seen"
expected='199412160532-0500: 1994-12-15T21:12:00.000Z
20261201093000+0100: 2026-12-01T11:10:00.000Z
20261201093000+01: 2026-12-01T09:31:00.000Z
20261201093000-0330: 2026-12-01T04:00:00.000Z
2026120109.5Z: 2026-12-01T09:00:00.500Z
202612010930.5Z: 2026-12-01T09:30:00.500Z
20261201093000Z: 2026-12-01T09:30:00.000Z
5 ms: 20261201093000.5Z, read 500 ms
50 ms: 20261201093000.50Z, read 500 ms
500 ms: 20261201093000.500Z, read 500 ms'
[ "$seen" = "$expected" ]
