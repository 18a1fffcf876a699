import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

// A process that makes addresses swallow connections: it listens with the shortest queue, fills it, and never takes
// anything out. Linux then drops each further SYN (tcp_conn_request: the accept queue is full), which to whoever
// connects is the same as a firewall that drops. The event loop must not turn, or it would accept.

interface Endpoint {
  readonly address: string
  readonly port: number
}

/** One more than the queue of the length 1 takes. */
const FILLERS = 3
const PARENT_LOOK_MS = 500

const endpoints = JSON.parse(readFileSync(0, 'utf8')) as readonly Endpoint[]
const parent = process.ppid
let listening = 0

for (const { address, port } of endpoints) {
  const server = createServer()
  server.on('error', (error) => {
    process.stdout.write(`${address}:${port}: ${error.message}\n`)
    process.exit(1)
  })
  server.listen({ host: address, port, backlog: 1 }, () => {
    listening += 1
    if (listening === endpoints.length) fill()
  })
}

function fill(): void {
  for (const { address, port } of endpoints) {
    for (let filler = 0; filler < FILLERS; filler += 1) connect(port, address).on('error', () => undefined)
  }
  // Behind the ticks in which the sockets connect, and before the loop looks for events.
  process.nextTick(() => process.nextTick(hold))
}

function hold(): void {
  process.stdout.write('ready\n')
  const clock = new Int32Array(new SharedArrayBuffer(4))
  while (process.ppid === parent) Atomics.wait(clock, 0, 0, PARENT_LOOK_MS)
  process.exit(0)
}
