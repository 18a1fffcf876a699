import './shown-values.ts'
import type { Change } from '../../src/core/change.ts'
import type { ShellAnswer, ShellRequest } from '../../src/core/channel.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { Observation } from '../../src/core/module.ts'
import { MODULES } from '../../src/modules/index.ts'
import type { PowerShell } from '../../src/shell/powershell-channel.ts'
import { device } from '../engine/bench.ts'
import { makeWindows, openWindows, type WindowsMachine } from '../peers/powershell.ts'
import { someContext } from './some-context.ts'

/** A till whose PowerShell is real and whose Windows is stood in for: see test/peers/powershell.ts. */
export class RealWindows {
  readonly machine: WindowsMachine
  readonly shell: PowerShell
  /** Which shipped fragments were run so far. */
  readonly ran = new Set<string>()
  /** Deadlines of fragments, by name. */
  readonly limits = new Map<string, number>()

  constructor(machine: WindowsMachine, shell: PowerShell) {
    this.machine = machine
    this.shell = shell
  }

  static async open(more: Parameters<typeof openWindows>[1] = {}): Promise<RealWindows> {
    const machine = makeWindows()
    return new RealWindows(machine, await openWindows(machine, more))
  }

  close(): void {
    this.shell.close()
    this.machine.remove()
  }

  /** Does something to the machine, in PowerShell; resolves to what it puts out. */
  async arrange(script: string, values: ShellRequest['values'] = {}): Promise<string> {
    const answer = await this.shell.ask({ script, values })
    if (answer.exitCode !== 0) throw new Error(answer.errorText)
    return answer.text.trim()
  }

  async observe(module: string, params: JsonObject): Promise<Observation> {
    const known = MODULES.find(({ name }) => name === module)
    if (!known) throw new Error(`there is no module ${module}`)
    const windows = device('PL-0001/pos1', { os: { family: 'windows' } })
    const ask = async (request: ShellRequest): Promise<ShellAnswer> => {
      if (request.name !== undefined) this.ran.add(request.name)
      const timeoutMs = this.limits.get(request.name ?? '')
      return this.shell.ask({ ...request, ...(timeoutMs !== undefined && { timeoutMs }) })
    }
    const shell = { ...this.shell, ask, renew: async () => undefined }
    const seen = await known.observe(someContext(shell, { device: windows, aside: { ...shell } }), params)
    if (!seen.ok) throw new Error(`${seen.failure.code}: ${seen.failure.message}`)
    return seen.value
  }

  /** What differs, as `path: before -> after`. */
  async differs(module: string, params: JsonObject): Promise<string[]> {
    return changesOf(await this.observe(module, params)).map(shown)
  }

  async value(module: string, params: JsonObject): Promise<JsonValue> {
    return (await this.observe(module, params)).value
  }

  /**
   * Changes what differs, as a run does: looks, changes, has the device prove it by what the module gives for that, looks
   * again. Resolves to what differed; rejects when it still does, or the proof and the look do not agree.
   */
  async apply(module: string, params: JsonObject): Promise<string[]> {
    const before = await this.observe(module, params)
    const changes = changesOf(before)
    const proof = before.proof?.(changes)
    const done = await before.converge?.(changes)
    if (done && !done.ok) throw new Error(`${done.failure.code}: ${done.failure.message}`)
    const after = await this.observe(module, params)
    const left = changesOf(after).filter(({ once }) => !once)
    if (left.length > 0) throw new Error(`still differs: ${left.map(shown).join('; ')}`)
    if (proof?.dialect === 'powershell') await this.#prove(module, params, proof)
    return changes.map(shown)
  }

  /** The test runs behind the look that the module asks, as the gate of a chain. */
  async #prove(module: string, params: JsonObject, proof: NonNullable<ReturnType<NonNullable<Observation['proof']>>>) {
    const looks: ShellRequest[] = []
    const known = MODULES.find(({ name }) => name === module)
    const ask = (request: ShellRequest): Promise<ShellAnswer> => {
      looks.push(request)
      return this.shell.ask(request)
    }
    const watching = { ...this.shell, ask }
    const windows = device('PL-0001/pos1', { os: { family: 'windows' } })
    await known?.observe(
      someContext({ ...watching, renew: async () => undefined } as never, { device: windows }),
      params,
    )
    const [look] = looks
    if (!look) throw new Error('it asks nothing')
    if (proof.name !== undefined) this.ran.add(proof.name)
    const { test, name, values } = proof
    const gate = { kind: 'test', test, ...(name && { name }), ...(values && { values }) } as const
    const [, behind] = await Promise.allSettled(
      this.shell.chain([{ request: look, gate }, { request: { script: "'proven'" } }]),
    )
    if (behind?.status !== 'fulfilled') throw new Error(`${module}: the device does not say that it came about`)
  }
}

function changesOf(seen: Observation): readonly Change[] {
  const comparison = seen.compare({ triggered: false })
  if ('unknown' in comparison) throw new Error(`unknown: ${comparison.unknown}`)
  return comparison.changes
}

function shown({ path, before, after, once }: Change): string {
  const text = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return once ? `${path}!` : `${path}: ${text(before)} -> ${text(after)}`
}
