import type { Socket } from 'node:net'
import type { PlacedWindows } from '../device-spec.ts'
import type { DeviceFault } from '../fault.ts'
import { SlowLine } from '../slow-line.ts'
import type { WindowsDevice } from '../windows/windows-device.ts'
import type { WindowsPlaces } from '../windows/windows-places.ts'
import type { WorkerCounts } from '../worker-messages.ts'
import { TextShells } from './text-shells.ts'
import { type Fate, WinRmFront, type WinRmPeer } from './winrm-front.ts'
import { fault, type WsmanReply } from './wsman-reply.ts'
import type { WsmanRequest } from './wsman-request.ts'

type Counts = { -readonly [K in keyof WorkerCounts]: WorkerCounts[K] }

interface Served {
  readonly device: WindowsDevice
  readonly shells: TextShells
  readonly sockets: Set<Socket>
  /** Of which kinds of messages an answer was lost already. */
  readonly lost: Set<string>
}

/** What all devices that speak WinRM have in common. */
export interface WinRmContext {
  readonly places: WindowsPlaces
  readonly account: { readonly user: string; readonly password: string }
  readonly count: Counts
}

/** The devices of a worker that speak WinRM. One is in memory from its first connection until its last shell has gone. */
export class WinRmDevices {
  readonly #context: WinRmContext
  readonly #front = new WinRmFront()
  readonly #served = new Map<string, Served>()

  constructor(context: WinRmContext) {
    this.#context = context
  }

  /** Speaks with whoever connected to a device, or does what its fault says instead. */
  serve(socket: Socket, spec: PlacedWindows, fault: DeviceFault | undefined): void {
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    this.#context.count.connections += 1
    socket.on('close', () => {
      this.#context.count.connections -= 1
    })
    if (fault?.name === 'reset-connect') {
      socket.resetAndDestroy()
      return
    }
    const line = fault?.roundTripMs === undefined ? socket : new SlowLine(socket, fault.roundTripMs)
    line.on('error', () => line.destroy())
    if (fault?.name === 'garbage-banner') line.write(GARBAGE)
    if (TARPITS.has(fault?.name ?? '')) {
      socket.resume()
      return
    }
    this.#front.serve(line, this.#peer(spec, fault, socket))
  }

  #peer(spec: PlacedWindows, deviceFault: DeviceFault | undefined, socket: Socket): WinRmPeer {
    const served = this.#hold(spec, socket)
    const { device, shells } = served
    device.fault = deviceFault
    const { account } = this.#context
    return {
      machine: { computer: device.machine.computer, ...account },
      refusesLogins: deviceFault?.name === 'auth-refused',
      handle: (request) => handle(shells, request, deviceFault),
      fateOf: (what) => fateOf(what, deviceFault, served.lost),
      reset: () => {
        socket.resetAndDestroy()
      },
    }
  }

  #hold(spec: PlacedWindows, socket: Socket): Served {
    const served = this.#served.get(spec.name) ?? this.#make(spec)
    this.#served.set(spec.name, served)
    served.sockets.add(socket)
    socket.on('close', () => {
      served.sockets.delete(socket)
      this.#release(spec.name, served)
    })
    return served
  }

  #make(spec: PlacedWindows): Served {
    const device = this.#context.places.device(spec)
    const { count, account } = this.#context
    const shells: TextShells = new TextShells(
      (line, environment, output) => {
        count.served += 1
        return device.start(line, environment, output)
      },
      {
        owner: `${device.machine.computer}\\${account.user}`,
        onStart: () => {
          count.sessions += 1
        },
        onEnd: () => {
          count.sessions -= 1
          this.#release(spec.name, served)
        },
      },
    )
    const served: Served = { device, shells, sockets: new Set(), lost: new Set() }
    device.onCrash = () => crash(served)
    return served
  }

  #release(name: string, served: Served): void {
    if (served.sockets.size === 0 && served.shells.size === 0) this.#served.delete(name)
  }
}

/** Everything on it ends at once, and nobody is told. */
function crash({ sockets, shells }: Served): void {
  for (const socket of sockets) socket.resetAndDestroy()
  shells.drop()
}

const GARBAGE = Buffer.from('220 lp0 ready\r\n\xff\x00\x1b@', 'latin1')
const TARPITS: ReadonlySet<string> = new Set(['tarpit-banner', 'tarpit-kex', 'garbage-banner'])

async function handle(
  shells: TextShells,
  request: WsmanRequest,
  deviceFault: DeviceFault | undefined,
): Promise<WsmanReply> {
  const { action, messageId } = request
  if (action === 'Create' && deviceFault?.name === 'shell-quota') return fault('shells', messageId)
  if (action === 'Create' && deviceFault?.name === 'access-denied') return fault('denied', messageId)
  // Nobody waits for more: the connection is given up.
  if (action === 'Create' && deviceFault?.name === 'tarpit-open') return new Promise(() => undefined)
  return shells.handle(request)
}

function fateOf(
  what: 'challenge' | 'login' | WsmanRequest,
  deviceFault: DeviceFault | undefined,
  lost: Set<string>,
): Fate {
  if (what === 'challenge') return 'whole'
  if (what === 'login') return deviceFault?.name === 'tarpit-auth' ? 'silence' : 'whole'
  if (deviceFault?.name === 'reset-step' && what.action === 'Receive') return 'half'
  if (deviceFault?.name !== 'reply-lost' || lost.has(what.action)) return 'whole'
  lost.add(what.action)
  return 'reset'
}
