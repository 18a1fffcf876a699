#!/usr/bin/env bash
# statsd 0.9.0, the daemon, and three of its clients, lynx 0.2.0, node-statsd 0.1.1 and statsd-client 0.4.7 (npm), where they meet: a freezer that is at -18
# degrees, sent three times as a gauge, and a stock that goes from 4 to -2. The daemon's docs/metric_types.md: a sign in front of a gauge's value
# changes the gauge by it; a value below zero is set by way of a zero before it. The clients' own pages show how a gauge is set, and say nothing of that;
# statsd-client has a `gaugeDelta` of its own for changes.
# Guess before the run: `gauge(name, -18)` of each client leaves -18, however often it is called, and the stock is -2.
# Seen: all three send the sign as it is: the freezer is at -54, 18 colder with each time, and the stock is 2, above zero. So a freezer that
# thaws to -5 goes on falling in the graph, and no alarm comes.
# Whoever sends temperatures with them adds 273 to each, or sends a gauge of 0 before each value below it. Loopback only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --omit=optional statsd@0.9.0 lynx@0.2.0 node-statsd@0.1.1 statsd-client@0.4.7 >/dev/null
cat >look.cjs <<'JS'
const { spawn } = require('node:child_process')
const { createSocket } = require('node:dgram')
const { writeFileSync } = require('node:fs')
const { connect, createServer } = require('node:net')

const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const port = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address()
      server.close(() => done(free))
    })
  })
const gauges = (management) =>
  new Promise((done) => {
    let text = ''
    const socket = connect(management, '127.0.0.1', () => socket.write('gauges\n'))
    socket.on('error', () => done(''))
    socket.on('data', (part) => {
      text += part
      if (text.includes('END')) socket.end(() => done(text))
    })
  })

const main = async () => {
  const [udp, management] = [await port(), await port()]
  const at = `port: ${udp}, address: '127.0.0.1', mgmt_port: ${management}, mgmt_address: '127.0.0.1'`
  writeFileSync('config.js', `{ ${at}, flushInterval: 600000, backends: [] }`)
  const daemon = spawn(process.execPath, ['node_modules/statsd/stats.js', 'config.js'], { stdio: 'ignore' })
  try {
    while (!(await gauges(management)).includes('END')) await pause(100)
    const clients = {
      lynx: new (require('lynx'))('127.0.0.1', udp),
      'node-statsd': new (require('node-statsd'))('127.0.0.1', udp),
      'statsd-client': new (require('statsd-client'))({ host: '127.0.0.1', port: udp, socketTimeout: 0 }),
    }
    for (const [name, client] of Object.entries(clients)) {
      for (const value of [-18, -18, -18]) {
        client.gauge(`freezer, ${name}`.replace(/[^a-z]+/g, '_'), value)
        await pause(300)
      }
      for (const value of [4, -2]) {
        client.gauge(`stock, ${name}`.replace(/[^a-z]+/g, '_'), value)
        await pause(300)
      }
    }
    const last = createSocket('udp4')
    for (let known = ''; !known.includes('last'); known = await gauges(management)) {
      last.send('last:1|g', udp, '127.0.0.1')
      await pause(500)
    }
    const read = await gauges(management)
    for (const [, name, value] of read.matchAll(/(freezer_\w+|stock_\w+): (-?\d+)/g)) console.log(`${name} ${value}`)
  } finally {
    daemon.kill()
  }
  process.exit(0)
}
main()
JS
seen=$(node look.cjs)
printf 'statsd 0.9.0, lynx 0.2.0, node-statsd 0.1.1, statsd-client 0.4.7\n%s\n' "$seen"
expected='freezer_lynx -54
stock_lynx 2
freezer_node_statsd -54
stock_node_statsd 2
freezer_statsd_client -54
stock_statsd_client 2'
[ "$seen" = "$expected" ]
