import { InputError } from '../../core/diagnostic.ts'
import { foldRun } from '../../core/fold-run.ts'
import type { DeviceState } from '../../core/outcome.ts'
import { referenceTo } from '../revision/runbooks.ts'
import type { Hooks } from './open-hooks.ts'
import type { Repair } from './repair.ts'

/** What came of one attempt. */
interface Repaired {
  readonly run: string | null
  readonly state: DeviceState | null
  readonly why: string | null
  /** Fault class by the runbook's own table. */
  readonly fault?: string
}

/** Applies a runbook to a device, in an ordinary run; `because`: of which alert. Never rejects: what went wrong is in `why`. */
export async function repairDevice(
  { project, fleet, start, runs }: Hooks,
  { device, runbook }: Repair,
  because: string,
): Promise<Repaired> {
  if (!device || !runbook) return { run: null, state: null, why: 'There is nothing to apply.' }
  try {
    const work = [{ device, runbooks: [runbook] }]
    const runbooks = [referenceTo(runbook)]
    const { run } = await start({ mode: 'apply', origin: 'hook', because, project, fleet, work, runbooks })
    const record = await foldRun((await runs()).events(run), { ended: true })
    const [outcome] = record.devices.values()
    const failure = outcome?.failure
    const fault = outcome?.classification?.fault
    const why = failure ? `${failure.code}: ${failure.message}` : null
    return { run, state: outcome?.state ?? null, why, ...(fault !== undefined && { fault }) }
  } catch (error) {
    if (error instanceof InputError)
      return { run: null, state: null, why: error.diagnostics[0]?.summary ?? error.message }
    const stack = error instanceof Error ? error.stack : String(error)
    process.stderr.write(`This is a fault of Tillwright itself: ${stack}\n`)
    return { run: null, state: null, why: 'A fault of Tillwright itself; its messages say more.' }
  }
}
