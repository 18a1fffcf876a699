import { hostname } from 'node:os'
import { accountName } from '../app/run/account.ts'
import type { PlannedWork, RunOptions } from '../app/run/run-request.ts'
import { VERSION } from '../app/version.ts'
import type { RunHead } from '../engine/fleet/run-fleet.ts'

type Request = RunOptions & PlannedWork

/** The first event of a run, or of a process that carries it on. */
export function headOf(
  request: Request,
  run: { readonly commit: string | null; readonly resumption: unknown },
): RunHead {
  const common = {
    revision: run.commit,
    ...(request.breakGlass !== undefined && { break_glass: request.breakGlass }),
    by: personOf(request),
    host: hostname(),
    pid: process.pid,
    version: VERSION,
  }
  if (run.resumption) return { type: 'run.resumed', ...common }
  const { mode, runbooks, plan, undoes, previews, fleet } = request
  const from = {
    ...(plan !== undefined && { plan }),
    ...(undoes !== undefined && { undoes }),
    ...(previews !== undefined && { previews }),
  }
  const head = { mode, runbooks, inventory_digest: fleet.digest, ...from }
  return { type: 'run.started', ...head, ...common }
}

/** Who asks for a run. */
export function personOf({ requestedBy }: RunOptions): string {
  return requestedBy ?? accountName()
}
