import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { InputError } from '../core/diagnostic.ts'
import { type Network, SSH_PORT } from './address-plan.ts'
import { type ControlAnswer, type ControlRequest, openControl, type SandboxStatus } from './control.ts'
import { deriveKey } from './device-keys.ts'
import type { PlacedDevice, PlacedListener } from './device-spec.ts'
import { assignFaults, type DeviceFault, type FaultRule } from './fault.ts'
import { layOutFlavours } from './flavours.ts'
import { clearFolder, type SandboxOverlay, writeOverlay } from './sandbox-folder.ts'
import { readFaults, type Sandbox, type SandboxOptions } from './sandbox-options.ts'
import { openFilesLimit, startBlackHole } from './sandbox-process.ts'
import { SandboxWorker } from './sandbox-worker.ts'

interface Ground {
  readonly options: SandboxOptions
  readonly network: Network
  readonly keys: { readonly secret: Buffer; readonly key: string; readonly publicKey: string }
  readonly rules: readonly FaultRule[]
}

/** Open files of a worker beside its listening sockets: connections, and the streams of programs. */
const SPARE_FILES = 700
const MOST_WORKERS = 32
/** Fewer devices than this are not worth another process. */
const DEVICES_A_WORKER = 25

/** A fleet that is up: its processes, its faults, its way to be asked. */
export class RunningSandbox implements Sandbox {
  readonly #folder: string
  readonly #ground: Ground
  readonly #devices: readonly PlacedDevice[]
  readonly #listeners: readonly PlacedListener[]
  readonly #startedAt = new Date()
  #rules: readonly FaultRule[]
  #workers: readonly SandboxWorker[] = []
  #blackHole: { stop(): Promise<void> } | undefined
  #control: { close(): void } | undefined
  #overlay: SandboxOverlay | undefined
  #changing: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined
  readonly broken: Promise<string>
  #break: (what: string) => void = () => undefined

  constructor(folder: string, ground: Ground) {
    this.#folder = folder
    this.#ground = ground
    this.#rules = ground.rules
    const { devices, listeners = [] } = ground.options
    this.#devices = devices.map((device, n) => ({ ...device, address: this.#address(n), port: SSH_PORT }))
    this.#listeners = listeners.map((listener, n) => ({ ...listener, address: this.#address(devices.length + n) }))
    this.broken = new Promise((resolve) => {
      this.#break = resolve
    })
  }

  get overlay(): SandboxOverlay {
    if (this.#overlay === undefined) throw new Error('The sandbox is not up')
    return this.#overlay
  }

  async start(): Promise<void> {
    const { faults } = this.#assign(this.#rules)
    const flavours = join(this.#folder, 'flavours')
    layOutFlavours(
      flavours,
      this.#devices.map((device) => device.flavour),
    )
    await this.#startWorkers(flavours, faults)
    await this.#dig(faults)
    this.#control = await openControl(this.#folder, (request) => this.#answer(request))
    this.#overlay = this.#describe()
    writeOverlay(this.#folder, this.#overlay)
  }

  async setFault(...texts: readonly string[]): Promise<void> {
    const rules = [...this.#rules, ...readFaults(texts)]
    const { faults } = this.#assign(rules)
    this.#rules = rules
    const change = this.#changing.then(() => this.#applyFaults(faults))
    this.#changing = change.catch(() => undefined)
    await change
  }

  async status(): Promise<SandboxStatus> {
    const counts = await Promise.all(this.#workers.map((worker) => worker.counts()))
    const sum = (key: 'connections' | 'sessions' | 'served'): number =>
      counts.reduce((all, count) => all + count[key], 0)
    return {
      pid: process.pid,
      started_at: this.#startedAt.toISOString(),
      devices: this.#devices.length,
      listeners: this.#listeners.length,
      workers: this.#workers.length,
      connections: sum('connections'),
      sessions: sum('sessions'),
      served: sum('served'),
      faults: countFaults(this.#assign(this.#rules).faults.values()),
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end()
    return this.#stopped
  }

  async #end(): Promise<void> {
    this.#control?.close()
    await this.#changing
    await Promise.all([...this.#workers.map((worker) => worker.stop()), this.#blackHole?.stop()])
    this.#ground.network.release()
    await clearFolder(this.#folder, { keep: this.#ground.options.keep ?? false })
  }

  #address(n: number): string {
    const address = this.#ground.network.address(n)
    if (address !== undefined) return address
    throw unavailable('More devices than a loopback network has addresses', 'Select fewer with --where or --stores.')
  }

  async #startWorkers(flavours: string, faults: ReadonlyMap<string, DeviceFault>): Promise<void> {
    const { options, network, keys } = this.#ground
    const count = this.#workerCount()
    this.#workers = Array.from({ length: count }, () => new SandboxWorker())
    for (const worker of this.#workers) void worker.lost.then(() => this.#break('A process of the sandbox ended.'))
    const common = {
      initial: { seed: options.seed ?? 1, drift: options.drift ?? 0 },
      secret: keys.secret.toString('base64'),
      clientKey: keys.publicKey,
      network: network.prefix,
    }
    const starting = this.#workers.map((worker, index) => {
      const devices = this.#devices.filter((_, n) => n % count === index)
      return worker.start({
        ...common,
        folders: {
          devices: join(this.#folder, 'devices'),
          flavours,
          world: join(this.#folder, `world-${index}`),
        },
        devices,
        listeners: this.#listeners.filter((_, n) => n % count === index),
        faults: faultsOf(devices, faults),
      })
    })
    await Promise.all(starting).catch((error: unknown) => {
      throw unavailable('The sandbox cannot isolate devices on this machine', messageOf(error))
    })
  }

  /** One a core, more where one process may not have enough open files. */
  #workerCount(): number {
    const sockets = this.#devices.length + this.#listeners.reduce((all, { ports }) => all + ports.length, 0)
    const limit = openFilesLimit()
    const needed = Math.ceil(sockets / Math.max(1, limit - SPARE_FILES))
    if (limit <= SPARE_FILES || needed > MOST_WORKERS) {
      throw unavailable(
        `The limit of open files (${limit}) is too low for ${this.#devices.length} devices`,
        'Raise it with `ulimit -n`, or select fewer devices.',
      )
    }
    const useful = Math.min(availableParallelism(), Math.ceil(sockets / DEVICES_A_WORKER))
    return Math.max(1, needed, useful)
  }

  #assign(rules: readonly FaultRule[]): ReturnType<typeof assignFaults> {
    const names = this.#devices.map((device) => device.name)
    const assigned = assignFaults(names, rules, this.#ground.options.seed ?? 1)
    if (assigned.unmatched.length === 0) return assigned
    throw new InputError(
      assigned.unmatched.map((name) => ({
        code: 'INV_REFERENCE_UNKNOWN',
        severity: 'error',
        summary: `The sandbox has no device "${name}"`,
        detail: 'Faults name devices that the sandbox serves, with * for any text.',
      })),
    )
  }

  /** An address can change hands only while nobody has it: first the black hole goes, then the workers listen. */
  async #applyFaults(faults: ReadonlyMap<string, DeviceFault>): Promise<void> {
    await this.#blackHole?.stop()
    this.#blackHole = undefined
    const count = this.#workers.length
    await Promise.all(
      this.#workers.map((worker, index) =>
        worker.setFaults(
          faultsOf(
            this.#devices.filter((_, n) => n % count === index),
            faults,
          ),
        ),
      ),
    )
    await this.#dig(faults)
  }

  async #dig(faults: ReadonlyMap<string, DeviceFault>): Promise<void> {
    const swallowed = this.#devices.filter((device) => faults.get(device.name)?.name === 'blackhole')
    if (swallowed.length > 0) this.#blackHole = await startBlackHole(swallowed)
  }

  async #answer(request: ControlRequest): Promise<ControlAnswer> {
    try {
      if (request.ask === 'fault') await this.setFault(...request.faults)
      return { ok: true, status: await this.status() }
    } catch (error) {
      return { ok: false, problem: error instanceof InputError ? sentences(error) : messageOf(error) }
    }
  }

  #describe(): SandboxOverlay {
    const { secret, key } = this.#ground.keys
    const devices = this.#devices.map(({ name, address, port }) => {
      return [name, { address, port, host_key: deriveKey(secret, `host ${name}`).publicKey }] as const
    })
    const listeners = this.#listeners.map(
      ({ name, address, ports }) => [name, { address, port: ports[0] ?? 0 }] as const,
    )
    return { pid: process.pid, key, user: 'root', devices: Object.fromEntries([...devices, ...listeners]) }
  }
}

function unavailable(summary: string, detail: string): InputError {
  return new InputError([{ code: 'SANDBOX_UNAVAILABLE', severity: 'error', summary, detail }])
}

function faultsOf(
  devices: readonly PlacedDevice[],
  faults: ReadonlyMap<string, DeviceFault>,
): readonly (readonly [string, DeviceFault])[] {
  return devices.flatMap(({ name }) => {
    const fault = faults.get(name)
    return fault ? [[name, fault] as const] : []
  })
}

function countFaults(faults: Iterable<DeviceFault>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const fault of faults) {
    const name = fault.name ?? 'slow'
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

function sentences(error: InputError): string {
  return error.diagnostics
    .map(({ summary, detail }) => (detail === undefined ? summary : `${summary}. ${detail}`))
    .join(' ')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
