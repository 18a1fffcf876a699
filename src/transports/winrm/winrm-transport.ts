import { fail, type Result, success } from '../../core/failure.ts'
import type { Connection, Target, Transport } from '../../core/transport.ts'
import type { HandshakeGate } from '../ssh/handshake-gate.ts'
import type { Way } from '../ssh/ssh-transport.ts'
import { Courier } from './courier.ts'
import { identifyMessage } from './envelope.ts'
import { identify } from './identify.ts'
import type { SessionDependencies, WinRmDevice } from './open-session.ts'
import { PACE, type Pace } from './pace.ts'
import { WinRmConnection } from './winrm-connection.ts'

export interface WinRmOptions {
  readonly gate: HandshakeGate
  /** The way to a target, until it is released or the signal is aborted. */
  readonly wayTo: (target: Target, signal: AbortSignal) => Promise<Result<Way>>
  readonly pace?: Partial<Pace>
}

/** WinRM (MS-WSMV) with a client of our own: NTLM with sealing, or TLS. */
export function winrmTransport(options: WinRmOptions): Transport & Required<Pick<Transport, 'identify' | 'drained'>> {
  const pace = { ...PACE, ...options.pace }
  const leaving = new Set<Promise<void>>()

  async function connect(target: Target, signal: AbortSignal): Promise<Result<Connection>> {
    const { winrm } = target
    if (!winrm) throw new Error(`The target "${target.device}" has no settings for WinRM.`)
    if (signal.aborted) return fail({ code: 'RUN_CANCELLED', phase: 'resolve', message: 'The run was stopped.' })
    // The way outlives the signal: what is cleaned up after it is cleaned up on this way.
    const lifetime = new AbortController()
    const cancel = (): void => lifetime.abort()
    signal.addEventListener('abort', cancel, { once: true })
    const way = await options.wayTo(target, lifetime.signal)
    if (!way.ok) return way
    const device: WinRmDevice = { ...target, winrm }
    const dependencies: SessionDependencies = { target: device, reach: way.value.reach, gate: options.gate }
    const courier = new Courier(dependencies, pace)
    const connected = await courier.connect(signal)
    const own = connected.ok ? await acceptsPassword(courier, device, signal) : connected
    if (!own.ok) {
      courier.close()
      way.value.release()
      return own
    }
    signal.removeEventListener('abort', cancel)
    const accepted = { own: own.value, gateways: way.value.byPassword }
    const connection = new WinRmConnection(courier, { ...dependencies, pace, signal, accepted })
    const cleaned = connection.cleaned.then(() => {
      way.value.release()
      lifetime.abort()
    })
    void connection.closed.then(() => {
      leaving.add(cleaned)
      void cleaned.then(() => leaving.delete(cleaned))
    })
    return success(connection)
  }

  return {
    name: 'winrm',
    connect,
    async identify(target, signal) {
      const { winrm } = target
      if (!winrm) throw new Error(`The target "${target.device}" has no settings for WinRM.`)
      const way = await options.wayTo(target, signal)
      if (!way.ok) return way
      const dependencies = { target: { ...target, winrm }, reach: way.value.reach, gate: options.gate, pace }
      const said = await identify(dependencies, signal)
      way.value.release()
      return said
    },
    async drained() {
      await Promise.all(leaving)
    },
  }
}

/**
 * Whether the device has accepted the password. Over TLS nobody has said so yet: the first message carries the proof
 * (`login`). Where the password is doubted (`Target.isDoubted`), it is one that asks for nothing, so that a refusal is known before the
 * next device is tried: a round trip more.
 */
async function acceptsPassword(courier: Courier, target: WinRmDevice, signal: AbortSignal): Promise<Result<boolean>> {
  const { https, auth } = target.winrm
  if (auth !== 'ntlm' && auth !== 'basic') return success(false)
  if (!https) return success(true)
  if (!target.isDoubted) return success(false)
  const moment = { target, phase: 'authenticate' } as const
  const answerMs = target.deadlines.authenticate
  const reply = await courier.exchange(identifyMessage, { moment, answerMs, repeatable: true, signal })
  if (reply.kind !== 'failed') return success(true)
  return reply.failure.code === 'AUTHENTICATE_REFUSED' ? fail(reply.failure) : success(false)
}
