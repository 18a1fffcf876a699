import type { RunSummary } from '../../core/run.ts'
import { plainText } from '../../reporters/plain-text.ts'
import type { DeviceDifference, Ending, StepDifference } from './compare-runs.ts'
import { inStateColor, runTitle, shortTime } from './list-runs.ts'

/** The differences of two runs as text, in parts. */
export function* differenceText(
  runs: readonly RunSummary[],
  devices: readonly DeviceDifference[],
  options: { readonly color: boolean },
): Generator<string> {
  for (const run of runs) yield `${run.run}  ${shortTime(run.started_at)}  ${runTitle(run)}, ${run.state}\n`
  yield '\n'
  for (const { device, before, after, steps } of devices) {
    yield `${plainText(device)}  ${endingText(before, options.color)} → ${endingText(after, options.color)}\n`
    for (const step of steps) yield `  ${stepText(step)}\n`
  }
}

function stepText({ runbook, step, before, after }: StepDifference): string {
  const name = plainText(`${runbook} ${step}`)
  return before === after
    ? `${name}: ${after}, but something else`
    : `${name}: ${before ?? 'not there'} → ${after ?? 'not there'}`
}

function endingText(ending: Ending | null, color: boolean): string {
  if (ending === null) return 'not there'
  const notes = [ending.code ?? '', ending.unknown ? 'unknown steps' : ''].filter((note) => note !== '')
  const state = color ? inStateColor(ending.state, ending.state) : ending.state
  return notes.length === 0 ? state : `${state} (${notes.join(', ')})`
}
