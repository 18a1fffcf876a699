import { setMaxListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guardChecks } from '../../src/app/run/guard-checks.ts'
import type { DeviceShell } from '../../src/core/chain.ts'
import type { ProcessStream } from '../../src/core/channel.ts'
import type { RunEvent, RunMode } from '../../src/core/events.ts'
import { success } from '../../src/core/failure.ts'
import type { Fence } from '../../src/core/fence.ts'
import type { Device } from '../../src/core/fleet.ts'
import type { Guard } from '../../src/core/guard.ts'
import type { Module } from '../../src/core/module.ts'
import type { DeviceOutcome } from '../../src/core/outcome.ts'
import type { Runbook, Step } from '../../src/core/runbook.ts'
import type { Target } from '../../src/core/transport.ts'
import { warningQuestion } from '../../src/devices/guard/warning-question.ts'
import type { Admission, Permit } from '../../src/engine/admission/admission.ts'
import type { DeviceEnvironment, DeviceSession, DeviceWork } from '../../src/engine/device/perform-device.ts'
import { runFleet } from '../../src/engine/fleet/run-fleet.ts'
import { openJournal } from '../../src/engine/journal/journal.ts'
import { Masker } from '../../src/engine/journal/mask.ts'
import { defineModule } from '../../src/modules/define.ts'
import { openPosixShell } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { noOtherWays } from '../modules/some-context.ts'
import { cell } from './cell.ts'

/** A module small enough to see through: a file whose whole content is one line. */
export const line = defineModule({
  name: 'line',
  summary: 'one line in a file',
  systems: ['linux'],
  reacts: true,
  params: {
    type: 'object',
    properties: {
      path: { type: 'string' },
      text: { type: 'string' },
      slow: { type: 'boolean' },
      stubborn: { type: 'boolean' },
      twice: { type: 'boolean' },
      lasting: { type: 'boolean' },
      slow_until: { type: 'string' },
      breaks: { type: 'boolean' },
      blind: { type: 'boolean' },
    },
    required: ['path', 'text'],
  },
  async observe({ shell }, { path, slow, slow_until }) {
    const script = slow
      ? 'sleep 30'
      : '[ -z "$until" ] || [ -e "$until" ] || sleep 30; found=$(cat "$path" 2>/dev/null); printf %s "$found"'
    const answer = await shell.ask({ script, values: { path, until: slow_until ?? '' } })
    return success(answer.text)
  },
  diff: ({ text, blind }, state, { triggered }) => {
    if (blind && state === text) return { unknown: 'it cannot be seen' }
    return [
      ...(state === text ? [] : [{ path: 'text', before: state, after: text }]),
      ...(triggered ? [{ path: 'again', before: null, after: text, once: true }] : []),
    ]
  },
  value: (state) => ({ text: state }),
  async converge({ shell }, { path, text, stubborn, twice, lasting, breaks }) {
    if (lasting) await shell.ask({ script: 'sleep 30' })
    if (twice) await shell.ask({ script: 'printf %s half >"$path"', values: { path } })
    if (breaks) {
      const { errorText: message } = await shell.ask({ script: 'printf %s broken >"$path"', values: { path } })
      return { ok: false, failure: { code: 'CONVERGE_FAILED', phase: 'converge', message } }
    }
    const script = stubborn ? ':' : 'printf %s "$text" >"$path"; printf "%s\\n" "$path" >>"$path.log"'
    const answer = await shell.ask({ script, values: { path, text } })
    if (answer.exitCode === 0) return success(undefined)
    return { ok: false, failure: { code: 'CONVERGE_FAILED', phase: 'converge', message: answer.errorText } }
  },
  proof: ({ text, blind, twice, lasting, breaks }) =>
    blind || twice || lasting || breaks ? undefined : { test: '[ "$found" = "$text" ]', values: { text } },
})

/** Fails unless a file has a content; cannot mend it. */
export const check = defineModule({
  name: 'check',
  summary: 'looks at a file',
  systems: ['linux'],
  params: {
    type: 'object',
    properties: { path: { type: 'string' }, text: { type: 'string' } },
    required: ['path', 'text'],
  },
  async observe({ shell }, { path }) {
    return success((await shell.ask({ script: 'cat "$path" 2>/dev/null || :', values: { path } })).text)
  },
  diff: ({ text }, state) => (state === text ? [] : [{ path: 'text', before: state, after: text }]),
})

/** Asks nothing of the device and hangs until it is told to stop. */
const sleeper = defineModule({
  name: 'sleeper',
  summary: 'never answers',
  systems: ['linux'],
  params: { type: 'object', properties: {} },
  observe: () => new Promise<never>(() => undefined),
  diff: () => [],
})

const MODULES: readonly Module[] = [line, check, sleeper, cell]

export function device(name: string, more: Partial<Device> = {}): Device {
  const [store = '', id = ''] = name.split('/')
  return {
    id,
    name,
    store,
    region: 'mazowieckie',
    profile: 'till-linux',
    kind: 'till',
    os: { family: 'linux' },
    address: '127.0.0.1',
    tags: [],
    transport: { type: 'local' },
    vars: {},
    source: { file: 'x', line: 1, column: 1, endLine: 1, endColumn: 1 },
    ...more,
  }
}

type StepInput = Omit<Partial<Step>, 'params' | 'when'> & {
  id: string
  module: string
  with: Record<string, unknown>
} & {
  when?: (steps: Record<string, { state: string; changed: boolean }>) => boolean
  needs?: string[]
  /** Of those that `when` needs, the ones whose values it looks at. Default: all. */
  looks_at?: string[]
}

const NOWHERE = { file: 'runbook.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 }

export function step(input: StepInput): Step {
  const { with: params, when, needs = [], looks_at = needs, ...rest } = input
  return {
    name: input.id,
    restart_on: [],
    continue_on_failure: false,
    on_failure: [],
    rollback: [],
    source: NOWHERE,
    ...rest,
    params: { steps: [], render: () => ({ ok: true, value: params as never }) },
    ...(when && {
      when: {
        text: 'test',
        steps: needs,
        values: looks_at,
        evaluate: (scope) => ({ ok: true, value: when(scope.steps as never) }),
      },
    }),
  }
}

export function runbook(steps: readonly Step[], more: Partial<Runbook> = {}): Runbook {
  return { name: 'test', description: '', params: {}, steps, classify: [], digest: 'd', file: 'runbook.yaml', ...more }
}

const DEADLINES = {
  resolve: 5000,
  connect: 5000,
  identify: 5000,
  authenticate: 5000,
  open: 5000,
  observe: 5000,
  converge: 5000,
  verify: 5000,
}

const nothing = async (): Promise<void> => undefined

/** A run of the real engine over real shells in a private folder; what it emitted and how many exchanges it took. */
export class Bench {
  readonly root = mkdtempSync(join(tmpdir(), 'till-engine-'))
  readonly stopping = new AbortController()
  readonly aborting = new AbortController()
  events: RunEvent[] = []
  exchanges = 0
  #written = ''
  /** Goes along with each change. */
  fence: Fence | undefined
  held = new Set<string>()
  /** Given back, with how the device ended. */
  released: (DeviceOutcome | undefined)[] = []
  /** What is answered before the first change of a device. */
  mayChange: Permit['change'] = async () => ({ kind: 'begin' })
  lost = new AbortController()
  admission: Admission = {
    place: async ({ device: name }) => {
      const failure = { code: 'LEASE_HELD', phase: 'resolve', message: 'held' } as const
      if (this.held.has(name)) return { kind: 'wait', failure, isPassing: false }
      const lease = {
        token: { keys: [name], epoch: 1 },
        lost: this.lost.signal,
        leftMs: () => (this.lost.signal.aborted ? 0 : 60_000),
        release: nothing,
      }
      const fence = this.fence ?? {
        // Benches of other test files work on this machine under the same names.
        lockName: `${name}@${this.root}`,
        authority: '',
        run: 'r1',
        attempt: 1,
        epoch: 1,
        leftMs: () => lease.leftMs(),
      }
      const release = async (outcome?: DeviceOutcome): Promise<void> => void this.released.push(outcome)
      return { kind: 'begin', permit: { lease, fence, change: (guards) => this.mayChange(guards), release } }
    },
  }
  deadlines = DEADLINES
  guards: readonly Guard[] = []
  /** What modules promise, and how the shell of a device keeps to it. */
  modules: readonly Module[] = MODULES
  shellOf: (shell: DeviceShell) => DeviceShell = (shell) => shell
  /** Opens another kind of session in the place of a local shell. */
  sessionOf: ((item: Device, signal: AbortSignal) => DeviceSession) | undefined
  /** Sees what a device says before the engine does. */
  onStdout: (chunk: Uint8Array, stream: ProcessStream, listener: (chunk: Uint8Array) => void) => void = (
    chunk,
    _,
    listener,
  ) => listener(chunk)
  onEvent: (event: RunEvent) => void = () => undefined
  /** Sessions that are open. */
  open = 0

  path(name: string): string {
    return join(this.root, name)
  }

  constructor() {
    setMaxListeners(0, this.stopping.signal, this.aborting.signal)
  }

  async run(mode: RunMode, work: readonly DeviceWork[], more: number | { readonly patienceMs: number } = 8) {
    const { parallel, patienceMs } =
      typeof more === 'number' ? { parallel: more, patienceMs: 0 } : { parallel: 8, ...more }
    this.events = []
    this.exchanges = 0
    this.#written = ''
    const journal = openJournal({
      run: 'r1',
      store: {
        append: async (events) => {
          const numbered = events.map((event, n) => ({ ...event, seq: this.events.length + n + 1 }) as RunEvent)
          this.events.push(...numbered)
          for (const event of numbered) this.onEvent(event)
          return numbered
        },
        events: async function* () {},
      },
      reporters: [],
      masker: new Masker(),
      clock: { now: () => new Date(), elapsed: () => performance.now() },
    })
    const environment: DeviceEnvironment = {
      mode,
      modules: new Map(this.modules.map((module) => [module.name, module])),
      preparation: {
        checkParams: () => [],
        withPaths: (_, params) => ({ ok: true, value: params }),
        readSecret: async () => Promise.reject(new Error('no secrets here')),
      },
      admission: this.admission,
      leaveToChange: async () => ({ kind: 'begin' }),
      warningQuestion,
      clock: { now: () => new Date(), elapsed: () => performance.now() },
      stopping: this.stopping.signal,
      aborting: this.aborting.signal,
      emit: journal.emit,
      mask: async (value) => value,
      historyOf: () => ({ samples: async () => [], fact: async () => null }),
      openSession: (item, signal) => this.sessionOf?.(item, signal) ?? this.#session(item, signal),
      fenceOf: () => this.fence,
      scopeOf: () => ({ store: {}, device: {}, vars: {} }),
      guardsOf: () => guardChecks(this.guards, { samples: async () => [], fact: async () => null }),
      deadlineMs: (_, phase) => this.deadlines[phase],
    }
    const head = {
      type: 'run.started' as const,
      mode,
      runbooks: [],
      inventory_digest: 'i',
      revision: null,
      by: 'test',
      host: 'test',
      pid: process.pid,
      version: '0',
    }
    return runFleet(work, { environment, parallel, head, patienceMs })
  }

  get sentBytes(): number {
    return Buffer.byteLength(this.#written)
  }

  /** How often a text went to the device. */
  asked(text: string): number {
    return this.#written.split(text).length - 1
  }

  /** The states of the steps of a device, in order. */
  steps(name: string): string[] {
    return this.events.flatMap((event) =>
      event.type === 'step.finished' && event.device === name ? [`${event.step} ${event.state}`] : [],
    )
  }

  finals(name: string) {
    return this.events.filter((event) => event.type === 'device.finished' && event.device === name)
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  #session(item: Device, signal: AbortSignal) {
    const connecting = localTransport.connect({ deadlines: DEADLINES } as Target, signal)
    const shell = openPosixShell({
      start: async (command, input = '') => {
        const connection = await connecting
        if (!connection.ok) return connection
        const process = await connection.value.exec(command)
        if (!process.ok) return process
        const { value } = process
        const write = value.write.bind(value)
        value.write = (data) => {
          this.exchanges += 1
          this.#written += data.toString()
          write(data)
        }
        const listen = value.onStdout.bind(value)
        value.onStdout = (listener) => listen((chunk) => this.onStdout(chunk, value, listener))
        if (input !== '') value.write(input)
        return process
      },
      deadlines: DEADLINES,
      signal,
    })
    void item
    this.open += 1
    return {
      shell: this.shellOf(shell),
      ...noOtherWays,
      close: async () => {
        this.open -= 1
        shell.close()
        const connection = await connecting
        if (connection.ok) await connection.value.close()
      },
    }
  }
}
