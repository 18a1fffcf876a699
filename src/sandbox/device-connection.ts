import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2 from 'ssh2'
import { deriveKey } from './device-keys.ts'
import type { DevicePlaces } from './device-places.ts'
import type { FlavourName, PlacedDevice } from './device-spec.ts'
import type { DeviceFault } from './fault.ts'
import { cutShort, endless, garbled, lostAfterChange } from './output-fault.ts'
import { carryStreams, type OutputFault } from './program-streams.ts'
import { SlowLine } from './slow-line.ts'

/** What all devices of a worker share. */
export interface DeviceContext {
  readonly places: DevicePlaces
  readonly secret: Uint8Array
  /** The one key that may log in, `ssh-ed25519 AAAA…`. */
  readonly clientKey: string
  /** Addresses that devices reach through their SSH server begin with this. */
  readonly network: string
  readonly count: { connections: number; sessions: number; served: number }
}

const IDENT = 'TillwrightSandbox'
const DEVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const LOGIN_SHELL: Readonly<Record<FlavourName, string>> = {
  debian: '/bin/sh',
  redhat: '/bin/bash',
  alpine: '/bin/sh',
  router: '/bin/sh',
}

/** Speaks SSH with whoever connected to a device, or does what its fault says instead. */
export function serveConnection(
  socket: Socket,
  device: PlacedDevice,
  fault: DeviceFault | undefined,
  context: DeviceContext,
): void {
  socket.on('error', () => socket.destroy())
  socket.setNoDelay(true)
  context.count.connections += 1
  socket.on('close', () => {
    context.count.connections -= 1
  })
  const line = fault?.roundTripMs === undefined ? socket : new SlowLine(socket, fault.roundTripMs)
  line.on('error', () => line.destroy())
  switch (fault?.name) {
    case 'reset-connect':
      socket.resetAndDestroy()
      return
    case 'tarpit-banner':
      socket.resume()
      return
    case 'garbage-banner':
      line.write(GARBAGE_BANNER)
      socket.resume()
      return
    case 'tarpit-kex':
      line.write(`SSH-2.0-${IDENT}\r\n`)
      socket.resume()
      return
  }
  const reset = (): void => {
    socket.resetAndDestroy()
  }
  new DeviceConnection({ line, reset, device, fault, context })
}

const GARBAGE_BANNER = Buffer.concat([
  Buffer.from('HTTP/1.1 400 Bad Request\r\nServer: lp0\r\n\r\n'),
  Buffer.from([0xff, 0x00, 0x1b, 0x40, 0x0d, 0x0a]),
])

interface Line {
  readonly line: Duplex
  readonly reset: () => void
  readonly device: PlacedDevice
  readonly fault: DeviceFault | undefined
  readonly context: DeviceContext
}

/** One SSH connection to a device, from the key exchange to its end. */
class DeviceConnection {
  readonly #line: Line
  #release: (() => void) | undefined

  constructor(line: Line) {
    this.#line = line
    const { device, fault, context } = line
    const other = fault?.name === 'wrong-host-key' ? ' (another machine)' : ''
    const { privateKey } = deriveKey(context.secret, `host ${device.name}${other}`)
    const server = new ssh2.Server({ hostKeys: [privateKey], ident: IDENT }, (client) => this.#serve(client))
    server.injectSocket(line.line as Socket)
  }

  #serve(client: ssh2.Connection): void {
    const { fault, context } = this.#line
    client.on('error', () => this.#line.line.destroy())
    client.on('close', () => this.#release?.())
    client.on('authentication', (login) => {
      if (fault?.name === 'tarpit-auth') return
      if (fault?.name !== 'auth-refused' && maySignIn(login, context.clientKey)) login.accept()
      else login.reject(['publickey'])
    })
    client.on('session', (accept) => {
      if (fault?.name === 'tarpit-open') return
      this.#session(accept())
    })
    client.on('tcpip', (accept, reject, { destIP, destPort }) => this.#forward(accept, reject, { destIP, destPort }))
  }

  #session(session: ssh2.Session): void {
    if (this.#line.fault?.name === 'tarpit-exec') {
      // Listening and not answering: without a listener the request would be refused.
      session.on('exec', () => undefined).on('shell', () => undefined)
      return
    }
    let channel: ssh2.ServerChannel | undefined
    session.on('pty', (accept) => accept?.())
    session.on('exec', (accept, _reject, { command }) => {
      channel = accept()
      void this.#run(channel, ['-c', command])
    })
    session.on('shell', (accept) => {
      channel = accept()
      void this.#run(channel, [])
    })
  }

  async #run(channel: ssh2.ServerChannel, args: readonly string[]): Promise<void> {
    const { device, fault, context } = this.#line
    const hold = context.places.hold(device, fault)
    this.#holdUntilClosed(hold.release)
    const ended = hold.started()
    context.count.sessions += 1
    context.count.served += 1
    try {
      const place = await hold.place
      const shell = fault?.name === 'wrong-shell' ? '/usr/.sandbox/restricted-shell' : LOGIN_SHELL[device.flavour]
      const program = place.run([shell, ...args], environmentOf(device, shell))
      await carryStreams(channel, program, this.#outputFault())
    } catch (error) {
      channel.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      channel.exit(125)
      channel.end()
    }
    context.count.sessions -= 1
    ended()
  }

  /** What its output goes through on the way to the line. */
  #outputFault(): OutputFault | undefined {
    const { fault, device, context, reset } = this.#line
    switch (fault?.name) {
      case 'garbage-output':
        return { through: garbled() }
      case 'endless-output':
        return { instead: endless() }
      case 'reset-step':
        return { through: cutShort(reset) }
      case 'crash-after-change':
        return { through: lostAfterChange(context.places.rootOf(device.name), reset) }
      default:
        return undefined
    }
  }

  #holdUntilClosed(release: () => void): void {
    const before = this.#release
    this.#release = () => {
      before?.()
      release()
    }
  }

  #forward(
    accept: () => ssh2.ServerChannel,
    reject: () => void,
    to: { readonly destIP: string; readonly destPort: number },
  ): void {
    if (!to.destIP.startsWith(this.#line.context.network)) {
      reject()
      return
    }
    const socket = connect(to.destPort, to.destIP)
    socket.once('connect', () => {
      const channel = accept()
      channel.pipe(socket).pipe(channel)
      channel.on('error', () => socket.destroy())
      channel.on('close', () => socket.destroy())
    })
    socket.on('error', () => (socket.pending ? reject() : socket.destroy()))
  }
}

function maySignIn(login: ssh2.AuthContext, clientKey: string): boolean {
  if (login.method !== 'publickey') return false
  const key = ssh2.utils.parseKey(clientKey)
  if (key instanceof Error || !key.getPublicSSH().equals(login.key.data)) return false
  // Without a signature the client only asks whether the key would do (RFC 4252, 7).
  if (login.signature === undefined || login.blob === undefined) return true
  return key.verify(login.blob, login.signature, login.hashAlgo) === true
}

/** What sshd gives a login; nothing of the host. */
function environmentOf(device: PlacedDevice, shell: string): Readonly<Record<string, string>> {
  return {
    ...{ PATH: DEVICE_PATH, HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: shell },
    SSH_CONNECTION: `127.0.0.1 50000 ${device.address} ${device.port}`,
    SSH_CLIENT: `127.0.0.1 50000 ${device.port}`,
  }
}
