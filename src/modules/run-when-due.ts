import type { Change } from '../core/change.ts'
import type { ShellAnswer, ShellRequest } from '../core/channel.ts'
import { type Failure, fail, type Result, success } from '../core/failure.ts'
import type { OsFamily } from '../core/fleet.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { ModuleContext, Proof, Triggers } from '../core/module.ts'
import { ANY_PATH } from '../devices/file/windows-read.ts'
import { patternOf } from '../pattern/pattern.ts'
import { proofBy } from '../shell/powershell-ask.ts'
import {
  lookAtPath,
  lookByCheck,
  NO_DIRECTORY,
  NO_DIRECTORY_EXIT,
  type Programs,
  runRequest,
  WINDOWS_SETTLED,
} from '../shell/run-programs.ts'
import { evidenceOf, failureOf, parseFields, tailOf } from '../shell/tool-answer.ts'
import { mapOf, number, text, truth } from './value-schema.ts'

/** Windows has codes of 32 bits, written with or without a sign. */
const EXIT_CODE = { type: 'integer', minimum: -2_147_483_648, maximum: 4_294_967_295 } as const

/** The part of the schema that `command` and `script` share: when it has to run, what is expected of it, where it runs. */
export const DUE_PROPERTIES = {
  creates: {
    type: 'string',
    pattern: ANY_PATH,
    description: 'It has to run while this path does not exist, and makes it exist.',
    examples: ['/opt/agent/bin/agent'],
  },
  removes: {
    type: 'string',
    pattern: ANY_PATH,
    description: 'It has to run while this path exists, and makes it go away.',
    examples: ['/var/spool/agent/stale.lock'],
  },
  unless: {
    type: 'string',
    minLength: 1,
    description:
      'It has to run while this command of sh or PowerShell, which must change nothing, fails; afterwards it succeeds.',
    examples: ['agentctl version | grep -q 4.2'],
  },
  only_if: {
    type: 'string',
    minLength: 1,
    description: 'It has to run whenever this command of sh or PowerShell, which must change nothing, succeeds.',
    examples: ['agentctl queue | grep -q stuck'],
  },
  read_only: {
    const: true,
    description:
      'It changes nothing, by the word of the author: it is run to look, by a plan too, and checked by `expect`.',
  },
  always: { const: true, description: 'It runs in every apply.' },
  expect: {
    type: 'object',
    additionalProperties: false,
    description: 'What counts as success. Default: exit code 0.',
    properties: {
      exit: {
        anyOf: [EXIT_CODE, { type: 'array', minItems: 1, items: EXIT_CODE }],
        description: 'The exit code, or a list of those that are fine.',
      },
      stdout: { type: 'string', description: 'A regular expression that is found in stdout.', examples: ['^ok'] },
      stderr: { type: 'string', description: 'A regular expression that is found in stderr.', examples: ['^$'] },
    },
  },
  cwd: { type: 'string', pattern: ANY_PATH, description: 'The directory that it runs in.', examples: ['/opt/agent'] },
  environment: {
    type: 'object',
    description: 'Variables that it sees; values may be secrets.',
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    additionalProperties: { type: ['string', 'number', 'boolean'] },
    examples: [{ LANG: 'pl_PL.UTF-8' }],
  },
} as const

export const DUE_PATTERNS = { 'expect.stdout': 'here', 'expect.stderr': 'here' } as const

/** Parameters of `DUE_PROPERTIES`. Where a text stands a `Secret` may stand, so texts are handed on unseen. */
export interface DueParams {
  readonly creates?: string
  readonly removes?: string
  readonly unless?: string
  readonly only_if?: string
  readonly read_only?: true
  readonly always?: true
  readonly expect?: { readonly exit?: number | readonly number[]; readonly stdout?: string; readonly stderr?: string }
  readonly cwd?: string
  readonly environment?: { readonly [name: string]: string | number | boolean }
}

/** What is run, and how it may be shown. */
export interface Run extends Programs {
  readonly shown: JsonValue
}

export type DueState =
  | { readonly kind: 'path'; readonly exists: boolean }
  | { readonly kind: 'check'; readonly exit: number }
  | {
      readonly kind: 'ran'
      readonly exit: number
      readonly stdout: string
      readonly stderr: string
      readonly cut: boolean
    }
  | { readonly kind: 'no-directory'; readonly why: string }
  | { readonly kind: 'nothing' }

const WAYS = ['creates', 'removes', 'unless', 'only_if', 'read_only', 'always'] as const
/** Of a directory, and of a program, that is missing. */
const OWN_EXITS = [NO_DIRECTORY_EXIT, 97]

/** Exactly one way of telling whether it has to run; a step with `restart_on` needs none. */
export function validateDue(params: JsonObject, step: { readonly reacting: boolean }): string | undefined {
  const given = WAYS.filter((way) => params[way] !== undefined)
  if (given.length > 1) return `Only one of ${given.join(', ')} can tell whether it has to run.`
  if (given.length === 0 && !step.reacting) {
    return `Say when it has to run: one of ${WAYS.join(', ')} is needed (or restart_on on the step).`
  }
  return undefined
}

/** Looks whether it has to run. With `read_only` it is run: that is the look. */
export async function observeDue(context: ModuleContext, params: DueParams, run: Run): Promise<Result<DueState>> {
  if (!run[context.shell.dialect]) return fail(notHere(context))
  if (params.read_only) return look(context, params, run)
  const path = params.creates ?? params.removes
  if (path !== undefined) {
    const answer = await context.shell.ask(lookAtPath(context.shell.dialect, path))
    const failure = failureOf(answer, 'observe', 'Looking at the path')
    if (failure) return fail(failure)
    return success({ kind: 'path', exists: parseFields(answer.text).get('exists') === 'yes' })
  }
  const check = params.unless ?? params.only_if
  // Asked although there is nothing to see: a device that does not answer must not pass for one that is known.
  const answer = await context.shell.ask(lookByCheck(context.shell.dialect, check, params))
  const noDirectory = whyNoDirectory(answer)
  if (noDirectory !== undefined) return success({ kind: 'no-directory', why: noDirectory })
  const failure = failureOf(answer, 'observe', 'The check')
  if (failure) return fail(failure)
  if (check === undefined) return success({ kind: 'nothing' })
  return success({ kind: 'check', exit: Number(parseFields(answer.text).get('exit')) })
}

async function look(context: ModuleContext, params: DueParams, run: Run): Promise<Result<DueState>> {
  const request = requestOf(context, params, run)
  if (!request.ok) return request
  const answer = await context.shell.ask(request.value)
  const noDirectory = whyNoDirectory(answer)
  if (noDirectory !== undefined) return success({ kind: 'no-directory', why: noDirectory })
  const failure = failureOf(answer, 'observe', 'It')
  if (failure && failure.code !== 'OBSERVE_FAILED') return fail(failure)
  const { exitCode: exit, text: stdout, errorText: stderr, truncated: cut } = answer
  return success({ kind: 'ran', exit, stdout, stderr, cut })
}

/** What has to be done (or, with `read_only`, what is not as expected). */
export function diffDue(
  params: DueParams,
  state: DueState,
  options: { readonly triggers: Triggers; readonly shown: JsonValue },
): readonly Change[] | { readonly unknown: string } {
  if (state.kind === 'no-directory' && !options.triggers.triggered) {
    return { unknown: `The directory "${params.cwd}" ${state.why}, so it could not be looked whether it has to run.` }
  }
  if (state.kind === 'ran') return unmet(params, state)
  const run: Change = { path: 'run', before: null, after: options.shown, once: true }
  if (params.always || options.triggers.triggered) return [run]
  if (state.kind === 'check' && params.only_if !== undefined) return state.exit === 0 ? [run] : []
  return stillMissing(params, state)
}

function stillMissing(params: DueParams, state: DueState): readonly Change[] {
  if (state.kind === 'check' && state.exit !== 0) return [{ path: 'unless', before: state.exit, after: 0 }]
  if (state.kind !== 'path') return []
  const { creates, removes } = params
  if (creates !== undefined && !state.exists) return [{ path: 'creates', before: null, after: creates }]
  if (removes !== undefined && state.exists) return [{ path: 'removes', before: removes, after: null }]
  return []
}

/** What does not hold of a look, in words; undefined where only fields differ. */
export function explainDue(params: DueParams, state: DueState): string | undefined {
  if (state.kind !== 'ran') return undefined
  const { exit: wanted = 0 } = params.expect ?? {}
  const isExit = ![wanted].flat().some((code) => (code | 0) === (state.exit | 0))
  if (!isExit) return undefined
  const said = tailOf((state.stderr.trim() || state.stdout.trim()).split('\n').at(-1) ?? '', 200)
  const why = SHELL_EXITS[state.exit] ?? (said === '' ? 'It said nothing.' : `It said: ${said}`)
  return `It ended with exit ${state.exit}; required: ${[wanted].flat().join(' or ')}. ${why}`
}

/** What sh itself means by an exit code (POSIX, Shell Command Language, 2.8.2). */
const SHELL_EXITS: Readonly<Record<number, string>> = {
  126: 'The program is there, but cannot be run.',
  127: 'The program is not installed.',
}

/** Runs it, and holds its end against `expect`. */
export async function convergeDue(context: ModuleContext, params: DueParams, run: Run): Promise<Result<void>> {
  const request = requestOf(context, params, run)
  if (!request.ok) return request
  const answer = await context.shell.ask(request.value)
  const failed = (message: string): { readonly ok: false; readonly failure: Failure } =>
    fail({ code: 'CONVERGE_FAILED', phase: 'converge', message, ...evidenceOf(answer) })
  const noDirectory = whyNoDirectory(answer)
  if (noDirectory !== undefined) return failed(`The directory "${params.cwd}" ${noDirectory}.`)
  const failure = failureOf(answer, 'converge', 'It')
  if (failure && failure.code !== 'CONVERGE_FAILED') return fail(failure)
  const { exitCode: exit, text: stdout, errorText: stderr, truncated: cut } = answer
  const missed = unmet(params, { exit, stdout, stderr, cut })
  if ('unknown' in missed) return failed(missed.unknown)
  const [first] = missed
  if (!first) return success(undefined)
  if (first.path === 'exit' && failure) return fail(failure)
  return failed(`It ran, but its ${first.path} is not as expected: ${JSON.stringify(first.after)}.`)
}

/**
 * How the device tells that it ran as expected. A pattern can only be held against its output here, and the exit codes
 * of our own scripts mean what they mean there.
 */
export function proofOfDue(params: DueParams, system: OsFamily): Proof | undefined {
  const { exit = 0, stdout, stderr } = params.expect ?? {}
  const exits = [exit].flat()
  if (stdout !== undefined || stderr !== undefined) return undefined
  if (exits.some((code) => OWN_EXITS.includes(code))) return undefined
  // What runs in any case, or whenever a check says so, has been done by having run.
  const way = (['creates', 'removes', 'unless'] as const).find((name) => params[name] !== undefined) ?? 'none'
  if (system !== 'windows') return { exits, test: POSIX_SETTLED[way] }
  return proofBy(WINDOWS_SETTLED, { want_said: WINDOWS_SAYS[way] }, [...new Set(exits.map((code) => code | 0))])
}

const POSIX_SETTLED = {
  creates: '[ "$till_exists" = yes ]',
  removes: '[ "$till_exists" = no ]',
  unless: '[ "$till_exit" -eq 0 ]',
  none: ':',
} as const
const WINDOWS_SAYS = { creates: 'exists=yes', removes: 'exists=no', unless: 'exit=0', none: '' } as const

/** What was read, for later steps: output and exit code of a look, or whether it had to run. */
/** JSON Schema of what a step shows that ran, or looked whether it has to: by how it knows that. */
export const DUE_VALUE = mapOf(
  {},
  {
    exit: number('How it ended, or the command of `unless` or `only_if`.'),
    stdout: text('With `read_only`: what it printed.'),
    stderr: text('With `read_only`: what it printed on the side.'),
    exists: truth('With `creates` or `removes`: whether the path is there.'),
  },
)

export function valueOfDue(state: DueState): JsonValue {
  if (state.kind === 'ran') {
    return {
      exit: state.exit,
      stdout: state.stdout.replace(/(?<!\n)\n+$/, ''),
      stderr: state.stderr.replace(/(?<!\n)\n+$/, ''),
    }
  }
  if (state.kind === 'path') return { exists: state.exists }
  return state.kind === 'check' ? { exit: state.exit } : null
}

type Ended = Pick<DueState & { kind: 'ran' }, 'exit' | 'stdout' | 'stderr' | 'cut'>

function unmet(params: DueParams, ended: Ended): readonly Change[] | { readonly unknown: string } {
  const { exit = 0, stdout, stderr } = params.expect ?? {}
  const changes: Change[] = []
  if (![exit].flat().some((code) => (code | 0) === (ended.exit | 0)))
    changes.push({ path: 'exit', before: ended.exit, after: exit })
  for (const [path, pattern] of Object.entries({ stdout, stderr })) {
    const text = ended[path as 'stdout' | 'stderr']
    if (pattern === undefined || patternOf(pattern).test(text)) continue
    if (ended.cut) return { unknown: `Its output was cut, so that ${path} could not be held against "${pattern}".` }
    changes.push({ path, before: tailOf(text, 200), after: `/${pattern}/` })
  }
  return changes
}

function requestOf(context: ModuleContext, params: DueParams, run: Run): Result<ShellRequest> {
  const request = runRequest(context.shell.dialect, run, params)
  return request ? success(request) : fail(notHere(context))
}

/** What the step says is for another system than the device's. */
export function notHere({ device, shell }: ModuleContext): Failure {
  const wanted = shell.dialect === 'posix' ? '`sh` or `body`' : '`powershell`'
  const message = `"${device.name}" runs ${device.os.family}, and the step has nothing to run there: it needs ${wanted}.`
  return { code: 'PARAMS_INVALID', phase: 'observe', message }
}

/** Why there is no directory to run in: "does not exist", or what else the device says. */
function whyNoDirectory(answer: ShellAnswer): string | undefined {
  if (answer.exitCode !== NO_DIRECTORY_EXIT) return undefined
  const said = answer.errorText.split('\n').find((line) => line.startsWith(NO_DIRECTORY))
  return said === undefined ? undefined : said.slice(NO_DIRECTORY.length + 2) || 'does not exist'
}
