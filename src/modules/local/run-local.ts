import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ShellAnswer } from '../../core/channel.ts'
import { type Failure, fail, type Phase, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { type Hidden, inClear } from '../../core/secret.ts'
import { deviceEnvironment, oneHostInventory } from '../../devices/local-tool/device-facts.ts'
import { runTool } from '../../devices/local-tool/run-tool.ts'
import { patternOf } from '../../pattern/pattern.ts'
import { evidenceOf, failureOf, tailOf } from '../../shell/tool-answer.ts'

export const PROGRAM = { type: 'array', minItems: 1, items: { type: ['string', 'number'] } } as const

/** The file of the inventory that is made for the device, as an argument or a part of one. */
const INVENTORY = '{inventory}'

type Words = readonly (string | number)[]

export interface LocalParams {
  readonly run: Words
  readonly check?: Words
  readonly changed_when?: { readonly stdout?: string; readonly exit?: number; readonly json?: true }
  readonly cwd?: string
  readonly environment?: { readonly [name: string]: Hidden<string | number | boolean> }
}

/** What was seen before anything is run to change something. */
export type Looked =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'path'; readonly differs: boolean }
  | { readonly kind: 'ran'; readonly exit: number; readonly differs: boolean; readonly value: JsonValue }

/** What is wrong with parameters that a schema cannot tell: a secret on a command line. */
export function says(params: JsonObject): string | undefined {
  const words = [params['run'], params['check']].flatMap((list) => (Array.isArray(list) ? list : []))
  if (words.some((word) => typeof word === 'object')) {
    return 'A secret on a command line can be read by every user of this machine: hand it over in `environment`.'
  }
  return undefined
}

/** Runs what only looks. */
export async function lookWith(context: ModuleContext, params: LocalParams, words: Words): Promise<Result<Looked>> {
  const answer = await run(context, params, words)
  const { exit, json } = params.changed_when ?? {}
  const isLook = words === params.check
  const expected = isLook ? answer.exitCode === 0 || answer.exitCode === exit : answer.exitCode < 126
  const failure = expected && !answer.timedOut ? undefined : failed(answer, 'observe', words)
  if (failure) return fail(failure)
  if (json !== true) {
    const value = { exit: answer.exitCode, stdout: tailOf(answer.text), stderr: tailOf(answer.errorText) }
    return success({ kind: 'ran', exit: answer.exitCode, differs: isLook && wouldChange(answer, params), value })
  }
  const value = lastJson(answer.text)
  if (typeof value?.['changed'] === 'boolean')
    return success({ kind: 'ran', exit: 0, differs: value['changed'], value })
  const message = `The last line of what ${named(words)} put out is not JSON with \`changed\`: true or false.`
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message, ...evidenceOf(answer) })
}

function wouldChange({ exitCode, text }: ShellAnswer, { changed_when: when }: LocalParams): boolean {
  return when?.stdout === undefined ? exitCode === when?.exit : patternOf(when.stdout, { lines: true }).test(text)
}

function lastJson(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as JsonValue
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** Runs what changes something; the failure, if it failed. */
export async function runWith(context: ModuleContext, params: LocalParams): Promise<Failure | undefined> {
  const answer = await run(context, params, params.run)
  return answer.exitCode === 0 && !answer.timedOut ? undefined : failed(answer, 'converge', params.run)
}

function failed(answer: ShellAnswer, phase: Phase, words: Words): Failure | undefined {
  if (answer.exitCode !== 127 || answer.timedOut) return failureOf(answer, phase, `The tool ${named(words)}`)
  const message = `The program "${words[0]}" is not on this machine.`
  return { code: 'TOOL_MISSING', phase, message, hint: 'Install it where till runs, or name it by its path.' }
}

function named(words: Words): string {
  return `"${words.slice(0, 2).join(' ')}"`
}

async function run(context: ModuleContext, params: LocalParams, words: Words): Promise<ShellAnswer> {
  const { device, store, gateway, signal } = context
  const isAsked = words.some((word) => String(word).includes(INVENTORY))
  const folder = isAsked ? await mkdtemp(join(tmpdir(), 'till-inventory-')) : undefined
  try {
    const file = folder === undefined ? INVENTORY : join(folder, 'hosts.json')
    if (folder !== undefined) await writeFile(file, oneHostInventory(device, gateway), { mode: 0o600 })
    const own = Object.entries(params.environment ?? {}).map(([name, value]): [string, string] => [
      name,
      inClear(value),
    ])
    return await runTool(
      {
        words: words.map((word) => String(word).replaceAll(INVENTORY, file)),
        cwd: params.cwd,
        environment: { ...deviceEnvironment(device, store), ...Object.fromEntries(own) },
      },
      signal,
    )
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}
