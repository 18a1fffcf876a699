import { formatCount } from '../../../core/counted.ts'
import type { Device } from '../../../core/fleet.ts'
import { grouped } from '../../../core/grouped.ts'
import { EXIT, exitCodeOf, worseExitCode } from '../../../core/outcome.ts'
import { deviceFlag, shellWord, unaimed } from '../../../core/remedy.ts'
import type { DeviceStatus } from '../../../core/run.ts'
import type { RunStore } from '../../../core/run-store.ts'
import { plainText } from '../../../reporters/plain-text.ts'
import { currentLooks } from '../../history/current-looks.ts'
import { hereFlag, type Project } from '../../project.ts'
import { orInputError } from '../preview/open-sides.ts'
import { type DriftCause, DriftCauses } from './drift-causes.ts'
import { type StepDrift, stepDrifts } from './step-drifts.ts'

/** Of a device so many looks are gone back. */
const MOST_LOOKS = 500

interface FoundDrift extends StepDrift {
  readonly device: string
  readonly cause: DriftCause
  /** What its runbook was given, as flags. */
  readonly params: string
}

/**
 * What differs by the last looks at devices, since when, and what made it so (till.drift/1): from history and git, no device is
 * asked. `since`: only what began at or after it; devices that nobody looked at since then are counted, and those that the last
 * looks could not judge. Throws InputError.
 */
export async function driftSince(
  project: Project,
  { store, devices, since }: { readonly store: RunStore; readonly devices: readonly Device[]; readonly since: Date },
) {
  const asked = new Set(devices.map(({ name }) => name))
  const causes = new DriftCauses(project, store)
  const drifts: FoundDrift[] = []
  const counts = { looked: 0, failed: 0, notJudged: 0, longer: 0 }
  for await (const status of store.status()) {
    const { device, looks } = status
    if (!asked.has(device)) continue
    if (looks.some(({ at }) => Date.parse(at) >= since.getTime())) counts.looked += 1
    const code = worstSince(status, since)
    if (code === EXIT.failed) counts.failed += 1
    if (code === EXIT.unreachable) counts.notJudged += 1
    if (!looks.some(({ state }) => state === 'drifted' || state === 'unmet')) continue
    const all = stepDrifts(await store.visits(device, { limit: MOST_LOOKS }))
    const began = all.filter((drift) => Date.parse(drift.since) >= since.getTime())
    if (began.length < all.length) counts.longer += 1
    for (const drift of began) {
      const cause = await orInputError('HEAD', () => causes.of(device, drift))
      drifts.push({ device, ...drift, cause, params: await causes.paramsOf(drift) })
    }
  }
  drifts.sort((a, b) => (a.since < b.since ? 1 : a.since > b.since ? -1 : a.device < b.device ? -1 : 1))
  const here = hereFlag(project)
  return {
    schema: 'till.drift/1',
    since: since.toISOString(),
    drifts: drifts.map(({ params, ...drift }) => ({ ...drift, mend: mendOf({ ...drift, params }, here) })),
    devices: {
      asked: asked.size,
      not_looked_at: asked.size - counts.looked,
      failed: counts.failed,
      not_judged: counts.notJudged,
      differ_longer: counts.longer,
    },
  } as const
}

export type DriftSince = Awaited<ReturnType<typeof driftSince>>

/** The exit code that the looks at a device since then ask for. None of those is too old to count. */
function worstSince(status: DeviceStatus, since: Date): number {
  return currentLooks(status, new Set(), since)
    .filter(({ counts, at }) => counts && Date.parse(at) >= since.getTime())
    .map((look) => exitCodeOf(look))
    .reduce(worseExitCode, EXIT.ok)
}

/** As for a plan: what began to differ, what failed, and what nobody could judge. */
export function driftSinceCode({ drifts, devices }: DriftSince): number {
  const isUnjudged = devices.not_looked_at + devices.not_judged > 0
  return [
    drifts.length > 0 ? EXIT.drift : EXIT.ok,
    devices.failed > 0 ? EXIT.failed : EXIT.ok,
    isUnjudged ? EXIT.unreachable : EXIT.ok,
  ].reduce<number>(worseExitCode, EXIT.ok)
}

/** What would mend it: the device, by what is wanted; or what is wanted, by taking back the commit that made it another. */
function mendOf(
  { device, runbook, params, cause }: FoundDrift,
  here: string,
): { readonly apply: string; readonly revert: string | null } {
  const [commit] = cause.commits
  const only = cause.commits.length === 1 ? commit : undefined
  return {
    apply: `till apply ${shellWord(runbook)}${params} ${deviceFlag(device)}${here}`,
    revert: only?.commit ?? null,
  }
}

const MOST_NAMES = 3

/** The same for people: what began in one run by one cause once. */
export function driftSinceText(
  { drifts, devices, since }: DriftSince,
  project: Pick<Project, 'isSandbox' | 'root'>,
): string {
  const status = `till status${hereFlag(project)}`
  const groups = grouped(drifts, ({ device, run, runbook, about, step, state, ended, cause, mend }) =>
    JSON.stringify([run, runbook, about, step, state, ended, cause, unaimed(mend.apply, device)]),
  )
  const lines = [...groups.values()].flatMap(groupLines)
  if (drifts.length === 0) lines.push(`Nothing that the last looks found began to differ since ${since}.`)
  const of = (count: number): string => `${formatCount(count)} of ${formatCount(devices.asked)} devices`
  if (devices.differ_longer > 0) lines.push(`Something differs for longer than that on ${of(devices.differ_longer)}.`)
  if (devices.failed > 0) lines.push(`The last look failed on ${of(devices.failed)}: ${status}`)
  if (devices.not_judged > 0) lines.push(`The last look could not judge ${of(devices.not_judged)}: ${status}`)
  if (devices.not_looked_at > 0) lines.push(`Nobody looked at ${of(devices.not_looked_at)} since then.`)
  return `${lines.map(plainText).join('\n')}\n`
}

function groupLines(group: readonly DriftSince['drifts'][number][]): readonly string[] {
  const [first] = group
  if (first === undefined) return []
  const { device, since, runbook, step, state, ended, run, good, cause, mend } = first
  const names = group.slice(0, MOST_NAMES).map(({ device }) => device)
  const left = group.length - names.length
  const head = `since ${since}  ${runbook}/${step} ${state}: ${names.join(', ')}${left > 0 ? ` and ${formatCount(left)} more` : ''}`
  const before = good === null ? 'no look before it is kept' : `as desired in ${good.run} (${good.at})`
  return [
    head,
    `  first seen in ${run}, ${before}`,
    ...causeLines(cause),
    `  mend: ${mendText(mend, group.length > 1 ? { device, flag: `--from-run ${run}:${ended}` } : undefined)}`,
  ]
}

/** `others`: it is so for several devices, of which `device` is the first, and the flag picks them all. */
function mendText(
  { apply, revert }: DriftSince['drifts'][number]['mend'],
  others: { readonly device: string; readonly flag: string } | undefined,
): string {
  const all = others ? `${unaimed(apply, others.device)} ${others.flag}` : apply
  return revert === null ? all : `${all}; or, if it is not wanted, revert ${revert.slice(0, 12)}`
}

const CAUSES: Readonly<Record<DriftCause['kind'], string>> = {
  commit: 'what is wanted became another',
  device: 'what is wanted stayed the same: the device became another',
  unknown: 'it is not known by what',
}

function causeLines({ kind, commits }: DriftCause): readonly string[] {
  const by = commits.map(({ commit, author, summary }) => `    ${commit.slice(0, 12)} ${summary} (${author})`)
  return [`  ${CAUSES[kind]}${by.length > 0 ? ', by' : ''}`, ...by]
}
