#!/usr/bin/env bash
# mosquitto 2.0.11 (Debian 12), a client of MQTT 5 with a will delay and a session that ends with its connection
# (session expiry 0, which is the default). MQTT 5, 3.1.3.2.2: the will is told when its delay has passed or the session
# ends, whichever is first.
# Guess before the run: with expiry 0 the will comes at once when the connection is cut; with expiry 2 after 2 seconds.
# Seen: with expiry 0 it waits for the whole delay; with expiry 2 it comes after the session, as specified. So a delay that was
# given without a session works with this broker, and a stricter one tells of each short loss of the line at once.
# Debian's package is taken into a temporary folder; its libraries (libmosquitto1, libcjson1, libdlt2) have to be there.
set -eu
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq mosquitto=2.0.11-1.2+deb12u2
dpkg -x mosquitto_*.deb .
port=$((20000 + $$ % 20000))
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" >conf
usr/sbin/mosquitto -c conf >log 2>&1 &
pid=$!
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mqtt@5.16.0 >/dev/null
cat >look.mjs <<'JS'
import { once } from 'node:events'
import mqtt from 'mqtt'

const url = `mqtt://127.0.0.1:${process.argv[2]}`
const watcher = await mqtt.connectAsync(url, { protocolVersion: 5 })
await watcher.subscribeAsync('gone/#', { qos: 1 })
for (const [expiry, name] of [[0, 'expiry 0, delay 5'], [2, 'expiry 2, delay 60']]) {
  const machine = await mqtt.connectAsync(url, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    properties: { sessionExpiryInterval: expiry },
    will: { topic: 'gone/1', payload: '', qos: 1, properties: { willDelayInterval: expiry === 0 ? 5 : 60 } },
  })
  machine.on('error', () => {})
  const cut = Date.now()
  machine.stream.destroy()
  await once(watcher, 'message')
  // The broker looks once a second.
  const seconds = (Date.now() - cut) / 1000
  console.log(`${name}: ${seconds < 1.5 ? 'at once' : seconds < 4.5 ? 'when the session has ended' : 'when the delay has passed'}`)
}
await watcher.endAsync()
JS
seen=$(node look.mjs "$port")
printf 'mosquitto 2.0.11\n%s\n' "$seen"
expected='expiry 0, delay 5: when the delay has passed
expiry 2, delay 60: when the session has ended'
[ "$seen" = "$expected" ]
