import { bundleOf, collectedCommand } from '../core/collected.ts'
import { counted } from '../core/counted.ts'
import type { Failure } from '../core/failure.ts'
import type { Leftover } from '../core/fence.ts'
import type { Classification } from '../core/outcome.ts'
import { commandWith, withFlags } from '../core/remedy.ts'
import type { DeviceRecord, StepRecord } from '../core/run.ts'
import {
  describeEvidence,
  describeFailure,
  describeStep,
  describeValue,
  type StepDescription,
} from './describe-change.ts'
import { type Paint, stateStyle } from './paint.ts'
import { pad, plainText } from './plain-text.ts'
import type { SeenDifferences } from './seen-differences.ts'

const STATE_COLUMNS = 13

export interface DeviceDescription {
  readonly paint: Paint
  /** Also steps that are as they should be, what was read, and the raw facts of failures. */
  readonly verbose?: boolean
  /** What to do about failures. Default: true. */
  readonly advice?: boolean
  /** What commands in remedies need to find this fleet, as `--sandbox`. */
  readonly flags?: string | undefined
  /** The run that is shown; what it gathered of the device is named then. */
  readonly run?: string
  /** What was shown of other devices, so that lines which are the same are not repeated. */
  readonly seen?: SeenDifferences
}

/** A device as lines: its state and name, its own failure, then what there is to say about its steps. */
export function describeDevice(record: DeviceRecord, options: DeviceDescription): string[] {
  const { paint, verbose = false } = options
  const { device } = record
  const steps = record.steps.filter((step) => verbose || isWorthTelling(step))
  const own = record.failure && !steps.some((step) => isSame(step.failure, record.failure)) ? record.failure : undefined
  // That a run was stopped needs no advice for each device.
  const advice = options.advice !== false && record.state !== 'cancelled'
  const [failure, ...more] = own ? failureLines(own, { verbose, advice, flags: options.flags, device }) : []
  const notes = [
    record.unknown && record.state !== 'unknown' ? 'some steps could not be judged' : '',
    verdict(record, options),
    ...(record.leftovers ?? []).map(leftoverText),
  ].filter((note) => note !== '')
  const head = [
    `${paint(stateStyle(record.state), pad(record.state, STATE_COLUMNS))} ${plainText(record.device)}`,
    ...(notes.length === 0 ? [] : [paint('dim', `(${notes.join('; ')})`)]),
    ...(failure === undefined ? [] : [failure]),
  ]
  return [
    head.join('  '),
    ...more.map((line) => `  ${line}`),
    ...(options.run === undefined ? [] : gatheredLines(record, options.run, options.flags)),
    ...steps.flatMap((step) => {
      // What helps has been said in better words.
      const isTold = record.classification?.remedy !== undefined && step.failure?.code === 'CHECK_UNMET'
      const seenOn = (lines: readonly string[]) =>
        options.seen?.seenOn([step.runbook, step.step, ...lines], record.device)
      return stepLines(step, { paint, verbose, advice: advice && !isTold, flags: options.flags, device, seenOn })
    }),
  ]
}

function gatheredLines({ device, steps }: DeviceRecord, run: string, flags = ''): string[] {
  const bundles = steps.flatMap((step) => bundleOf(step) ?? [])
  if (bundles.length === 0) return []
  const items = bundles.reduce((sum, bundle) => sum + bundle.items.length, 0)
  const bytes = bundles.reduce((sum, bundle) => sum + bundle.bytes, 0)
  const command = commandWith(collectedCommand(run, device), flags)
  return [`  gathered ${counted(items, 'item')}, ${bytes} bytes: ${plainText(command)}`]
}

function isWorthTelling(step: StepRecord): boolean {
  return step.state !== 'ok' && step.state !== 'skipped'
}

function isSame(a: Failure | undefined, b: Failure | undefined): boolean {
  return a !== undefined && a.code === b?.code && a.message === b.message
}

function verdict(
  { classification }: DeviceRecord,
  { advice, flags = '' }: Pick<DeviceDescription, 'advice' | 'flags'>,
): string {
  if (!classification) return ''
  const { owner, about } = classification
  const remedy = advice === false ? undefined : classification.remedy && withFlags(classification.remedy, flags)
  const parts = [faultText(classification), about && `about ${about}`, owner && `for ${owner}`]
  return plainText(parts.filter(Boolean).join(', ') + (remedy ? `: ${remedy}` : ''))
}

/** What is said of another session that was met on a device. */
export function leftoverText({ run, seconds, state }: Leftover): string {
  switch (state) {
    case 'running':
      return plainText(`run ${run} is still running there, for ${seconds} s`)
    case 'awaited':
      return plainText(`what run ${run} had left running there was waited for`)
    case 'ended':
      return plainText(`what run ${run} had left running there was ended`)
    case 'unseen':
      return 'the device has no place for a lock: whether another run is at work there is not known'
  }
}

/** `sale-blocked: paper-out`, `silent-printer, sale-at-risk`: the class of a fault, its cause, and how bad it is. */
export function faultText({ fault, cause, severity }: Classification): string {
  const what = cause ? `${fault}: ${cause}` : fault
  return severity === fault ? what : `${what}, ${severity}`
}

interface StepLines extends StepDescription {
  readonly paint: Paint
  readonly verbose: boolean
}

function stepLines(step: StepRecord, { paint, verbose, seenOn, ...told }: StepLines): string[] {
  const name = step.name === step.step || step.name === '' ? step.step : `${step.step} "${step.name}"`
  const lines = describeStep(step, { ...told, all: verbose, ...(seenOn && { seenOn }) })
  if (verbose && step.failure) lines.push(...describeEvidence(step.failure))
  if (verbose && step.value !== undefined && step.value !== null) lines.push(`read: ${describeValue(step.value)}`)
  const duration = verbose ? ` ${step.duration_ms} ms` : ''
  return [
    `  ${paint(stateStyle(step.state), step.state)} ${plainText(name)} (${plainText(step.module)})${duration}`,
    ...lines.map((line) => `    ${line}`),
  ]
}

function failureLines(failure: Failure, options: Pick<StepLines, 'verbose' | 'advice' | 'flags' | 'device'>): string[] {
  const lines = describeFailure(failure, options)
  return options.verbose ? [...lines, ...describeEvidence(failure)] : lines
}
