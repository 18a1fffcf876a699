import { hereFlag } from '../app/project.ts'
import { foldedPlan, type ReportersOf } from '../app/run/reporting.ts'
import type { PlannedWork, RunOptions } from '../app/run/run-request.ts'
import { heldBackText, warningsText, wavesText } from '../app/safety/held-back.ts'
import { policyOf, purposeOf } from '../app/safety/policy-in-force.ts'
import { refuseForeignStore } from '../app/state/store-that-counts.ts'
import type { Controller } from '../controller/controller.ts'
import { counted } from '../core/counted.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import type { RunEvent } from '../core/events.ts'
import type { Reporter } from '../core/ports.ts'
import type { Runbook } from '../core/runbook.ts'
import { confirm, confirmNumber, isSomebodyThere } from './confirm.ts'
import { underSignals } from './interrupts.ts'

type Asked = PlannedWork & Pick<RunOptions, 'parallel' | 'workers' | 'failOn' | 'goOn'>

/** What became of the question: to be applied, not to be, or nothing that could be. */
export type Word = { readonly kind: 'yes' | 'no' } | { readonly kind: 'nothing'; readonly exitCode: number }

/**
 * Shows what a run would change, and asks whether it should; `question` is without the devices: `Apply agent-update to`. A
 * run that reaches more of the fleet than its policy lets pass without a second thought has its number of devices typed.
 * Where there is nothing to change, `reporters` get what was seen in the place of a run. Throws InputError where nobody can be
 * asked.
 */
export async function planAndAsk(
  controller: Controller,
  asked: Asked,
  of: {
    readonly runbooks: readonly Runbook[]
    readonly question: string
    readonly reporters: ReportersOf
    /** What else than the question there is where nobody can be asked. */
    readonly otherwise: string
  },
): Promise<Word> {
  if (!isSomebodyThere()) throw nobodyThere(of.otherwise)
  const { work, fleet, project } = asked
  await refuseForeignStore(project, await controller.store())
  const shown = foldedPlan()
  process.stderr.write(`Looking at ${devicesText(work)} first: nothing is changed.\n`)
  const run = await controller.startRun({ ...asked, mode: 'plan', reporters: shown.reporters })
  const end = await underSignals(run, async () => undefined)
  if (end.exitCode === 130) return { kind: 'no' }
  if (shown.seen.drifted.size === 0) {
    const unseen = end.counts.unreachable + end.counts.failed
    const left = unseen === 0 ? '' : ` ${unseen} could not be looked at: till runs show ${end.run}${hereFlag(project)}`
    process.stderr.write(`There is nothing to change.${left}\n`)
    await tell(await of.reporters(end.run, null), (await controller.store()).events(end.run))
    return { kind: 'nothing', exitCode: end.exitCode }
  }
  const devices = work.map(({ device }) => device)
  process.stderr.write(wavesText(project, of.runbooks, { devices, goOn: asked.goOn }))
  process.stderr.write(await heldBackText(project, of.runbooks, shown.seen.drifted))
  process.stderr.write(await warningsText(project, of.runbooks, shown.seen.drifted))
  const share = policyOf(project, of.runbooks)[purposeOf(of.runbooks)].confirmShare
  const question = `${of.question} ${devicesText(work)}?`
  if (work.length > 1 && work.length > share * fleet.devices.size) {
    const percent = Math.round((100 * work.length) / fleet.devices.size)
    const yes = await confirmNumber(`${question} That is ${percent} % of the fleet.`, work.length)
    return { kind: yes ? 'yes' : 'no' }
  }
  return { kind: (await confirm(question)) ? 'yes' : 'no' }
}

async function tell(reporters: readonly Reporter[], events: AsyncIterable<RunEvent>): Promise<void> {
  for await (const event of events) for (const reporter of reporters) await reporter.event(event)
  for (const reporter of reporters) await reporter.close()
}

function nobodyThere(otherwise: string): InputError {
  const summary = '--yes is missing: nobody can be asked here'
  const detail = `On a terminal it is shown what would be changed, and asked. ${otherwise}`
  return inputError('USAGE_INVALID', summary, detail)
}

export function devicesText(work: PlannedWork['work']): string {
  const stores = new Set(work.map(({ device }) => device.store)).size
  if (work.length === 1) return work[0]?.device.name ?? ''
  return `${counted(work.length, 'device')} in ${counted(stores, 'store')}`
}
