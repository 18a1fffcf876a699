import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { DeviceKind } from '../../../core/fleet.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { KeptRun } from '../../../core/kept-run.ts'
import type { PlannedDevice } from '../../../core/plan.ts'
import type { Policy } from '../../../core/policy.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { DeviceWork } from '../../../engine/device/perform-device.ts'
import { textParams } from '../../revision/runbooks.ts'
import { bindingOf, boundBy } from '../../revision/wanted-digest.ts'
import { policyDigest } from '../../safety/policy-in-force.ts'
import { VERSION } from '../../version.ts'
import type { PlannedWork } from '../run-request.ts'

/**
 * What is understood of what was kept; another number was kept by another version. A run that takes another one back has a number
 * of its own, so that a version which knows of none refuses it, and does not apply its runbooks.
 */
export const KEPT_VERSIONS = { applies: 1, undoes: 2 } as const
export const PLAN_FILE = 'plan.json'

/** A device of a run: full name, what the run is bound to there (`boundDigest`), region, kind, and of that the files, for workers. */
export type KeptDevice = readonly [name: string, digest: string, region: string, kind: DeviceKind, files?: string]

/** What a run is to do, without its texts. */
export interface KeptOrder {
  readonly version: (typeof KEPT_VERSIONS)[keyof typeof KEPT_VERSIONS]
  /** Of Tillwright, for messages. */
  readonly till: string
  readonly runbooks: readonly {
    readonly file: string
    readonly params: Readonly<Record<string, string>>
    readonly digest: string
  }[]
  /** Devices by the runbooks that they have, as positions among those. */
  readonly groups: readonly { readonly runbooks: readonly number[]; readonly devices: readonly KeptDevice[] }[]
  readonly plan?: { readonly id: string; readonly expires_at?: string }
  /** The run whose changes it takes back. */
  readonly undoes?: string
  /** Somebody said that it does not pause behind the canary. */
  readonly go_on?: true
  /** That it began under; absent: under none. */
  readonly policy?: { readonly digest: string; readonly rules: Policy }
}

/**
 * What a changing run needs to be carried on by another process, by content: the work tree may be another by then. Undefined
 * where a parameter is a secret, which is kept nowhere.
 */
export function keepWork(
  request: PlannedWork & {
    readonly plan?: string | undefined
    readonly planExpiresAt?: string | undefined
    readonly undoes?: string | undefined
    readonly goOn?: boolean | undefined
    readonly policy: Policy | undefined
    /** Without secrets. */
    readonly mask: (value: JsonObject) => JsonObject
  },
): KeptRun | undefined {
  const { project, work, plan, planExpiresAt, undoes, goOn, policy, mask } = request
  const runbooks = runbooksOf(work)
  const isSecret = ({ params }: Runbook): boolean => JSON.stringify(mask(params)) !== JSON.stringify(params)
  if (runbooks.some(isSecret)) return undefined
  const files: Record<string, string> = {}
  const order: KeptOrder = {
    version: undoes === undefined ? KEPT_VERSIONS.applies : KEPT_VERSIONS.undoes,
    till: VERSION,
    runbooks: runbooks.map(({ file, params, digest }, index) => {
      const name = `runbooks/${index}/${basename(file)}`
      files[name] = readFileSync(file, 'utf8')
      return { file: name, params: textParams(params), digest }
    }),
    groups: groupsOf(request, runbooks),
    ...(plan !== undefined && {
      plan: { id: plan, ...(planExpiresAt !== undefined && { expires_at: planExpiresAt }) },
    }),
    ...(undoes !== undefined && { undoes }),
    ...(goOn === true && { go_on: true }),
    ...(policy && { policy: { digest: policyDigest(policy), rules: policy } }),
  }
  for (const { file } of project.modules().own) files[`modules/${basename(file)}`] = readFileSync(file, 'utf8')
  const planned = work.flatMap((item): readonly PlannedDevice[] => (item.planned ? [item.planned] : []))
  if (planned.length > 0) files[PLAN_FILE] = JSON.stringify(planned)
  return { order: order as unknown as JsonObject, files }
}

/** The runbooks of a run, in the order in which they are kept with it. */
export function runbooksOf(work: readonly DeviceWork[]): readonly Runbook[] {
  return [...new Set(work.flatMap(({ runbooks }) => runbooks))]
}

function groupsOf({ project, fleet, work }: PlannedWork, runbooks: readonly Runbook[]): KeptOrder['groups'] {
  const groups = new Map<string, { runbooks: readonly number[]; devices: KeptDevice[] }>()
  const bound = boundBy({ project, fleet })
  const positions = new Map(runbooks.map((runbook, index) => [runbook, index]))
  for (const { device, runbooks: own } of work) {
    const indexes = own.map((runbook) => positions.get(runbook) ?? 0)
    const key = indexes.join()
    const group = groups.get(key) ?? { runbooks: indexes, devices: [] }
    groups.set(key, group)
    const { digest, files } = bindingOf(own, device, bound)
    const kept = [device.name, digest, device.region, device.kind] as const
    group.devices.push(files === '' ? kept : [...kept, files])
  }
  return [...groups.values()]
}
