import type { JsonObject } from '../../core/json.ts'
import { runRow } from './device-view.ts'
import { deviceRow, storeRow } from './fleet-lists.ts'
import { type DevicePicture, rankOf, type StorePicture } from './fleet-picture.ts'
import { runsSeen, type Sight } from './sight.ts'

const MOST = 20
const RUN_LIKE = /^\d{8}t?\d*/i

/** What a word, or several that all have to fit, may mean: stores, devices, serial numbers, runs. The closest first. */
export async function searchFleet(sight: Sight, text: string): Promise<JsonObject> {
  const words = plain(text).split(/\s+/).filter(Boolean)
  if (words.length === 0) return { stores: [], devices: [], runs: [] }
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
  }
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
  const runs = (await sight.store.runs()).filter(({ run }) => run.toLowerCase().startsWith(like)).slice(0, MOST)
  return (await runsSeen(sight, runs)).map(runRow)
}
