import { DAY_MS } from '../../core/duration.ts'
import { Findings } from '../../core/findings.ts'
import type { JsonObject } from '../../core/json.ts'
import type { RunSummary } from '../../core/run.ts'
import type { DeviceEnd } from '../../core/run-reads.ts'
import { tradingAround } from '../../core/trading-hours.ts'
import { wallTime } from '../../core/zoned-time.ts'
import type { KnownLook } from '../history/current-looks.ts'
import { knownOutages, outageNote } from '../outages/known-outages.ts'
import { deviceRow, storeRow } from './fleet-lists.ts'
import { type DevicePicture, QUIET_STATES, rankOf, type StorePicture } from './fleet-picture.ts'
import type { Sight } from './sight.ts'

/** As long as a timeline goes back, and how many lines it has at most. */
const TIMELINE_MS = 14 * DAY_MS
const TIMELINE_ENDS = 500
const TIMELINE_LINES = 60
/** So many looks are gone into, the worst first. */
const MOST_LOOKS = 3

/** A store: what hangs on what, hours, local time. undefined: there is none that somebody sees. */
export async function storeView(sight: Sight, id: string): Promise<JsonObject | undefined> {
  const one = sight.picture.stores.get(id)
  if (!one) return undefined
  const { store } = one
  const devices = [...one.devices].sort((a, b) => rankOf(a.known.state) - rankOf(b.known.state))
  return {
    ...storeRow(one, Date.now()),
    address: { ...store.address },
    link: { ...store.link },
    owner: store.owner,
    tags: [...store.tags],
    outages: await outagesOf(sight, one.devices),
    clock: clockOf(one),
    device_list: devices.map((each) => ({ ...deviceRow(each), attached_to: each.device.attached_to ?? null })),
  }
}

/** A device: what is known of it, since when, what is wrong and what helps, and how it came to be so. */
export async function deviceView(sight: Sight, name: string): Promise<JsonObject | undefined> {
  const one = sight.picture.devices.get(name)
  const store = one && sight.picture.stores.get(one.device.store)
  if (!one || !store) return undefined
  const { device, known } = one
  const now = Date.now()
  const from = new Date(now - TIMELINE_MS).toISOString()
  const ends = await sight.store.reads.ends({ devices: [name], from, limit: TIMELINE_ENDS })
  const lines = stretchesOf(ends)
  const others = store.devices.filter((other) => other !== one)
  return {
    ...deviceRow(one),
    os: { ...device.os },
    address: device.address,
    transport: device.transport.type,
    via: device.transport.via ?? null,
    attached_to: device.attached_to ?? null,
    attached: others.filter((other) => other.device.attached_to === device.id).map(({ device: { name } }) => name),
    suffering: others.filter((other) => !QUIET_STATES.has(other.known.state)).map(deviceRow),
    tags: [...device.tags],
    note: device.note ?? null,
    store_row: storeRow(store, now),
    owner: store.store.owner,
    outages: await outagesOf(sight, [one]),
    clock: clockOf(store),
    since: lines[0]?.from ?? known.at,
    looks: known.looks.map(lookRow),
    findings: await findingsOf(sight, one),
    timeline: lines.slice(0, TIMELINE_LINES).map(({ end, from, times }) => ({ ...endRow(end), from, times })),
  }
}

/** What is known to be out of order now at some of these. */
async function outagesOf({ store, fleet }: Sight, devices: readonly DevicePicture[]): Promise<JsonObject[]> {
  const known = (await knownOutages(store, fleet)).among(devices.map(({ device }) => device))
  return known.map((one) => ({ ...outageNote(one) }))
}

/** The end of a run on a device, as it stands in timelines and lists. */
export function endRow(end: DeviceEnd): JsonObject {
  const { run, device, at, state, unknown, failure, classification, not_before, duration_ms } = end
  return {
    run,
    device,
    at,
    state,
    unknown: unknown === true,
    code: failure?.code ?? null,
    message: failure?.message ?? null,
    hint: failure?.hint ?? null,
    fault: classification?.fault ?? null,
    cause: classification?.cause ?? null,
    severity: classification?.severity ?? null,
    not_before: not_before ?? null,
    duration_ms,
  }
}

interface Stretch {
  /** The newest. */
  readonly end: DeviceEnd
  readonly from: string
  readonly times: number
}

/** Ends one after the other that say the same are one line; each that changed something is one of its own. */
function stretchesOf(ends: readonly DeviceEnd[]): readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const end of ends) {
    const last = stretches.at(-1)
    if (last && end.state !== 'changed' && saysOf(last.end) === saysOf(end))
      stretches[stretches.length - 1] = { end: last.end, from: end.at, times: last.times + 1 }
    else stretches.push({ end, from: end.at, times: 1 })
  }
  return stretches
}

function saysOf({ state, unknown, failure, classification }: DeviceEnd): string {
  return JSON.stringify([state, unknown, failure?.code, classification?.fault, classification?.cause])
}

/** What the looks that count have found, each told once, with what helps. */
async function findingsOf({ store }: Sight, { device, known }: DevicePicture): Promise<JsonObject[]> {
  const bad = known.looks.filter((look) => look.counts && !QUIET_STATES.has(look.state))
  const worst = bad.sort((a, b) => rankOf(a.state) - rankOf(b.state)).slice(0, MOST_LOOKS)
  const all = await Promise.all(
    worst.map(async (look) => {
      const [end] = await store.reads.ends({ devices: [device.name], run: look.run, from: '', limit: 1 })
      const record = end && (await store.reads.record(end))
      const findings = new Findings()
      if (record) findings.add(record)
      return findings.list(look.run).map((finding) => ({ ...finding, devices: [...finding.devices], run: look.run }))
    }),
  )
  return all.flat()
}

function lookRow({ state, unknown, code, message, run, runbooks, about, at, counts }: KnownLook): JsonObject {
  return { state, unknown, code, message, run, runbooks: [...runbooks], about: [...about], at, counts }
}

/** The clocks of a store, and its trading around now. */
function clockOf({ store }: StorePicture): JsonObject {
  const now = Date.now()
  const { open, opened, closes, opens } = tradingAround(store, now)
  const at = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())
  return {
    zone: store.time_zone,
    local: new Date(wallTime(now, store.time_zone)).toISOString().slice(0, 16),
    open,
    opened: at(opened),
    closes: at(closes),
    opens: at(opens),
  }
}

/** The runs of one look at a list of runs. */
export function runRow(run: RunSummary): JsonObject {
  return { ...run, runbooks: [...run.runbooks], counts: { ...run.counts } }
}
