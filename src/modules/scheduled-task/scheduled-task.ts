import type { Change } from '../../core/change.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext, Proof } from '../../core/module.ts'
import { act, askJson, proofBy } from '../../shell/powershell-ask.ts'
import { headOf } from '../../shell/tool-answer.ts'
import { defineModule } from '../define.ts'
import { anyMap, mapOf, number, numberOrNull, text, textOrNull, truth } from '../value-schema.ts'
import { CONVERGE, OBSERVE, PROOF, REMOVE } from './task-service.ts'
import { desiredXml, type TaskParams, type TaskState, taskOf, taskXml } from './task-xml.ts'

const TIME = '^([01][0-9]|2[0-3]):[0-5][0-9]$'
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

export const scheduledTask = defineModule({
  name: 'scheduled_task',
  lasting: () => ({ kind: 'system' }),
  summary: 'Sees to a task of the Windows Task Scheduler, or that it is not there',
  sides: { windows: { observe, converge, proof } },
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        pattern: '^\\\\?[^\\\\/:*?"<>|]+(\\\\[^\\\\/:*?"<>|]+)*$',
        description: 'With its folders.',
        examples: ['Till\\Send receipts'],
      },
      state: { enum: ['present', 'absent'], description: 'Default: present.' },
      program: { type: 'string', minLength: 1, description: 'What is run.', examples: ['C:\\Till\\send.exe'] },
      arguments: { type: 'string', description: 'Its command line, as Windows takes it; never a secret.' },
      folder: { type: 'string', pattern: '^[A-Za-z]:\\\\', description: 'The directory that it runs in.' },
      daily: {
        type: 'string',
        pattern: TIME,
        description: 'Every day at this time of the device.',
        examples: ['03:30'],
      },
      days: {
        type: 'array',
        minItems: 1,
        uniqueItems: true,
        items: { enum: DAYS },
        description: 'With daily: only then.',
      },
      every_minutes: { type: 'integer', minimum: 1, maximum: 44_640, description: 'Again and again, after so long.' },
      at_start: { const: true, description: 'When Windows starts.' },
      account: {
        enum: ['SYSTEM', 'LOCAL SERVICE', 'NETWORK SERVICE'],
        description: 'Whom it runs as. Default: SYSTEM. Others would need a password.',
      },
      enabled: { type: 'boolean', description: 'Default: true.' },
      limit_minutes: {
        type: 'integer',
        minimum: 1,
        maximum: 44_640,
        description: 'It is ended after so long. Default: 60.',
      },
    },
  },
  validate,
  diff: (params, state) => diff(params as TaskParams, state),
  valueSchema: mapOf(
    {
      exists: truth('Whether there is such a task.'),
      last_result: numberOrNull('How its last start ended; null where it has not run.'),
      next_run: textOrNull('When it starts next: ISO 8601.'),
    },
    {
      program: text('What it starts.'),
      arguments: text('With which arguments.'),
      folder: text('Where.'),
      account: text('As whom.'),
      limit_minutes: numberOrNull('After so long it is ended; null: never.'),
      trigger: anyMap('When it starts, in the words of the parameters; `other` where they have none for it.'),
      actions: number('How many things it does.'),
      enabled: truth('Whether it starts at all.'),
    },
  ),
  value: ({ exists, task, lastResult, nextRun }) => ({ exists, ...task, last_result: lastResult, next_run: nextRun }),
})

const TRIGGERS = ['daily', 'every_minutes', 'at_start'] as const

function validate(params: JsonObject): string | undefined {
  const given = Object.keys(params).filter((name) => name !== 'name' && name !== 'state')
  if (params['state'] === 'absent') {
    return given.length === 0 ? undefined : `A task that is to be absent has no \`${given[0]}\`.`
  }
  if (params['program'] === undefined) return 'Say what is run: `program`.'
  const when = TRIGGERS.filter((name) => params[name] !== undefined)
  if (when.length !== 1) return `Say when it runs: exactly one of ${TRIGGERS.join(', ')}.`
  return params['days'] !== undefined && params['daily'] === undefined ? '`days` goes with `daily`.' : undefined
}

interface Answer {
  readonly exists: boolean
  readonly xml: string
  readonly enabled: boolean
  readonly last_result: number | null
  readonly next_run: string
}

async function observe({ shell }: ModuleContext, params: unknown): Promise<Result<TaskState>> {
  const { name } = params as TaskParams
  const asked = await askJson<Answer>(shell, OBSERVE, { values: placeOf(name) }, `Reading the task "${name}"`)
  if (!asked.ok) return asked
  const { exists, xml, enabled, last_result: lastResult, next_run: nextRun } = asked.value
  if (!exists) return success({ exists, task: {}, lastResult: null, nextRun: null })
  const task = taskOf(xml)
  if (!task) {
    const message = `What Windows says of the task "${name}" is not understood.`
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message, evidence: { xml: headOf(xml, 500) } })
  }
  return success({ exists, task: { ...task, enabled }, lastResult, nextRun: nextRun === '' ? null : nextRun })
}

/** Only what a task has from us is compared: a description or a condition that someone added is left alone, not a second action. */
function diff(params: TaskParams, state: TaskState): readonly Change[] {
  if (params.state === 'absent') return state.exists ? [{ path: 'state', before: 'present', after: 'absent' }] : []
  const changes: Change[] = state.exists ? [] : [{ path: 'state', before: 'absent', after: 'present' }]
  const task: JsonObject = taskOf(taskXml(params)) ?? {}
  const { actions: ours, ...desired } = task
  const { actions = null } = state.task
  if (state.exists && actions !== ours) changes.push({ path: 'actions', before: actions, after: ours ?? null })
  const all: Record<string, JsonValue> = { ...desired, enabled: params.enabled ?? true }
  for (const [path, after] of Object.entries(all)) {
    const before = state.task[path] ?? null
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ path, before, after })
  }
  return changes
}

function proof(given: unknown): Proof {
  const params = given as TaskParams
  const isAbsent = params.state === 'absent'
  const desiredValue = isAbsent ? {} : { want_enabled: params.enabled ?? true, ...desiredXml(params) }
  return proofBy(PROOF, { want_absent: isAbsent, ...desiredValue })
}

async function converge({ shell }: ModuleContext, given: unknown): Promise<Result<void>> {
  const params = given as TaskParams
  const what = `The change of the task "${params.name}"`
  const place = placeOf(params.name)
  if (params.state === 'absent') return act(shell, REMOVE, { values: place }, what)
  const values = { ...place, xml: taskXml(params), enabled: params.enabled ?? true }
  return act(shell, CONVERGE, { values }, what)
}

function placeOf(name: string): { readonly folder: string; readonly name: string } {
  const words = name.replace(/^\\/, '').split('\\')
  return { folder: `\\${words.slice(0, -1).join('\\')}`, name: words.at(-1) ?? '' }
}
