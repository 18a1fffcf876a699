import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { IncidentStore } from '../core/incident-store.ts'
import type { RunStore } from '../core/run-store.ts'

/** A kind of store under test, in a form that another process can open, too. */
export interface StoreUnderTest {
  /** Absolute path of the module, and the name of its function `(location) => Promise<RunStore>`. */
  readonly module: string
  readonly open: string
  /** The same for what opens its incidents. */
  readonly openIncidents: string
  /** A location where nothing is stored yet, for a private folder that is removed after the test. */
  readonly location: (folder: string) => string
  /** What a location takes, in bytes. */
  readonly bytes: (location: string) => number | Promise<number>
  /** How node runs the module: `['--import', 'tsx']` for TypeScript. */
  readonly execArgv: readonly string[]
  /** `store-child` and the module in a form that starts quicker, when there is one: node runs it without `execArgv`. */
  readonly child?: { readonly program: string; readonly module: string }
}

export interface Other {
  readonly child: ChildProcess
  readonly lines: AsyncIterator<string>
  readonly exit: Promise<number | null>
}

/** A store in a private folder, and other processes that have it open too. */
export class StoreBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'till-store-'))
  readonly location: string
  readonly #of: StoreUnderTest
  #stores: (RunStore | IncidentStore)[] = []
  #others: Other[] = []

  constructor(of: StoreUnderTest) {
    this.#of = of
    this.location = of.location(this.folder)
  }

  /** What the store takes, in bytes. */
  bytes(): number | Promise<number> {
    return this.#of.bytes(this.location)
  }

  store(): Promise<RunStore> {
    return this.#opened<RunStore>(this.#of.open)
  }

  get openIncidents(): string {
    return this.#of.openIncidents
  }

  incidents(): Promise<IncidentStore> {
    return this.#opened<IncidentStore>(this.#of.openIncidents)
  }

  async #opened<Store extends RunStore | IncidentStore>(name: string): Promise<Store> {
    const exports = (await import(this.#of.module)) as Record<string, (location: string) => Promise<Store>>
    const open = exports[name]
    if (open === undefined) throw new Error(`"${this.#of.module}" exports no "${name}"`)
    const store = await open(this.location)
    this.#stores.push(store)
    return store
  }

  other(role: string, ...rest: string[]): Other {
    const { execArgv, module, child: quick, open } = this.#of
    const slow = fileURLToPath(import.meta.url).replace(/store-bench(\.[jt]s)$/, 'store-child$1')
    const program = quick ? [quick.program, quick.module] : [...execArgv, slow, module]
    const argv = [...program, open, this.location, role, ...rest]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const other = { child, lines, exit }
    this.#others.push(other)
    return other
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, exit } of this.#others) {
      child.kill('SIGKILL')
      await exit
    }
    for (const store of this.#stores) await store.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

export async function killed(other: Other): Promise<void> {
  other.child.kill('SIGKILL')
  await other.exit
}
