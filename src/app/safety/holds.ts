import type { Hold } from '../../core/admission.ts'
import { InputError } from '../../core/diagnostic.ts'
import type { Fleet, Store } from '../../core/fleet.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { RunStore } from '../../core/run-store.ts'
import { shownTime } from '../../engine/admission/shown-time.ts'
import { suggest } from '../../lang/suggest.ts'
import type { Project } from '../project.ts'
import { accountName } from '../run/account.ts'
import { isLength, localInstant } from './local-instant.ts'

async function opened(
  project: Project,
): Promise<{ readonly fleet: Fleet; readonly store: RunStore; readonly key: FleetKey }> {
  const [fleet, store] = await Promise.all([project.fleet(), project.store()])
  return { fleet, store, key: await store.fleets.keyOf(fleet) }
}

/** Those that are not over. */
export async function listHolds(project: Project): Promise<readonly Hold[]> {
  const { key, store } = await opened(project)
  const now = Date.now()
  const { holds } = await store.admission.read(key)
  return holds.filter(({ until }) => until > now)
}

/** From now until then nothing changes a store or a device, but who breaks the glass. */
export async function hold(
  project: Project,
  on: string,
  more: { readonly until: string; readonly because: string; readonly by?: string | undefined },
): Promise<Hold> {
  const { fleet, store, key } = await opened(project)
  const zone = zoneOf(fleet, on)
  const from = Date.now()
  const until = localInstant(more.until, { flag: '--until', zone, after: from })
  if (until <= from) throw usage(`--until: ${more.until} is over already`, 'Name a time that is to come.')
  const said = isLength(more.until) ? { lasts: until - from } : {}
  const made: Hold = { on, by: more.by ?? accountName(), why: more.because, from, until, ...said }
  return store.admission.transact(key, (content) => {
    const others = content.holds.filter((one) => one.until > from && !(one.on === on && one.by === made.by))
    return { result: made, content: { ...content, holds: [...others, made] } }
  })
}

/** Takes all holds on a store or a device away; those that were there. */
export async function releaseHolds(project: Project, on: string): Promise<readonly Hold[]> {
  const { key, store } = await opened(project)
  const now = Date.now()
  const released = await store.admission.transact(key, (content) => {
    const left = content.holds.filter((one) => one.until > now)
    const result = left.filter((one) => one.on === on)
    return {
      result,
      content: { ...content, holds: left.filter((one) => one.on !== on) },
      saying: { by: accountName() },
    }
  })
  if (released.length === 0) throw usage(`Nobody holds "${on}"`, 'See: till hold list')
  return released
}

/** Until when something is held, by the clocks of its store; what is held may have left the inventory since. */
export function heldUntil(fleet: Fleet, { on, until }: Pick<Hold, 'on' | 'until'>): string {
  return shownTime(until, storeOf(fleet, on)?.time_zone ?? 'UTC')
}

/** A store by its name, or that of a device; undefined where the inventory has neither. */
function storeOf(fleet: Fleet, on: string): Store | undefined {
  return fleet.stores.get(on) ?? fleet.stores.get(fleet.devices.get(on)?.store ?? '')
}

/** The zone of the clocks of a store, or of the store of a device; throws InputError where there is neither. */
function zoneOf(fleet: Fleet, on: string): string {
  const store = storeOf(fleet, on)
  if (store) return store.time_zone
  const near = suggest(on, on.includes('/') ? fleet.devices.keys() : fleet.stores.keys())
  throw usage(
    `There is no store or device "${on}"`,
    'A device has the name of its store before it: PL-0412/pos1.',
    near === undefined ? undefined : `did you mean "${near}"?`,
  )
}

function usage(summary: string, detail: string, hint?: string): InputError {
  return new InputError([
    { code: 'USAGE_INVALID', severity: 'error', summary, detail, ...(hint !== undefined && { hint }) },
  ])
}
