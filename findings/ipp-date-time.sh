#!/usr/bin/env bash
# ipp 2.0.1: a printer's `dateTime` (RFC 8011, 5.1.15; the octets are those of DateAndTime, RFC 2579: year, month 1 to 12,
# day, hour, minutes, seconds, tenths of a second, direction from UTC, hours and minutes from UTC) is read as another instant.
# Guess before the run: 2026-11-30 20:30:15.5 at +05:30 is 2026-11-30T15:00:15.500Z, at -03:30 it is 2026-12-01T00:00:15.500Z.
# Seen: both are 2026-12-30T20:30:15.005Z where the reader's own clock stands at UTC: a month late, tenths taken for
# milliseconds, and the offset from UTC dropped. printer-current-time and printer-state-change-date-time are of this kind.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ipp@2.0.1 >/dev/null
cat >look.cjs <<'JS'
const ipp = require('ipp')

function attribute(tag, name, value) {
  const head = Buffer.from([tag, 0, name.length, ...Buffer.from(name), 0, value.length])
  return Buffer.concat([head, Buffer.from(value)])
}
const local = [0x07, 0xea, 11, 30, 20, 30, 15, 5]
const answer = Buffer.concat([
  Buffer.from([2, 0, 0, 0, 0, 0, 0, 1, 1]),
  attribute(0x47, 'attributes-charset', 'utf-8'),
  attribute(0x48, 'attributes-natural-language', 'en'),
  Buffer.from([4]),
  attribute(0x31, 'printer-current-time', [...local, '+'.charCodeAt(0), 5, 30]),
  attribute(0x31, 'printer-state-change-date-time', [...local, '-'.charCodeAt(0), 3, 30]),
  Buffer.from([3]),
])
const printer = ipp.parse(answer)['printer-attributes-tag']
console.log(`+05:30 ${printer['printer-current-time'].toISOString()}`)
console.log(`-03:30 ${printer['printer-state-change-date-time'].toISOString()}`)
JS
seen=$(TZ=UTC node look.cjs)
expected='+05:30 2026-12-30T20:30:15.005Z
-03:30 2026-12-30T20:30:15.005Z'
printf 'ipp 2.0.1\n%s\n' "$seen"
[ "$seen" = "$expected" ]
