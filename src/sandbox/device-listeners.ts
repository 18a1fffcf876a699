import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import type { PlacedListener } from './device-spec.ts'
import type { DeviceFault } from './fault.ts'

type Faults = readonly (readonly [string, DeviceFault])[]

/** A device that is connected to. */
export interface ServedDevice {
  readonly name: string
  readonly address: string
  readonly port: number
  /** Speaks with whoever connected, as the fault of the device says. */
  serve(socket: Socket, fault: DeviceFault | undefined): void
  /** Of a device that is spoken to in datagrams instead; undefined where it keeps silent. */
  readonly respond?: (datagram: Uint8Array, fault: DeviceFault | undefined) => Uint8Array | undefined
}

/** The listening sockets of a worker's devices: one for each, bound to the loopback address of the device alone. */
export class DeviceListeners {
  readonly #servers = new Map<string, Server | DatagramSocket>()
  #devices: readonly ServedDevice[] = []
  #faults: ReadonlyMap<string, DeviceFault> = new Map()

  /** Listens everywhere; rejects with the first address that cannot be listened on. */
  async open(what: {
    readonly devices: readonly ServedDevice[]
    readonly listeners: readonly PlacedListener[]
    readonly faults: Faults
  }): Promise<void> {
    this.#devices = what.devices
    this.#faults = new Map(what.faults)
    const answering = what.listeners.flatMap(({ address, ports }) =>
      ports.map((port) => listen(createServer(answer), address, port)),
    )
    await Promise.all([...answering, ...this.#devices.map((device) => this.#follow(device))])
  }

  /** From the next connection on. Where nothing is to listen any more, the socket is closed when this resolves. */
  async setFaults(faults: Faults): Promise<void> {
    this.#faults = new Map(faults)
    await Promise.all(this.#devices.map((device) => this.#follow(device)))
  }

  /** Listens for a device, or stops, as its fault asks for. */
  async #follow(device: ServedDevice): Promise<void> {
    const fault = this.#faults.get(device.name)?.name
    // Datagrams are swallowed by not answering them; a closed port would be told of.
    const silent = fault === 'refused' || (fault === 'blackhole' && !device.respond)
    const server = this.#servers.get(device.name)
    if (silent && server) {
      this.#servers.delete(device.name)
      // Closed at once for new connections; those that are there go on.
      server.close()
    }
    if (silent || server) return
    if (device.respond) {
      this.#servers.set(device.name, await this.#bind(device, device.respond))
      return
    }
    const fresh = createServer((socket) => device.serve(socket, this.#faults.get(device.name)))
    this.#servers.set(device.name, fresh)
    await listen(fresh, device.address, device.port)
  }

  #bind(device: ServedDevice, respond: NonNullable<ServedDevice['respond']>): Promise<DatagramSocket> {
    const socket = createSocket('udp4')
    socket.on('message', (datagram, from) => {
      const fault = this.#faults.get(device.name)
      const said = fault?.name === 'blackhole' ? undefined : respond(datagram, fault)
      const send = (): void => {
        // The socket may be closed by now.
        if (said && this.#servers.get(device.name) === socket) socket.send(said, from.port, from.address)
      }
      if (fault?.roundTripMs === undefined) send()
      else setTimeout(send, fault.roundTripMs)
    })
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => reject(new Error(`${device.address}:${device.port}/udp: ${error.message}`)))
      socket.bind(device.port, device.address, () => {
        socket.removeAllListeners('error')
        socket.on('error', () => undefined)
        resolve(socket)
      })
    })
  }
}

const ANSWER_IDLE_MS = 60_000

/** A device without a shell takes what it is sent and says nothing. */
function answer(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.setTimeout(ANSWER_IDLE_MS, () => socket.destroy())
  socket.resume()
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`${host}:${port}: ${error.message}`)))
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      server.on('error', () => undefined)
      resolve()
    })
  })
}
