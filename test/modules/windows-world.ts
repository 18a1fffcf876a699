import './shown-values.ts'
import type { Change } from '../../src/core/change.ts'
import type { Result } from '../../src/core/failure.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Observation } from '../../src/core/module.ts'
import { MODULES } from '../../src/modules/index.ts'
import { openPowerShell } from '../../src/shell/powershell-channel.ts'
import type { DeviceAnswer, ExchangeAsk } from '../../src/shell/powershell-device.ts'
import { device } from '../engine/bench.ts'
import { DEADLINES } from '../peers/targets.ts'
import { WindowsDevice } from '../shell/powershell/windows-device.ts'
import { someContext } from './some-context.ts'

/** What a fragment puts out, by its name: an object is JSON, a function works it out. */
export type Says = Readonly<
  Record<string, JsonValue | { readonly answer: DeviceAnswer } | ((ask: ExchangeAsk) => DeviceAnswer | JsonValue)>
>

/** A Windows till as far as one module sees it: what its fragments would put out there is given by the test. */
export class WindowsWorld {
  readonly #device: WindowsDevice
  readonly #shell: ReturnType<typeof openPowerShell>

  /** How many times a module let go of the session. */
  renewed = 0

  constructor(says: Says) {
    this.#device = new WindowsDevice({ answer: (ask) => answerOf(says, ask) })
    this.#shell = openPowerShell({ connection: this.#device.connection, deadlines: DEADLINES })
  }

  async observe(module: string, params: JsonObject): Promise<Result<Observation>> {
    const known = MODULES.find(({ name }) => name === module)
    if (!known) throw new Error(`there is no module ${module}`)
    const windows = device('PL-0001/pos1', { os: { family: 'windows' } })
    const renew = async (): Promise<void> => {
      this.renewed += 1
    }
    const shell = { ...this.#shell, renew }
    return known.observe(someContext(shell, { device: windows }), params)
  }

  /** What differs, as `path: before -> after`; or why it cannot be told. */
  async differs(module: string, params: JsonObject, triggered = false): Promise<string[]> {
    const seen = await this.observe(module, params)
    if (!seen.ok) return [`${seen.failure.code}: ${seen.failure.message}`]
    const comparison = seen.value.compare({ triggered })
    if ('unknown' in comparison) return [`unknown: ${comparison.unknown}`]
    return comparison.changes.map(shown)
  }

  /** Observes and changes what differs; resolves to what became of it. */
  async converge(module: string, params: JsonObject, triggered = false): Promise<string> {
    const seen = await this.observe(module, params)
    if (!seen.ok) throw new Error(seen.failure.message)
    const comparison = seen.value.compare({ triggered })
    if ('unknown' in comparison || !seen.value.converge) throw new Error('there is nothing to converge')
    const done = await seen.value.converge(comparison.changes)
    return done.ok ? 'done' : `${done.failure.code}: ${done.failure.message}`
  }

  /** The values with which a fragment was asked last. */
  valuesOf(fragment: string): ExchangeAsk['values'] {
    const asked = this.#device.asked.filter(({ name }) => name === fragment).at(-1)
    if (!asked) throw new Error(`${fragment} was not asked, but ${this.fragments.join(', ')}`)
    return asked.values
  }

  get fragments(): string[] {
    return this.#device.asked.map(({ name }) => name)
  }

  get files(): ReadonlyMap<string, Buffer> {
    return this.#device.files
  }

  /** All that went over the line, packed or not, but for what came on stdin. */
  get received(): readonly string[] {
    return this.#device.received
  }
}

function answerOf(says: Says, ask: ExchangeAsk): DeviceAnswer {
  const said = says[ask.name]
  if (said === undefined) return { exitCode: 1, stderr: `the test says nothing of ${ask.name}` }
  const answer = typeof said === 'function' ? said(ask) : said
  if (typeof answer === 'object' && answer !== null && 'answer' in answer) return answer.answer as DeviceAnswer
  if (
    typeof answer === 'object' &&
    answer !== null &&
    ('exitCode' in answer || 'stdout' in answer || 'how' in answer)
  ) {
    return answer as DeviceAnswer
  }
  return { stdout: `${JSON.stringify(answer)}\n` }
}

function shown({ path, before, after, once }: Change): string {
  const text = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return once ? `${path}!` : `${path}: ${text(before)} -> ${text(after)}`
}
