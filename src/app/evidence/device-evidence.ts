import { type Bundle, bundleOf, type CollectedItem, collectedCommand } from '../../core/collected.ts'
import { DAY_MS } from '../../core/duration.ts'
import { grouped } from '../../core/grouped.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ChangeBegun } from '../../core/run-reads.ts'
import type { RunStore } from '../../core/run-store.ts'

/** What was gathered of a device by a step of a run. */
export interface Gathered {
  readonly run: string
  readonly runbook: string
  readonly step: string
  readonly gathered_at: string
  readonly bytes: number
  /** What there is of each item, without its content. */
  readonly items: readonly Pick<CollectedItem, 'kind' | 'name' | 'state' | 'bytes' | 'note'>[]
  /** Shows all of it. */
  readonly command: string
}

/** A run that began to change a device. */
export interface DeviceChange {
  readonly run: string
  readonly at: string
  readonly by: string | null
  readonly steps: readonly {
    readonly runbook: string
    readonly step: string
    readonly module: string
    readonly changes: ChangeBegun['changes']
  }[]
}

/** What is known of a device beside a fault. */
export interface DeviceEvidence {
  /** Since the fault began, newest first. */
  readonly collected: readonly Gathered[]
  /** Newest first: those since the fault began, and the last one before it. */
  readonly changes: readonly DeviceChange[]
}

type Reads = Pick<RunStore, 'reads' | 'samples'>

const MOST_BUNDLES = 10
const MOST_CHANGES = 5
/** Steps of changes that are looked at. */
const MOST_STEPS = 200
/** A device may be worked on for so long after something was gathered. */
const LONGEST_VISIT_MS = DAY_MS

/** Evidence of a device since a fault began there (ISO 8601 in UTC); nothing where the fault is about no device. */
export async function deviceEvidence(store: Reads, device: string | null, since: string): Promise<DeviceEvidence> {
  if (device === null) return { collected: [], changes: [] }
  const [bundles, changes] = await Promise.all([bundlesSince(store, device, since), lastChanges(store, device, since)])
  return { collected: bundles.map((one) => gatheredOf(one, device)), changes }
}

/** A bundle of a device, with the run that has it. */
export interface KeptBundle {
  readonly run: string
  readonly runbook: string
  readonly step: string
  readonly bundle: Bundle
}

/** What was gathered of a device since then, newest first, at most ten. */
export async function bundlesSince(store: Reads, device: string, since: string): Promise<readonly KeptBundle[]> {
  const found = new Map<string, KeptBundle>()
  // Each bundle has noted a sample, so that the few runs that have one are found without looking through the others.
  const times = (await store.samples(device, 'collected', new Date(since))).map(({ at }) => at)
  for (const at of times.slice(-MOST_BUNDLES)) {
    if ([...found.values()].some(({ bundle }) => bundle.gathered_at === at)) continue
    for (const kept of await bundlesOf(store, device, at)) found.set(`${kept.run} ${kept.runbook} ${kept.step}`, kept)
  }
  const all = [...found.values()].filter(({ bundle }) => bundle.gathered_at >= since)
  return all.sort((a, b) => (a.bundle.gathered_at < b.bundle.gathered_at ? 1 : -1))
}

/** Those of the run that was at the device at that time. */
async function bundlesOf(store: Reads, device: string, at: string): Promise<readonly KeptBundle[]> {
  const until = new Date(Date.parse(at) + LONGEST_VISIT_MS).toISOString()
  const ends = await store.reads.ends({ devices: [device], from: at, until, limit: MOST_STEPS })
  for (const end of [...ends].reverse()) {
    const record = await store.reads.record(end)
    const kept = (record?.steps ?? []).flatMap(({ runbook, step, ...said }) => {
      const bundle = bundleOf(said)
      return bundle ? [{ run: end.run, runbook, step, bundle }] : []
    })
    if (kept.some(({ bundle }) => bundle.gathered_at === at)) return kept
  }
  return []
}

function gatheredOf({ run, runbook, step, bundle }: KeptBundle, device: string): Gathered {
  const items = bundle.items.map(({ kind, name, state, bytes, note }) => ({ kind, name, state, bytes, note }))
  const { gathered_at, bytes } = bundle
  return { run, runbook, step, gathered_at, bytes, items, command: collectedCommand(run, device) }
}

async function lastChanges({ reads }: Reads, device: string, since: string): Promise<readonly DeviceChange[]> {
  const begun = await reads.changes(device, {
    until: new Date(Date.now() + LONGEST_VISIT_MS).toISOString(),
    limit: MOST_STEPS,
  })
  const runs = [...grouped(begun, ({ run }) => run).values()]
  const before = runs.findIndex(([newest]) => newest !== undefined && newest.at < since)
  const later = before < 0 ? runs : runs.slice(0, before)
  const told = [...later.slice(0, MOST_CHANGES), ...(before < 0 ? [] : runs.slice(before, before + 1))]
  return Promise.all(told.map((events) => changeOf(reads, events)))
}

/** A run that was resumed, or has looked again, may have announced a step more than once: the first time counts. */
async function changeOf(reads: Reads['reads'], events: readonly ChangeBegun[]): Promise<DeviceChange> {
  const [first] = events as readonly [ChangeBegun, ...ChangeBegun[]]
  const steps = new Map<string, DeviceChange['steps'][number]>()
  for (const { runbook, step, module, changes } of [...events].reverse()) {
    const key = `${runbook} ${step}`
    if (!steps.has(key)) steps.set(key, { runbook, step, module, changes })
  }
  const { run, at } = first
  return { run, at, by: (await reads.started(run))?.by ?? null, steps: [...steps.values()] }
}

/** Bundles as JSON documents hold them, whole. */
export function bundleJson({ run, runbook, step, bundle }: KeptBundle): JsonValue {
  return { run, runbook, step, ...(bundle as unknown as Record<string, JsonValue>) } as JsonValue
}
