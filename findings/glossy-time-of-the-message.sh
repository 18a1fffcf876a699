#!/usr/bin/env bash
# glossy 0.1.7 (npm; winston-syslog depends on it), which makes messages of syslog and reads them, for machines whose clocks are not at UTC. RFC 5424, 6.2.3: a time is
# written as RFC 3339 has it, by the clock of the place with its distance from UTC, or in UTC with Z; of its examples, 2 (19:20:50.52-04:00) is the same time as 1
# (23:20:50.52Z), and in 3 (22:14:15.003Z) it is 3 milliseconds. 6.3 and 6.4: the text begins behind the structured data, and may hold any sign.
# Guess before the run: 09:30:00.005 in UTC is sent so, as 10:30:00.005+01:00 from Warsaw, and read as what it was; a text comes out as it went in.
# Seen: the hours are those of UTC and the distance that of the place, so that a message from Warsaw is an hour (in summer two) too early, one from New York five too late, and
# on the next day by night. 5 ms are .05, which is 50, and 50 ms are .50. Where a message has structured data, the text is what stands behind the last ] of the line:
# of "jam in slot [4] of the rack" it is "of the rack". No word of any. Without structured data the text is whole.
# Whoever sends by it runs the process with TZ=UTC, and gives whole seconds; whoever reads by it takes the text out of `originalMessage`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund glossy@0.1.7 >/dev/null
cat >look.cjs <<'JS'
const { Parse, Produce } = require('glossy')

const producer = new Produce({ type: 'RFC5424' })
const message = 'jam in slot [4] of the rack'
for (const at of ['2026-12-02T09:30:00.005Z', '2026-07-02T23:30:00.500Z']) {
  const line = producer.produce({ facility: 'local4', severity: 'error', host: 'till-1', appName: 'printd', pid: '812', date: new Date(at), message })
  console.log(`${process.env.TZ}: ${at} is sent as ${line.split(' ')[1]}, read as ${Parse.parse(line).time.toISOString()}`)
}
if (process.env.TZ === 'UTC') {
  for (const data of ['-', '[pos@32473 till="1"]']) {
    console.log(`${data} ${message}: ${Parse.parse(`<163>1 2026-12-02T09:30:00Z till-1 printd 812 ID47 ${data} ${message}`).message}`)
  }
}
JS
seen=$(for zone in UTC Europe/Warsaw America/New_York; do TZ=$zone node look.cjs; done)
printf 'glossy 0.1.7\n%s\n' "$seen"
expected='UTC: 2026-12-02T09:30:00.005Z is sent as 2026-12-02T09:30:00.05Z, read as 2026-12-02T09:30:00.050Z
UTC: 2026-07-02T23:30:00.500Z is sent as 2026-07-02T23:30:00.500Z, read as 2026-07-02T23:30:00.500Z
- jam in slot [4] of the rack: jam in slot [4] of the rack
[pos@32473 till="1"] jam in slot [4] of the rack: of the rack
Europe/Warsaw: 2026-12-02T09:30:00.005Z is sent as 2026-12-02T09:30:00.05+01:00, read as 2026-12-02T08:30:00.050Z
Europe/Warsaw: 2026-07-02T23:30:00.500Z is sent as 2026-07-02T23:30:00.500+02:00, read as 2026-07-02T21:30:00.500Z
America/New_York: 2026-12-02T09:30:00.005Z is sent as 2026-12-02T09:30:00.05-05:00, read as 2026-12-02T14:30:00.050Z
America/New_York: 2026-07-02T23:30:00.500Z is sent as 2026-07-02T23:30:00.500-04:00, read as 2026-07-03T03:30:00.500Z'
[ "$seen" = "$expected" ]
