import type { IncidentStore } from '../../core/incident-store.ts'
import type { JsonObject } from '../../core/json.ts'
import type { RunSummary } from '../../core/run.ts'
import { incidentView } from '../incidents/incident-view.ts'
import { knownOutages } from '../outages/known-outages.ts'
import { runRow } from './device-view.ts'
import { deviceRow, storeRow } from './fleet-lists.ts'
import { type DevicePicture, rankOf, type StorePicture } from './fleet-picture.ts'
import { eyesOf, runsSeen, type Sight } from './sight.ts'

const MOST = 20
/** Runs that are looked at together. */
const AT_ONCE = 200
const RUN_LIKE = /^\d{8}t?\d*/i

/**
 * What a word, or several that all have to fit, may mean: stores, devices, serial numbers, runs, incidents by their id or that of
 * their ticket. The closest first.
 */
export async function searchFleet(
  { sight, store }: { readonly sight: Sight; readonly store: IncidentStore },
  text: string,
): Promise<JsonObject> {
  const words = plain(text).split(/\s+/).filter(Boolean)
  if (words.length === 0) return { stores: [], devices: [], runs: [], incidents: [] }
  const { stores, devices, at } = sight.picture
  const foundStores = closest([...stores.values()], words, { textOf: storeText, nameOf: ({ store }) => store.id })
  const foundDevices = closest([...devices.values()], words, {
    textOf: (one) => deviceText(one, stores.get(one.device.store)),
    nameOf: ({ device }) => device.name,
  })
  // Among those that fit as well, what is broken is what somebody calls about.
  const worstFirst = foundDevices.sort(
    (a, b) => a.rank - b.rank || rankOf(a.one.known.state) - rankOf(b.one.known.state),
  )
  return {
    stores: foundStores.slice(0, MOST).map(({ one }) => storeRow(one, at)),
    devices: worstFirst.slice(0, MOST).map(({ one }) => deviceRow(one)),
    runs: await runsLike(sight, text),
    incidents: await incidentsNamed({ sight, store }, text.trim()),
  }
}

/** By the whole id, as it stands in messages, or by the number of a ticket: what is only like it means another one. */
async function incidentsNamed(
  { sight, store }: { readonly sight: Sight; readonly store: IncidentStore },
  name: string,
): Promise<JsonObject[]> {
  const ids = new Set([name, ...(await store.escalations.incidentsOf(name))])
  const eyes = eyesOf(sight)
  const found = await Promise.all([...ids].slice(0, MOST).map((id) => store.incident(id, eyes)))
  const outages = await knownOutages(sight.store, sight.fleet)
  const now = new Date()
  return found.flatMap((one) => (one ? [incidentView(one, now, outages) as unknown as JsonObject] : []))
}

interface Found<T> {
  readonly one: T
  /** 0: it is the name; 1: the name begins so; 2: it occurs somewhere. */
  readonly rank: number
}

function closest<T>(
  all: readonly T[],
  words: readonly string[],
  of: { readonly textOf: (one: T) => string; readonly nameOf: (one: T) => string },
): Found<T>[] {
  const whole = words.join(' ')
  const found = all.flatMap((one) => {
    const name = plain(of.nameOf(one))
    if (name === whole) return [{ one, rank: 0 }]
    if (name.startsWith(whole)) return [{ one, rank: 1 }]
    const text = of.textOf(one)
    return words.every((word) => text.includes(word)) ? [{ one, rank: 2 }] : []
  })
  return found.sort((a, b) => a.rank - b.rank)
}

const texts = new WeakMap<object, string>()

function storeText(one: StorePicture): string {
  const { id, name, address, region } = one.store
  return remembered(one.store, () => [id, name, address.street, address.postcode, address.city, region])
}

function deviceText(one: DevicePicture, store: StorePicture | undefined): string {
  const { device, serials } = one
  const place = store ? storeText(store) : ''
  return remembered(one, () => [device.name, device.address, device.kind, device.profile, ...serials, place])
}

function remembered(key: object, parts: () => readonly string[]): string {
  const known = texts.get(key)
  if (known !== undefined) return known
  const text = plain(parts().join('\n'))
  texts.set(key, text)
  return text
}

/** Small letters without marks, as they are typed in a hurry: Wałbrzych is found by walbrzych. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replaceAll('ł', 'l')
}

async function runsLike(sight: Sight, text: string): Promise<JsonObject[]> {
  if (!RUN_LIKE.test(text)) return []
  const like = text.toLowerCase()
  const runs = (await sight.store.runs()).filter(({ run }) => run.toLowerCase().startsWith(like))
  const found: RunSummary[] = []
  // Of the newest ones somebody may see none.
  for (let from = 0; from < runs.length && found.length < MOST; from += AT_ONCE)
    found.push(...(await runsSeen(sight, runs.slice(from, from + AT_ONCE))))
  return found.slice(0, MOST).map(runRow)
}
