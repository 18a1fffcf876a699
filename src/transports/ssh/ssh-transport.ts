import type { Duplex } from 'node:stream'
import type { ByteStream } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { Connection, Target, Transport } from '../../core/transport.ts'
import { byteStreamOf } from '../byte-stream.ts'
import { pause } from '../pause.ts'
import { dial, resolveAddress } from './dial.ts'
import { Gateways } from './gateways.ts'
import { type Handshaken, type HandshakeOptions, handshake } from './handshake.ts'
import type { Admitted, HandshakeGate } from './handshake-gate.ts'
import { HOST_KEY_TYPES, hostKeyAlgorithms, hostKeyText } from './host-key.ts'
import { type Identity, loadIdentity } from './identity.ts'
import { ShortWays } from './short-ways.ts'
import { SshConnection } from './ssh-connection.ts'
import { sshFailure } from './ssh-failure.ts'

/** Attempts after the first one when a device hangs up before it said who it is. */
const RETRIES = 3

/** The pause before the second attempt, in milliseconds; it doubles, and is spread by half. */
const BACK_OFF_MS = 300

/** SSH by ssh2. One instance a run: connections to gateways are shared in it. */
export interface SshTransport extends Transport {
  /**
   * The host keys that a device shows, proven to be in its possession, as `type base64`. Nobody logs in on the
   * device itself, though on the gateways before it; `target.hostKeys` plays no part.
   */
  scanHostKeys(target: Target, signal: AbortSignal): Promise<Result<readonly string[]>>
  /** The way to a target for whatever is spoken there, until it is released or the signal is aborted. */
  wayTo(target: Target, signal: AbortSignal): Promise<Result<Way>>
}

/**
 * Connections to devices. Handshakes, but not the waiting for them, count against deadlines. `warn` is told, once, what of
 * our own does not work here.
 */
export function sshTransport(gate: HandshakeGate, warn: (text: string) => void = () => undefined): SshTransport {
  const connector = new Connector(gate, new ShortWays(warn))
  return {
    name: 'ssh',
    connect: (target, signal) => connector.connect(target, signal),
    scanHostKeys: (target, signal) => connector.scan(target, signal),
    wayTo: (target, signal) => connector.wayTo(target, signal),
    share: (target, signal) => connector.share(target, signal),
    dial: (target, timeoutMs, signal) => connector.dial(target, timeoutMs, signal),
  }
}

/** Makes a stream to a target, within a number of milliseconds. */
type Reach = (timeoutMs: number) => Promise<Result<Duplex>>

/** How to reach a target: by TCP, or through the connection of its gateway. */
export interface Way {
  readonly reach: Reach
  /** All gateways on it let us in by passwords. */
  readonly byPassword: boolean
  release(): void
}

class Connector {
  readonly #gate: HandshakeGate
  readonly #gateways: Gateways
  readonly #ways: ShortWays

  constructor(gate: HandshakeGate, ways: ShortWays) {
    this.#gate = gate
    this.#ways = ways
    this.#gateways = new Gateways((target, signal) => this.connect(target, signal))
  }

  async connect(target: Target, signal: AbortSignal): Promise<Result<SshConnection>> {
    const identities: Identity[] = []
    for (const key of target.keys) {
      const identity = loadIdentity(key)
      if (!identity.ok) return identity
      identities.push(identity.value)
    }
    const way = await this.wayTo(target, signal)
    if (!way.ok) return way
    const end = await this.#handshake(way.value.reach, { target, signal, identities, ways: this.#ways })
    if (!end.ok) {
      way.value.release()
      return end
    }
    const { established, admitted } = end.value
    const connection = new SshConnection(established, {
      target,
      ways: this.#ways,
      again: () => this.connect(target, signal),
      answered: admitted.release,
      wayByPassword: way.value.byPassword,
    })
    void connection.closed.then(way.value.release)
    return success(connection)
  }

  async scan(target: Target, signal: AbortSignal): Promise<Result<readonly string[]>> {
    const way = await this.wayTo(target, signal)
    if (!way.ok) return way
    const found: string[] = []
    const note = (blob: Buffer): void => void found.push(hostKeyText(blob))
    try {
      for (const type of HOST_KEY_TYPES) {
        const scan = { algorithms: hostKeyAlgorithms([type]) ?? [], found: note }
        const end = await this.#handshake(way.value.reach, { target, signal, identities: [], ways: this.#ways, scan })
        if (end.ok) end.value.admitted.release()
        if (!end.ok && !hasNoSuchKey(end.failure)) return end
      }
      return success(found)
    } finally {
      way.value.release()
    }
  }

  async wayTo(target: Target, signal: AbortSignal): Promise<Result<Way>> {
    if (signal.aborted) return fail(sshFailure({ target, phase: 'resolve', cancelled: true }))
    if (!target.via) {
      const addresses = await resolveAddress(target, signal)
      if (!addresses.ok) return addresses
      const reach: Reach = (timeoutMs) => dial(target, addresses.value, { timeoutMs, signal })
      return success({ reach, byPassword: true, release: () => undefined })
    }
    const loan = await this.#gateways.borrow(target.via, signal)
    if (!loan.ok) return loan
    const { connection, release } = loan.value
    const { own, gateways } = connection.accepted
    const reach: Reach = (timeoutMs) => connection.forwardSocket(target, timeoutMs)
    return success({ reach, byPassword: own && gateways, release })
  }

  /** Those who share a connection are those who go through a gateway: both are users of one pool. */
  async share(target: Target, signal: AbortSignal): Promise<Result<Connection>> {
    const loan = await this.#gateways.borrow(target, signal)
    if (!loan.ok) return loan
    const { connection, release } = loan.value
    return success({
      exec: (command, input) => connection.exec(command, input),
      forward: (host, port, timeoutMs) => connection.forward(host, port, timeoutMs),
      closed: connection.closed,
      accepted: connection.accepted,
      close: async () => release(),
    })
  }

  async dial(target: Target, timeoutMs: number, signal: AbortSignal): Promise<Result<ByteStream>> {
    const way = await this.wayTo(target, signal)
    if (!way.ok) return way
    const reached = await way.value.reach(timeoutMs)
    if (!reached.ok) {
      way.value.release()
      return reached
    }
    reached.value.once('close', way.value.release)
    return success(byteStreamOf(reached.value))
  }

  /** Identifies and logs in, keeping the place at the gate; again and with growing pauses while the device is too busy to say who it is. */
  async #handshake(
    reach: Reach,
    options: HandshakeOptions,
  ): Promise<Result<{ readonly established: Handshaken; readonly admitted: Admitted }>> {
    const { target, signal } = options
    let budgetMs = target.deadlines.connect
    for (let attempt = 0; ; attempt += 1) {
      const admitted = await this.#gate.enter(signal)
      if (!admitted) return fail(sshFailure({ target, phase: 'connect', cancelled: true }))
      const began = performance.now()
      const reached = await reach(budgetMs)
      budgetMs -= performance.now() - began
      if (reached.ok) admitted.extend()
      const end = reached.ok ? await handshake(reached.value, options) : { ...reached, busy: isReset(reached.failure) }
      if (end.ok) return success({ established: end.value, admitted })
      admitted.release()
      if (signal.aborted) return fail(sshFailure({ target, phase: end.failure.phase as 'connect', cancelled: true }))
      const pauseMs = BACK_OFF_MS * 2 ** attempt * (0.5 + Math.random())
      if (!end.busy || attempt === RETRIES || pauseMs >= budgetMs) return fail(end.failure)
      budgetMs -= pauseMs
      await pause(pauseMs, signal)
    }
  }
}

/** Hung up even before the connection was handed to us. */
function isReset(failure: Failure): boolean {
  return failure.code === 'CONNECT_RESET'
}

function hasNoSuchKey(failure: Failure): boolean {
  return failure.code === 'IDENTIFY_ALGORITHM_NONE' && /host key/.test(failure.message)
}
