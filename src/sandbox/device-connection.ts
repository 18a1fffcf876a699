import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2 from 'ssh2'
import { deriveKey } from './device-keys.ts'
import type { DeviceFault } from './fault.ts'
import { SlowLine } from './slow-line.ts'

/** What all devices of a worker share. */
export interface SshContext {
  readonly secret: Uint8Array
  /** The one key that may log in, `ssh-ed25519 AAAA…`. */
  readonly clientKey: string
  /** Addresses that devices reach through their SSH server begin with this. */
  readonly network: string
  readonly count: { connections: number; sessions: number; served: number }
}

/** A device that one logs in to by SSH. */
export interface SshDevice {
  readonly name: string
  /** Runs a command line, or the login shell when there is none, on a channel. Resolves when it has ended. */
  run(channel: ssh2.ServerChannel, command: string | undefined, login: Login): Promise<void>
}

/** The connection by which somebody has logged in. */
export interface Login {
  readonly fault: DeviceFault | undefined
  /** Resets it. */
  readonly reset: () => void
  /** Called when it is gone. */
  onClosed(action: () => void): void
}

const IDENT = 'TillwrightSandbox'

/** Speaks SSH with whoever connected to a device, or does what its fault says instead. */
export function serveConnection(
  socket: Socket,
  device: SshDevice,
  fault: DeviceFault | undefined,
  context: SshContext,
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
  readonly device: SshDevice
  readonly fault: DeviceFault | undefined
  readonly context: SshContext
}

/** One SSH connection to a device, from the key exchange to its end. */
class DeviceConnection {
  readonly #line: Line
  readonly #closed: (() => void)[] = []
  readonly #login: Login

  constructor(line: Line) {
    this.#line = line
    const { device, fault, context, reset } = line
    this.#login = { fault, reset, onClosed: (action) => this.#closed.push(action) }
    const other = fault?.name === 'wrong-host-key' ? ' (another machine)' : ''
    const { privateKey } = deriveKey(context.secret, `host ${device.name}${other}`)
    const server = new ssh2.Server({ hostKeys: [privateKey], ident: IDENT }, (client) => this.#serve(client))
    server.injectSocket(line.line as Socket)
  }

  #serve(client: ssh2.Connection): void {
    const { fault, context } = this.#line
    client.on('error', () => this.#line.line.destroy())
    client.on('close', () => {
      for (const action of this.#closed.splice(0)) action()
    })
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
      void this.#run(channel, command)
    })
    session.on('shell', (accept) => {
      channel = accept()
      void this.#run(channel, undefined)
    })
  }

  async #run(channel: ssh2.ServerChannel, command: string | undefined): Promise<void> {
    const { device, context } = this.#line
    context.count.sessions += 1
    context.count.served += 1
    try {
      await device.run(channel, command, this.#login)
    } catch (error) {
      channel.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      channel.exit(125)
      channel.end()
    }
    context.count.sessions -= 1
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
