import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { InputError, inputError } from '../core/diagnostic.ts'
import { type Network, SSH_PORT, WINRM_PORT } from './address-plan.ts'
import { type ControlAnswer, type ControlRequest, openControl, type SandboxStatus } from './control.ts'
import { deriveKey } from './device-keys.ts'
import type { PlacedDevice, PlacedListener, PlacedPrinter, PlacedWindows } from './device-spec.ts'
import { assignFaults, canHave, type DeviceFault, type FaultRule, type FaultySystem } from './fault.ts'
import { layOutFlavours } from './flavours.ts'
import { EMULATORS } from './printers/index.ts'
import { clearFolder, type SandboxKeys, type SandboxOverlay, writeOverlay } from './sandbox-folder.ts'
import { readFaults, type Sandbox, type SandboxOptions } from './sandbox-options.ts'
import { openFilesLimit, startBlackHole } from './sandbox-process.ts'
import { SandboxWorker } from './sandbox-worker.ts'

interface Ground {
  readonly options: SandboxOptions
  readonly network: Network
  readonly keys: SandboxKeys
  readonly rules: readonly FaultRule[]
}

/** Open files of a worker beside its listening sockets: connections, and the streams of programs. */
const SPARE_FILES = 700
const MOST_WORKERS = 32
const PORTS = { ssh: SSH_PORT, winrm: WINRM_PORT } as const
/** The account of the Windows devices, an administrator. */
const WINDOWS_USER = 'till'
/** Fewer devices than this are not worth another process. */
const DEVICES_A_WORKER = 25

/** A fleet that is up: its processes, its faults, its way to be asked. */
export class RunningSandbox implements Sandbox {
  readonly #folder: string
  readonly #ground: Ground
  readonly #devices: readonly PlacedDevice[]
  readonly #windows: readonly PlacedWindows[]
  readonly #printers: readonly PlacedPrinter[]
  readonly #listeners: readonly PlacedListener[]
  /** Of all that can be connected to and have faults, by name. */
  readonly #systems: ReadonlyMap<string, FaultySystem>
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
    const { devices, windows = [], printers = [], listeners = [] } = ground.options
    let n = 0
    const next = (): string => this.#address(n++)
    this.#devices = devices.map((device) => ({ ...device, address: next(), port: SSH_PORT }))
    this.#windows = windows.map((device) => ({ ...device, address: next(), port: PORTS[device.by] }))
    this.#printers = printers.map((printer) => ({ ...printer, address: next() }))
    this.#listeners = listeners.map((listener) => ({ ...listener, address: next() }))
    this.#systems = new Map<string, FaultySystem>([
      ...this.#devices.map(({ name }) => [name, { windows: false, by: 'ssh' }] as const),
      ...this.#windows.map(({ name, by }) => [name, { windows: true, by }] as const),
      ...this.#printers.map(({ name, protocol }) => {
        return [name, { windows: false, by: 'printer', shows: EMULATORS[protocol]?.shows ?? [] }] as const
      }),
    ])
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
      devices: this.#devices.length + this.#windows.length,
      windows: this.#windows.length,
      printers: this.#printers.length,
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
      account: { user: WINDOWS_USER, password: keys.password },
      network: network.prefix,
    }
    const starting = this.#workers.map((worker, index) => {
      const share = <T>(all: readonly T[]): readonly T[] => all.filter((_, n) => n % count === index)
      return worker.start({
        ...common,
        folders: {
          devices: join(this.#folder, 'devices'),
          flavours,
          world: join(this.#folder, `world-${index}`),
        },
        devices: share(this.#devices),
        windows: share(this.#windows),
        printers: share(this.#printers),
        listeners: share(this.#listeners),
        faults: [...faults],
      })
    })
    await Promise.all(starting).catch((error: unknown) => {
      throw unavailable('The sandbox cannot isolate devices on this machine', messageOf(error))
    })
  }

  /** One a core, more where one process may not have enough open files. */
  #workerCount(): number {
    const sockets = this.#systems.size + this.#listeners.reduce((all, { ports }) => all + ports.length, 0)
    const limit = openFilesLimit()
    const needed = Math.ceil(sockets / Math.max(1, limit - SPARE_FILES))
    if (limit <= SPARE_FILES || needed > MOST_WORKERS) {
      throw unavailable(
        `The limit of open files (${limit}) is too low for ${this.#systems.size} devices`,
        'Raise it with `ulimit -n`, or select fewer devices.',
      )
    }
    const useful = Math.min(availableParallelism(), Math.ceil(sockets / DEVICES_A_WORKER))
    return Math.max(1, needed, useful)
  }

  #assign(rules: readonly FaultRule[]): ReturnType<typeof assignFaults> {
    const can: Parameters<typeof assignFaults>[3] = (device, fault) => {
      const system = this.#systems.get(device)
      return system !== undefined && canHave(fault, system)
    }
    const assigned = assignFaults([...this.#systems.keys()], rules, this.#ground.options.seed ?? 1, can)
    const unknown = assigned.unmatched.map((name) => ({
      code: 'INV_REFERENCE_UNKNOWN' as const,
      severity: 'error' as const,
      summary: `The sandbox has no device "${name}"`,
      detail: 'Faults name devices that the sandbox serves, with * for any text.',
    }))
    const unfit = assigned.unfit.map(({ fault, devices }) => ({
      code: 'SCHEMA_VALUE_INVALID' as const,
      severity: 'error' as const,
      summary: `"${devices}" cannot have the fault "${fault}"`,
      detail:
        'Some faults are for Windows devices only, some for those that speak SSH or WinRM, some for printers whose protocol can tell them.',
    }))
    if (unknown.length + unfit.length > 0) throw new InputError([...unknown, ...unfit])
    return assigned
  }

  /** An address can change hands only while nobody has it: first the black hole goes, then the workers listen. */
  async #applyFaults(faults: ReadonlyMap<string, DeviceFault>): Promise<void> {
    await this.#blackHole?.stop()
    this.#blackHole = undefined
    await Promise.all(this.#workers.map((worker) => worker.setFaults([...faults])))
    await this.#dig(faults)
  }

  async #dig(faults: ReadonlyMap<string, DeviceFault>): Promise<void> {
    const swallowed = [...this.#devices, ...this.#windows, ...this.#printers].filter(
      (device) => faults.get(device.name)?.name === 'blackhole',
    )
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
    const { secret, key, passwordFile } = this.#ground.keys
    const bySsh = [...this.#devices, ...this.#windows.filter(({ by }) => by === 'ssh')]
    const devices = [
      ...bySsh.map(({ name, address, port }) => {
        return [name, { address, port, host_key: deriveKey(secret, `host ${name}`).publicKey }] as const
      }),
      ...this.#windows
        .filter(({ by }) => by === 'winrm')
        .map(({ name, address, port }) => [name, { address, port, winrm: true as const }] as const),
      ...this.#printers.map(({ name, address, port }) => [name, { address, port, printer: true as const }] as const),
      ...this.#listeners.map(({ name, address, ports }) => [name, { address, port: ports[0] ?? 0 }] as const),
    ]
    const windows = { user: WINDOWS_USER, password_file: passwordFile }
    return { pid: process.pid, key, user: 'root', windows, devices: Object.fromEntries(devices) }
  }
}

function unavailable(summary: string, detail: string): InputError {
  return inputError('SANDBOX_UNAVAILABLE', summary, detail)
}

function countFaults(faults: Iterable<DeviceFault>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const fault of faults) {
    for (const name of [fault.name ?? 'slow', ...(fault.also ?? [])]) counts[name] = (counts[name] ?? 0) + 1
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
