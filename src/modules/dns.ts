import type { Change } from '../core/change.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { ModuleContext } from '../core/module.ts'
import {
  DNS_STATES,
  DNS_TYPES,
  type DnsAnswer,
  type DnsState,
  type DnsType,
  plainValue,
  pointerName,
} from '../devices/dns/answer.ts'
import { type DnsQuestion, resolveHere } from '../devices/dns/dns-here.ts'
import { RESOLVE, resolvedThere } from '../devices/dns/dns-there.ts'
import { RESOLVE_WINDOWS, resolvedOnWindows, type WindowsDns } from '../devices/dns/dns-windows.ts'
import { seenFromHere, timedOut } from '../devices/probe/from-here.ts'
import { askJson } from '../shell/powershell-ask.ts'
import { failureOf } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { listOf, mapOf, number, oneOf, text } from './value-schema.ts'

const TIMEOUT_MS = 5_000
/** What a device may take beyond the time it is given, before the question is ended from outside. */
const GRACE_MS = 3_000

interface DnsParams {
  readonly name: string
  readonly type?: DnsType
  readonly from: 'controller' | 'device'
  readonly server?: string
  readonly port?: number
  readonly expect?: 'resolved' | 'nxdomain'
  readonly answers?: readonly string[]
  readonly includes?: readonly string[]
  readonly max_ms?: number
  readonly timeout_ms?: number
}

interface State extends DnsAnswer {
  readonly ms: number
}

const VALUES = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } } as const

export const dns = defineModule({
  name: 'dns',
  summary: 'Checks what a name resolves to, asked from the controller or from the device',
  systems: ['linux', 'windows', 'none'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'from'],
    properties: {
      name: {
        type: 'string',
        pattern: '^[A-Za-z0-9_:]([A-Za-z0-9_.:-]*[A-Za-z0-9_.:])?$',
        description: 'The name; for PTR an address.',
        examples: ['pos.example', '10.4.12.1'],
      },
      type: { enum: DNS_TYPES, description: 'Default: A.' },
      from: {
        enum: ['controller', 'device'],
        description:
          'Who asks. A device asks by dig, host, nslookup, or getent (addresses only, and without `server`).',
      },
      server: {
        type: 'string',
        pattern: '^[0-9A-Fa-f.:]+$',
        description: 'The address of the name server. Default: those of the system.',
        examples: ['10.20.0.53'],
      },
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65535,
        description: 'Of the server. Default: 53. Windows knows only 53.',
      },
      expect: {
        enum: ['resolved', 'nxdomain'],
        description: 'Default: resolved. nxdomain: there must be no such name.',
      },
      answers: {
        ...VALUES,
        description: 'What it must resolve to, all of it, in any order. An MX is `10 mail.example`.',
        examples: [['10.20.0.5']],
      },
      includes: { ...VALUES, description: 'What must be among the answers.' },
      max_ms: {
        type: 'integer',
        minimum: 1,
        description: 'How long it may take; with the start of the tool, on a device.',
      },
      timeout_ms: { type: 'integer', minimum: 100, maximum: 120_000, description: 'Default: 5000.' },
    },
  },
  validate: ({ expect, answers, includes, server, port }) => {
    if (expect === 'nxdomain' && (answers ?? includes) !== undefined)
      return 'A name that must not exist has no answers.'
    return port !== undefined && server === undefined ? '`port` goes with `server`.' : undefined
  },
  observe: (context, params) => observe(context, params as DnsParams),
  diff: (params, state) => compare(params as DnsParams, state),
  valueSchema: mapOf({
    state: oneOf(DNS_STATES, 'How it went.'),
    answers: listOf({ type: 'string' }, 'What the name resolves to, sorted; an MX is `10 mail.example`.'),
    ms: number('How long it took, in milliseconds.'),
    message: text('The same in a sentence.'),
  }),
  value: ({ state, answers, ms, detail }, params) => ({
    state,
    answers: [...answers],
    ms,
    message: sentence(params as DnsParams, { state, answers, detail }),
  }),
})

async function observe(context: ModuleContext, params: DnsParams): Promise<Result<State>> {
  const { name, type = 'A', server, port, timeout_ms: timeoutMs = TIMEOUT_MS } = params
  const question = {
    name,
    type,
    timeoutMs,
    ...(server !== undefined && { server }),
    ...(port !== undefined && { port }),
  }
  if (params.from === 'device') {
    return context.shell.dialect === 'powershell' ? askWindows(context, question) : askDevice(context, question)
  }
  const began = performance.now()
  const answer = await seenFromHere(() => resolveHere(question, context.signal), timedOut)
  if (!answer.ok) return answer
  return success({ ...answer.value, ms: Math.round(performance.now() - began) })
}

async function askDevice({ shell }: ModuleContext, question: DnsQuestion): Promise<Result<State>> {
  const { name, type, server = '', port = 53, timeoutMs } = question
  const seconds = Math.ceil(timeoutMs / 1000)
  const values = { name: type === 'PTR' ? pointerName(name) : name, type, server, port, seconds }
  const answer = await shell.ask({ script: RESOLVE, values, timeoutMs: seconds * 1000 + GRACE_MS })
  const ms = answer.durationMs
  if (answer.timedOut) return success({ state: 'timed-out', answers: [], detail: '', ms })
  const failure = failureOf(answer, 'observe', `Asking for "${name}" from the device`)
  return failure ? fail(failure) : success({ ...resolvedThere(answer.text, type), ms })
}

async function askWindows({ shell }: ModuleContext, question: DnsQuestion): Promise<Result<State>> {
  const { name, type, server = '', port = 53, timeoutMs } = question
  if (port !== 53) {
    return fail({
      code: 'PARAMS_INVALID',
      phase: 'observe',
      message: `Windows asks name servers on port 53, not ${port}.`,
    })
  }
  const values = { name: type === 'PTR' ? pointerName(name) : name, type, server, quick: timeoutMs <= TIMEOUT_MS }
  const asking = { values, timeoutMs: timeoutMs + GRACE_MS }
  const asked = await askJson<WindowsDns>(shell, RESOLVE_WINDOWS, asking, `Asking for "${name}" from the device`)
  if (!asked.ok) {
    const isLate = asked.failure.code === 'OBSERVE_TIMEOUT'
    return isLate ? success({ state: 'timed-out', answers: [], detail: '', ms: timeoutMs + GRACE_MS }) : asked
  }
  return success({ ...resolvedOnWindows(asked.value), ms: asked.value.ms })
}

function compare(params: DnsParams, state: State): readonly Change[] | { readonly unknown: string } {
  if (state.state === 'error') return { unknown: sentence(params, state) }
  const wanted = params.expect ?? 'resolved'
  // Who did not get an answer does not know that there is none.
  if (wanted === 'nxdomain' && state.state !== 'nxdomain' && state.state !== 'resolved' && state.state !== 'no-data') {
    return { unknown: sentence(params, state) }
  }
  if (state.state !== wanted) return [{ path: 'state', before: state.state, after: wanted }]
  const changes: Change[] = []
  const answers = params.answers?.map(plainValue).sort()
  if (answers && JSON.stringify(answers) !== JSON.stringify(state.answers)) {
    changes.push({ path: 'answers', before: [...state.answers], after: answers })
  }
  const missing = params.includes?.map(plainValue).filter((one) => !state.answers.includes(one)) ?? []
  for (const one of missing) changes.push({ path: `answers.${one}`, before: null, after: one })
  const { max_ms } = params
  if (max_ms !== undefined && state.ms > max_ms) changes.push({ path: 'ms', before: state.ms, after: max_ms })
  return changes
}

const SENTENCES: Readonly<Record<Exclude<DnsState, 'resolved'>, string>> = {
  nxdomain: 'does not exist (NXDOMAIN)',
  'no-data': 'exists, but has no record of this type',
  servfail: 'could not be resolved: the server failed (SERVFAIL)',
  refused: 'was not answered: the server refuses (REFUSED)',
  'timed-out': 'got no answer in time',
  unreachable: 'could not be asked for: the server cannot be reached',
  error: 'could not be asked for',
}

function sentence({ name, type = 'A', server }: DnsParams, { state, answers, detail }: DnsAnswer): string {
  const what = `"${name}" (${type}${server === undefined ? '' : `, asked of ${server}`})`
  if (state === 'resolved') return `${what} is ${answers.join(', ')}.`
  return `${what} ${SENTENCES[state]}${state === 'error' && detail !== '' ? `: ${detail}` : ''}.`
}
