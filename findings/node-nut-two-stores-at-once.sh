#!/usr/bin/env bash
# node-nut 1.0.3 (npm), a client of Network UPS Tools, and two stores whose power supplies are asked at once, one client each. The protocol (NUT's developer guide, "Network
# protocol information"): LIST VAR is answered by lines VAR, from BEGIN LIST to END LIST, in as many pieces as the network likes; quotes and backslashes in a
# value are escaped by a backslash.
# Guess before the run: each client gives the values of its own store, and can be asked again; rack "A" comes without the backslashes.
# Seen: what is found, and which client it is for, is kept in variables that all clients share. Where the answers of two stores interleave, one gets values of the
# other: that it is on battery and at 12 % is told of store 1 under rack and model of store 2. The one that was asked first is never free again: "Other
# communication still running". Asked one after the other, both are right, but for the backslashes, which stay.
# Whoever asks many stores by it asks one at a time, or each in a process of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-nut@1.0.3 >/dev/null
cat >look.cjs <<'JS'
const { once } = require('node:events')
const { createServer } = require('node:net')
const Nut = require('node-nut')

const stores = {
  1: ['device.description "rack \\"A\\""', 'ups.model "Model 1"', 'battery.charge "12"', 'ups.status "OB LB"'],
  2: ['device.description "rack B"', 'ups.model "Model 2"', 'battery.charge "100"', 'ups.status "OL"'],
}
/** An upsd that sends an answer in two pieces, the second when `between` lets it. */
async function store(number, between) {
  const lines = ['BEGIN LIST VAR ups', ...stores[number].map((line) => `VAR ups ${line}`), 'END LIST VAR ups', '']
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', async (data) => {
      if (!`${data}`.startsWith('LIST VAR')) return
      socket.write(lines.slice(0, 3).join('\n') + '\n')
      await between()
      socket.write(lines.slice(3).join('\n'))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}
async function client(server) {
  const nut = new Nut(server.address().port, '127.0.0.1')
  await new Promise((done) => { nut.on('ready', done); nut.start() })
  return nut
}
const asked = (nut) => new Promise((done) => nut.GetUPSVars('ups', (found, error) => done(error ?? Object.entries(found).map(([name, value]) => `${name}=${value}`).join(', '))))

async function look() {
  // Store 1 begins, store 2 begins and ends, store 1 ends.
  let hold = new Promise((done) => setTimeout(done, 20))
  const servers = [await store(1, () => hold), await store(2, () => new Promise((done) => setTimeout(done, 20)))]
  const [first, second] = [await client(servers[0]), await client(servers[1])]
  console.log(`alone, store 1: ${await asked(first)}`)
  console.log(`alone, store 2: ${await asked(second)}`)
  let release
  hold = new Promise((done) => { release = done })
  const one = asked(first)
  await once(first._client, 'data')
  console.log(`at once, store 2: ${await asked(second)}`)
  release()
  console.log(`at once, store 1: ${await one}`)
  console.log(`again, store 2: ${await asked(second)}`)
  console.log(`again, store 1: ${await asked(first)}`)
  process.exit()
}
look()
JS
seen=$(node look.cjs)
printf 'node-nut 1.0.3\n%s\n' "$seen"
expected='alone, store 1: device.description=rack \"A\", ups.model=Model 1, battery.charge=12, ups.status=OB LB
alone, store 2: device.description=rack B, ups.model=Model 2, battery.charge=100, ups.status=OL
at once, store 2: device.description=rack B, ups.model=Model 2, battery.charge=100, ups.status=OL
at once, store 1: device.description=rack B, ups.model=Model 2, battery.charge=12, ups.status=OB LB
again, store 2: device.description=rack B, ups.model=Model 2, battery.charge=100, ups.status=OL
again, store 1: Other communication still running'
[ "$seen" = "$expected" ]
