import type { DeviceShell } from '../../core/chain.ts'
import type { ByteStream } from '../../core/channel.ts'
import type { ContentDesk, ContentToSend } from '../../core/content.ts'
import { type Failure, fail, type Result } from '../../core/failure.ts'
import type { Device } from '../../core/fleet.ts'
import type { DialTo, NeighbourShell, Neighbours } from '../../core/module.ts'
import type { Connection, Target, Transport } from '../../core/transport.ts'
import type { DeviceSession } from '../../engine/device/perform-device.ts'
import { ContentCourier, type Peer } from './content-courier.ts'
import { LazyShell, type SessionWatch } from './lazy-shell.ts'
import type { LoginResolver } from './log-in.ts'
import type { TargetEnd } from './resolve-target.ts'

export interface SessionDependencies {
  readonly resolver: LoginResolver
  readonly transports: ReadonlyMap<string, Transport>
  readonly neighboursOf: (device: Device) => Neighbours
  readonly signal: AbortSignal
  readonly watch: SessionWatch
  /** How files go to devices; absent: none do. */
  readonly content?: ContentDesk
}

/** Nobody counts those who connect to a neighbour: one who hangs on it has begun already. */
const UNWATCHED: SessionWatch = { connecting: () => undefined, connected: () => undefined }

/** The ways to one device: its own shell, that of the device which it hangs on, and byte streams; each when first used. */
export class LazySession implements DeviceSession {
  readonly shell: DeviceSession['shell']
  readonly host?: NeighbourShell
  readonly gateway?: Device
  readonly #device: Device
  readonly #dependencies: SessionDependencies
  readonly #own: LazyShell
  readonly #hosts: LazyShell | undefined
  /** Through the host, once somebody went that way. */
  #tunnel: Promise<Result<Connection>> | undefined
  readonly #leaving = new AbortController()

  constructor(device: Device, dependencies: SessionDependencies) {
    this.#device = device
    this.#dependencies = dependencies
    const { signal, watch } = dependencies
    const target = (): Promise<Result<Target>> => dependencies.resolver.resolve(device, 'self')
    const connect = patient(connectorOf(device, dependencies), { device, end: 'self', resolver: dependencies.resolver })
    this.#own = new LazyShell(device, { target, connect, signal, watch })
    this.shell = this.#withCourier(this.#own.shell)
    const { host, gateway } = dependencies.neighboursOf(device)
    if (gateway) this.gateway = gateway
    if (!host) return
    this.#hosts = new LazyShell(host, {
      target: () => this.#hostTarget(),
      connect: (...login) => this.#share(host)(...login),
      signal,
      watch: UNWATCHED,
    })
    this.host = { device: host, shell: this.#hosts.shell }
  }

  #withCourier(shell: DeviceShell): DeviceShell {
    const { content } = this.#dependencies
    if (!content) return shell
    const openPeer = (peer: Device): Peer => this.#openPeer(peer)
    const courier = new ContentCourier(this.#device, shell, { desk: content, openPeer })
    return {
      ...shell,
      upload: (...upload) => courier.upload(...upload),
      foresee: (file: ContentToSend) => courier.foresee(file),
    }
  }

  /** On behalf of the device. */
  #openPeer(peer: Device): Peer {
    const { resolver, signal } = this.#dependencies
    const login = { device: peer, end: 'self', resolver, behalf: this.#device } as const
    const lazy = new LazyShell(peer, {
      target: () => resolver.resolve(peer, 'self', this.#device),
      connect: patient(connectorOf(peer, this.#dependencies), login),
      signal,
      watch: UNWATCHED,
    })
    return { shell: lazy.shell, close: () => lazy.close() }
  }

  async dial(to: DialTo, timeoutMs: number): Promise<Result<ByteStream>> {
    if (to.through === 'host') return this.#dialThroughHost(to, timeoutMs)
    const way = await this.#dependencies.resolver.resolve(this.#device, 'way')
    if (!way.ok) return way
    const target = { ...way.value, port: to.port, ...(to.host !== undefined && { address: to.host }) }
    const carrier = this.#dependencies.transports.get('ssh')
    if (!carrier?.dial) throw new Error('there is no transport that opens byte streams')
    return carrier.dial(target, timeoutMs, this.#signal())
  }

  async close(): Promise<void> {
    this.#leaving.abort()
    const tunnel = await this.#tunnel
    await Promise.all([this.#own.close(), this.#hosts?.close(), tunnel?.ok ? tunnel.value.close() : undefined])
  }

  async #dialThroughHost(to: DialTo, timeoutMs: number): Promise<Result<ByteStream>> {
    const host = this.host?.device
    if (!host) return fail(noHost(this.#device))
    if (host.transport.type === 'winrm') return fail(cannotForward(host))
    this.#tunnel ??= this.#hostTarget().then((target) =>
      target.ok ? this.#share(host)(target.value, this.#signal()) : target,
    )
    const tunnel = await this.#tunnel
    if (!tunnel.ok) return fail({ ...tunnel.failure, code: 'CONNECT_VIA_FAILED' })
    return tunnel.value.forward(to.host ?? this.#device.address, to.port, timeoutMs)
  }

  #share(host: Device): Connect {
    const { resolver } = this.#dependencies
    return patient(sharerOf(host, this.#dependencies), { device: this.#device, end: 'host', resolver })
  }

  #hostTarget(): Promise<Result<Target>> {
    return this.#dependencies.resolver.resolve(this.#device, 'host')
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#dependencies.signal, this.#leaving.signal])
  }
}

type Connect = (target: Target, signal: AbortSignal) => Promise<Result<Connection>>

function connectorOf(device: Device, { transports }: SessionDependencies): Connect {
  return async (target, signal) =>
    (await transports.get(device.transport.type)?.connect(target, signal)) ?? fail(unsupported(device))
}

/** Says what came of a login, and tries once more where the password that was refused has been changed meanwhile. */
function patient(
  connect: Connect,
  of: {
    readonly device: Device
    readonly end: TargetEnd
    readonly resolver: LoginResolver
    /** Of the device that is worked on, where that is another one. */
    readonly behalf?: Device
  },
): Connect {
  const { device, end, resolver, behalf } = of
  const attempt = async (
    target: Target,
    signal: AbortSignal,
  ): Promise<[Result<Connection>, Result<Target> | undefined]> => {
    const connected = await connect(target, signal)
    const { print } = target
    if (print === undefined) return [connected, undefined]
    const login = connected.ok
      ? { print, failure: undefined, accepted: connected.value.accepted }
      : { print, failure: connected.failure }
    return [connected, await resolver.loggedIn?.(device, end, login, behalf)]
  }
  return async (target, signal) => {
    const [first, fresh] = await attempt(target, signal)
    if (!fresh?.ok) return first
    return (await attempt(fresh.value, signal))[0]
  }
}

/** Several printers of a till ask it by one connection, where its transport has that. */
function sharerOf(host: Device, dependencies: SessionDependencies): Connect {
  const transport = dependencies.transports.get(host.transport.type)
  return transport?.share
    ? (target, signal) => (transport.share as Connect)(target, signal)
    : connectorOf(host, dependencies)
}

function unsupported(device: Device): Failure {
  const message = `"${device.name}" is reached by ${device.transport.type}, which this version does not speak.`
  return { code: 'TRANSPORT_UNSUPPORTED', phase: 'resolve', message }
}

function noHost(device: Device): Failure {
  const message = `The inventory names no device with a shell that "${device.name}" hangs on. Name it with \`attached_to\`.`
  return { code: 'CONNECT_VIA_FAILED', phase: 'resolve', message }
}

function cannotForward(host: Device): Failure {
  const message = `"${host.name}" is reached by ${host.transport.type}, which carries no streams to devices behind it.`
  return { code: 'CONNECT_VIA_FAILED', phase: 'connect', message }
}
