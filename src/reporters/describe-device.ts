import type { Failure } from '../core/failure.ts'
import type { DeviceRecord, StepRecord } from '../core/run.ts'
import { describeEvidence, describeFailure, describeStep, describeValue } from './describe-change.ts'
import { type Paint, stateStyle } from './paint.ts'
import { pad, plainText } from './plain-text.ts'

const STATE_COLUMNS = 13

/**
 * A device as lines: its state and name, then what there is to say about its steps. Steps that are as they should be
 * are left out unless `verbose`, which also shows what was read and the raw facts of failures.
 */
export function describeDevice(
  record: DeviceRecord,
  options: { readonly paint: Paint; readonly verbose?: boolean },
): string[] {
  const { paint, verbose = false } = options
  const steps = record.steps.filter((step) => verbose || isWorthTelling(step))
  const own = record.failure && !steps.some((step) => isSame(step.failure, record.failure)) ? record.failure : undefined
  const notes = [record.unknown ? 'some steps could not be judged' : '', verdict(record)].filter((note) => note !== '')
  const head = `${paint(stateStyle(record.state), pad(record.state, STATE_COLUMNS))} ${plainText(record.device)}`
  return [
    notes.length === 0 ? head : `${head}  ${paint('dim', `(${notes.join('; ')})`)}`,
    ...(own ? failureLines(own, verbose).map((line) => `  ${line}`) : []),
    ...steps.flatMap((step) => stepLines(step, paint, verbose)),
  ]
}

function isWorthTelling(step: StepRecord): boolean {
  return step.state !== 'ok' && step.state !== 'skipped'
}

function isSame(a: Failure | undefined, b: Failure | undefined): boolean {
  return a !== undefined && a.code === b?.code && a.message === b.message
}

function verdict({ classification }: DeviceRecord): string {
  if (!classification) return ''
  const { fault, severity, owner, remedy } = classification
  const parts = [`${fault}, ${severity}`, owner && `owner ${owner}`, remedy && `remedy ${remedy}`]
  return plainText(parts.filter(Boolean).join(', '))
}

function stepLines(step: StepRecord, paint: Paint, verbose: boolean): string[] {
  const name = step.name === step.step || step.name === '' ? step.step : `${step.step} "${step.name}"`
  const lines = describeStep(step)
  if (verbose && step.failure) lines.push(...describeEvidence(step.failure))
  if (verbose && step.value !== undefined && step.value !== null) lines.push(`read: ${describeValue(step.value)}`)
  const duration = verbose ? ` ${step.duration_ms} ms` : ''
  return [
    `  ${paint(stateStyle(step.state), step.state)} ${plainText(name)} (${plainText(step.module)})${duration}`,
    ...lines.map((line) => `    ${line}`),
  ]
}

function failureLines(failure: Failure, verbose: boolean): string[] {
  return verbose ? [...describeFailure(failure), ...describeEvidence(failure)] : describeFailure(failure)
}
