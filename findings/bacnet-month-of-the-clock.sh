#!/usr/bin/env bash
# bacstack 0.0.1-beta.14 and node-bacnet 0.2.4 (npm), which talk to the controllers of a store's cold rooms, heating and doors, and the date that sets their clocks;
# @bacnet-js/client 3.3.2, which comes from the same code, stands beside them. ANSI/ASHRAE 135, 20.2.12: a date is year minus 1900, month (1 is January), day,
# day of the week (1 is Monday).
# Guess before the run: 6 December 2026 is sent as 7e 0c 06 07 by all three, and 7e 01 1f 06 of a controller is 31 January 2026.
# Seen: the two send 7e 0b 06 07, the 6th of November, and 00 for a month in January. `timeSync`, by which all clocks of a building are set, does the same: each is a month early
# and the day of the week does not fit. What they read is a month late: 1 December is 1 January of the next year, and 31 January is 3 March. Of each other they
# read what was meant, so that a test of theirs is green. Times of the day are right. @bacnet-js/client has both right.
# Whoever has schedules, alarms or logs by these takes @bacnet-js/client, and leaves `timeSync` of the two alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts bacstack@0.0.1-beta.14 node-bacnet@0.2.4 @bacnet-js/client@3.3.2 >/dev/null
cat >look.cjs <<'JS'
const sent = (encode, date) => {
  const into = { buffer: Buffer.alloc(20), offset: 0 }
  encode(into, date)
  return into.buffer.subarray(0, into.offset).toString('hex')
}

for (const [name, folder] of [['bacstack', 'bacstack/lib'], ['node-bacnet', 'node-bacnet/lib'], ['@bacnet-js/client', '@bacnet-js/client/dist/lib']]) {
  const asn1 = require(`${folder}/asn1`)
  const read = (hex) => asn1.decodeDate(Buffer.from(hex, 'hex'), 0).value.toISOString().slice(0, 10)
  const services = require(`${folder}/services`)
  const timeSync = services.timeSync ?? services.TimeSync
  console.log(`${name}`)
  for (const day of ['2026-01-15', '2026-12-06']) console.log(`  ${day} is sent as ${sent(asn1.encodeApplicationDate, new Date(`${day}T00:00:00Z`))}`)
  console.log(`  timeSync of 2026-12-06T23:05:07.250Z: ${sent(timeSync.encode, new Date('2026-12-06T23:05:07.250Z'))}`)
  console.log(`  7e0c0102 is read as ${read('7e0c0102')}, 7e011f06 as ${read('7e011f06')}`)
}
JS
seen=$(TZ=UTC node --no-deprecation look.cjs)
printf 'bacstack 0.0.1-beta.14, node-bacnet 0.2.4, @bacnet-js/client 3.3.2\n%s\n' "$seen"
expected='bacstack
  2026-01-15 is sent as a47e000f04
  2026-12-06 is sent as a47e0b0607
  timeSync of 2026-12-06T23:05:07.250Z: a47e0b0607b417050719
  7e0c0102 is read as 2027-01-01, 7e011f06 as 2026-03-03
node-bacnet
  2026-01-15 is sent as a47e000f04
  2026-12-06 is sent as a47e0b0607
  timeSync of 2026-12-06T23:05:07.250Z: a47e0b0607b417050719
  7e0c0102 is read as 2027-01-01, 7e011f06 as 2026-03-03
@bacnet-js/client
  2026-01-15 is sent as a47e010f04
  2026-12-06 is sent as a47e0c0607
  timeSync of 2026-12-06T23:05:07.250Z: a47e0c0607b417050719
  7e0c0102 is read as 2026-12-01, 7e011f06 as 2026-01-31'
[ "$seen" = "$expected" ]
