import { fail, OWN_FAULTS, type Result, success } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import type { SshConnection } from './ssh-connection.ts'
import { endpoint } from './ssh-failure.ts'

/** A gateway's connection while someone uses it. */
interface Shared {
  users: number
  readonly connection: Promise<Result<SshConnection>>
  readonly stop: AbortController
}

/** A loan of a gateway's connection; give it back by `release`. */
export interface GatewayLoan {
  readonly connection: SshConnection
  release(): void
}

/** Connections to gateways, one for all devices behind each, closed when the last of them has gone. */
export class Gateways {
  readonly #shared = new Map<string, Shared>()
  readonly #connect: (target: Target, signal: AbortSignal) => Promise<Result<SshConnection>>

  constructor(connect: (target: Target, signal: AbortSignal) => Promise<Result<SshConnection>>) {
    this.#connect = connect
  }

  /** Fails with CONNECT_VIA_FAILED, naming why the gateway could not be reached; cancelled stays cancelled. */
  async borrow(gateway: Target, signal: AbortSignal): Promise<Result<GatewayLoan>> {
    const key = keyOf(gateway)
    const shared = this.#shared.get(key) ?? this.#open(key, gateway)
    shared.users += 1
    let returned = false
    const release = (): void => {
      if (returned) return
      returned = true
      signal.removeEventListener('abort', release)
      this.#leave(key, shared)
    }
    signal.addEventListener('abort', release, { once: true })
    if (signal.aborted) release()
    const connected = await shared.connection
    if (connected.ok && !signal.aborted) return success({ connection: connected.value, release })
    release()
    if (signal.aborted) return fail({ code: 'RUN_CANCELLED', phase: 'connect', message: 'The run was stopped.' })
    if (connected.ok) return fail({ code: 'CONNECT_VIA_FAILED', phase: 'connect', message: 'The gateway was closed.' })
    const { failure } = connected
    // What failed on this side would fail for the device as well.
    if (OWN_FAULTS.has(failure.code)) return connected
    const message = `The gateway "${gateway.device}" (${endpoint(gateway)}) could not be used. ${failure.message}`
    const evidence = { ...failure.evidence, gateway: gateway.device, gateway_code: failure.code }
    return fail({ code: 'CONNECT_VIA_FAILED', phase: 'connect', message, evidence })
  }

  #open(key: string, gateway: Target): Shared {
    const stop = new AbortController()
    const shared: Shared = { users: 0, stop, connection: this.#connect(gateway, stop.signal) }
    this.#shared.set(key, shared)
    void shared.connection.then((connected) => {
      // A connection that broke is of no use to whoever comes next.
      const forget = (): void => this.#forget(key, shared)
      if (connected.ok) void connected.value.closed.then(forget)
      else forget()
    })
    return shared
  }

  #leave(key: string, shared: Shared): void {
    shared.users -= 1
    if (shared.users > 0) return
    this.#forget(key, shared)
    shared.stop.abort()
    void shared.connection.then((connected) => (connected.ok ? connected.value.close() : undefined))
  }

  #forget(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key)
  }
}

function keyOf(target: Target): string {
  return JSON.stringify([target.user, target.address, target.port, target.via ? keyOf(target.via) : null])
}
