import type { ShellChannel } from '../../core/channel.ts'
import { type Result, SessionLost, success } from '../../core/failure.ts'
import type { Dial } from '../line/dial.ts'
import type { Endpoint as LineEndpoint } from '../line/endpoint.ts'
import type { Line, LineState } from '../line/line.ts'
import { posixLine } from '../line/posix-line.ts'
import { tcpLine } from '../line/tcp-line.ts'
import { windowsLine } from '../line/windows-line.ts'
import { type Approach, nameOf } from './approach.ts'
import type { AnyReading, AskableProtocol, Visit } from './askable.ts'
import type { Asking } from './protocol.ts'
import { readQueue } from './queue-reading.ts'
import { notReached } from './unanswered.ts'

/** Where a visit goes over TCP, and how it is dialled; one that goes elsewhere is a fault of ours. */
export function dialledBy({ approach: { place, through }, ways }: Visit): {
  readonly to: { readonly host: string; readonly port: number }
  readonly dial: Dial
} {
  if (place.kind !== 'tcp') throw new Error(`a web service on a port of ${ways.host?.device.name}`)
  const way = through === 'host' ? { through } : {}
  const dial: Dial = (to, timeoutMs) => ways.dial({ host: to.host, port: to.port, ...way }, timeoutMs)
  return { to: { host: place.host, port: place.port }, dial }
}

/** The bytes of a visit, by whichever way it goes. */
export function lineOf({ approach, ways }: Visit, asking: Asking): Line {
  const name = nameOf(approach, ways)
  const { place, through } = approach
  const { budgetMs } = asking
  const shell = ways.host?.shell
  // Windows tills carry no streams; their PowerShell speaks to the port instead.
  const carriesStreams = shell?.dialect !== 'powershell' || ways.host?.device.transport.type === 'ssh'
  if (place.kind === 'tcp' && (through === 'controller' || carriesStreams)) {
    const to = { host: place.host, port: place.port, ...(through === 'host' && { through }) }
    return tcpLine({ name, budgetMs, signal: ways.signal, dial: (timeoutMs) => ways.dial(to, timeoutMs) })
  }
  if (!shell) throw new Error(`there is no shell to reach ${name} by`)
  const line = shell.dialect === 'powershell' ? windowsLine : posixLine
  return line({ name, shell, endpoint: endpointOf(place), budgetMs })
}

function hostShell({ approach, ways }: Visit): ShellChannel {
  if (!ways.host) throw new Error(`there is no shell to reach ${nameOf(approach, ways)} by`)
  return ways.host.shell
}

function endpointOf(place: Approach['place']): LineEndpoint {
  if (place.kind === 'queue') throw new Error('a queue is no line')
  if (place.kind === 'tcp') return place
  if (place.kind === 'usb') return { kind: 'usb', port: place.path }
  return { kind: 'serial', port: place.path, baud: place.baud, dataBits: 8, parity: 'none', stopBits: 1 }
}

/**
 * Asks a device. What it says, and that it says nothing, is a reading; so is that the till before it cannot be reached.
 * A failure only where the step cannot go on.
 */
export async function readByWay<R extends AnyReading>(
  protocol: { readonly name: string; readonly is: AskableProtocol<R> },
  visit: Visit,
  asking: Asking,
): Promise<Result<R>> {
  try {
    const { place } = visit.approach
    const read =
      place.kind === 'queue'
        ? ((await readQueue(hostShell(visit), place.name, asking)) as Result<AnyReading> as Result<R>)
        : await protocol.is.read(visit, asking)
    if (read.ok || STOPPED.has(read.failure.code)) return read
    return success(wayLost<R>(protocol.name, read.failure.message))
  } catch (error) {
    if (!(error instanceof SessionLost) || STOPPED.has(error.failure.code)) throw error
    return success(wayLost<R>(protocol.name, error.failure.message))
  }
}

const STOPPED: ReadonlySet<string> = new Set(['RUN_CANCELLED', 'RUN_LOST', 'INTERNAL_BUG', 'OBSERVE_TIMEOUT'])

/** The reading of a device whose way could not be used: nothing is known of it. */
export function wayLost<R extends AnyReading>(protocol: string, detail: string): R {
  return notReached(protocol, { state: 'unknown' satisfies LineState, replies: [], detail, ms: 0 }) as AnyReading as R
}
