#!/usr/bin/env bash
# ntp-time 2.1.1 (npm), a client of NTP, and a server in a store that has lost its own time. RFC 5905, 7.3: leap indicator 3 is "unknown (clock unsynchronized)", stratum 0 is
# "unspecified or invalid", and the precision is signed (-20 is a millionth of a second); 7.4: an answer with stratum 0 is a kiss of death, whose timestamps are not to
# be used, and says why in four letters, as RATE.
# Guess before the run: an error, or stratum 0, so that the answer can be told from one that has time.
# Seen: no error, and stratum 0 is given as 2, as of a good server. Of a server that began in 2020 and knows no better, the time is taken: 2020-01-01. Of RATE the
# time is what stands there, here 1900-01-01. Precision -20 is 236. leapIndicator (3) and referenceIdentifier are as they were sent.
# Whoever compares the clocks of tills by it looks at leapIndicator, and whether referenceIdentifier is four letters, before it believes `time` and `t`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ntp-time@2.1.1 >/dev/null
cat >look.cjs <<'JS'
const { createSocket } = require('node:dgram')
const { once } = require('node:events')
const { Client } = require('ntp-time')

const SINCE_1900 = 2208988800
const seconds = (day) => Date.parse(day) / 1000 + SINCE_1900
const answers = [
  { name: 'in time', leap: 0, stratum: 1, reference: 'GPS\0', at: seconds('2026-12-01T00:00:00Z') },
  { name: 'unsynchronized', leap: 3, stratum: 0, reference: 'INIT', at: seconds('2020-01-01T00:00:00Z') },
  { name: 'kiss of death', leap: 3, stratum: 0, reference: 'RATE', at: 0 },
]
async function look() {
  for (const { name, leap, stratum, reference, at } of answers) {
    const server = createSocket('udp4')
    server.on('message', (asked, from) => {
      const answer = Buffer.alloc(48)
      answer.set([(leap << 6) | (4 << 3) | 4, stratum, 6, 256 - 20])
      answer.write(reference, 12, 'latin1')
      asked.copy(answer, 24, 40, 48)
      for (const offset of [16, 32, 40]) answer.writeUInt32BE(at, offset)
      server.send(answer, from.port, from.address)
    })
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const found = await new Client('127.0.0.1', server.address().port, { timeout: 3000 }).syncTime().catch((error) => error)
    console.log(found instanceof Error ? `${name}: ${found.message}` : `${name}: stratum ${found.stratum}, time ${found.time.toISOString().slice(0, 10)}, precision ${found.precision}, leap ${found.leapIndicator}, ${found.referenceIdentifier.toString('latin1').replace('\0', '')}`)
    server.close()
  }
}
look()
JS
seen=$(node look.cjs)
printf 'ntp-time 2.1.1\n%s\n' "$seen"
expected='in time: stratum 1, time 2026-12-01, precision 236, leap 0, GPS
unsynchronized: stratum 2, time 2020-01-01, precision 236, leap 3, INIT
kiss of death: stratum 2, time 1900-01-01, precision 236, leap 3, RATE'
[ "$seen" = "$expected" ]
