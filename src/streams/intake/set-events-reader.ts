import { BlockList, createServer, isIP, isIPv6, type Server, type Socket } from 'node:net'
import type { SourceOrigin } from '../../core/event-source.ts'
import { type EventIntake, type EventReader, MOST_AT_ONCE } from './intake.ts'
import { JsonObjects } from './json-objects.ts'
import type { RawEvent } from './map-event.ts'

type Origin = Extract<SourceOrigin, { kind: 'set_events' }>

const MOST_CONNECTIONS = 20_000
/** Events that wait to be written before nobody is listened to for a while. */
const MOST_WAITING = 20 * MOST_AT_ONCE
const PART = 'tcp'

/**
 * JSON objects over TCP, as SetEvents sends them. The protocol confirms nothing: what has come and is not written when this process dies
 * is lost, a few milliseconds' worth.
 */
export class SetEventsReader implements EventReader {
  readonly #origin: Origin
  readonly #intake: EventIntake
  readonly #allowed: BlockList
  readonly #sockets = new Set<Socket>()
  #waiting: RawEvent[] = []
  #wake: (() => void) | undefined

  constructor(origin: Origin, intake: EventIntake) {
    this.#origin = origin
    this.#intake = intake
    this.#allowed = allowedOf(origin.from)
  }

  async run(signal: AbortSignal, well: () => void): Promise<void> {
    const server = createServer((socket) => this.#welcome(socket))
    server.maxConnections = MOST_CONNECTIONS
    const stop = (): void => this.#wake?.()
    signal.addEventListener('abort', stop, { once: true })
    try {
      await listening(server, this.#origin.listen)
      well()
      while (!signal.aborted) await this.#turn()
    } finally {
      signal.removeEventListener('abort', stop)
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const socket of this.#sockets) socket.destroy()
      await closed
      // What has come is written.
      while (this.#waiting.length > 0) await this.#turn()
    }
  }

  async #turn(): Promise<void> {
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    const some = this.#waiting.slice(0, MOST_AT_ONCE)
    if (some.length > 0) await this.#intake.take(PART, some)
    this.#waiting.splice(0, some.length)
    if (this.#waiting.length < MOST_WAITING) for (const socket of this.#sockets) socket.resume()
  }

  #welcome(socket: Socket): void {
    const { remoteAddress = '' } = socket
    const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')
    if (isIP(address) === 0 || !this.#allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    const objects = new JsonObjects(this.#intake.settings.maxBytes)
    socket.setKeepAlive(true, 60_000)
    socket.on('data', (chunk) => {
      const events = objects.push(chunk)
      if (events.length === 0) return
      this.#waiting.push(...events)
      if (this.#waiting.length >= MOST_WAITING) socket.pause()
      this.#wake?.()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

function allowedOf(from: readonly string[]): BlockList {
  const list = new BlockList()
  for (const each of from.length > 0 ? from : ['127.0.0.0/8', '::1']) {
    const [address = '', length] = each.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (length === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(length), family)
  }
  return list
}

function listening(server: Server, where: string): Promise<void> {
  const at = where.lastIndexOf(':')
  const host = where.slice(0, at).replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`${where}: ${error.message}`)))
    server.listen(Number(where.slice(at + 1)), host, () => resolve())
  })
}
