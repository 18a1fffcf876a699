import type { AnyState, DevicePicture, FleetPicture, StorePicture } from '../overview/fleet-picture.ts'
import { QUIET_STATES, rankOf } from '../overview/fleet-picture.ts'

/** A device that is not as it should be, as far as is known. */
export interface WrongDevice {
  readonly device: string
  readonly store: string
  readonly region: string
  readonly state: AnyState
  readonly code: string | null
  readonly message: string | null
  readonly run: string | null
  /** Of the look that counts; null: there was none. */
  readonly at: string | null
}

/** A store with what is wrong in it. */
export interface WrongStore {
  readonly store: string
  readonly name: string
  readonly sells: StorePicture['sells']
  readonly devices: readonly WrongDevice[]
}

/** What a line of `till watch --json` tells. */
export interface WatchChange {
  readonly schema: 'till.watch/1'
  readonly at: string
  readonly change: 'wrong' | 'changed' | 'well'
  readonly device: string
  readonly store: string
  readonly region: string
  /** Of a device that is well again null. */
  readonly state: AnyState | null
  readonly code: string | null
  readonly message: string | null
  readonly run: string | null
}

const SELLS = ['no', 'unknown', 'yes'] as const

/** What is wrong now, by store: stores that cannot sell first, then by their worst device. */
export function wrongStores(picture: FleetPicture, isAbout: (device: string) => boolean): readonly WrongStore[] {
  const stores = [...picture.stores.values()].flatMap(({ store, sells, devices }): WrongStore[] => {
    const wrong = devices
      .filter(
        ({ known, device }) =>
          isAbout(device.name) && (known.unknown ? known.state !== 'never' : !QUIET_STATES.has(known.state)),
      )
      .map(wrongDevice)
      .sort((a, b) => rankOf(a.state) - rankOf(b.state))
    return wrong.length === 0 ? [] : [{ store: store.id, name: store.name, sells, devices: wrong }]
  })
  const rank = ({ sells, devices }: WrongStore): number =>
    SELLS.indexOf(sells) * 100 + rankOf(devices[0]?.state ?? 'in-sync')
  return stores.sort((a, b) => rank(a) - rank(b) || (a.store < b.store ? -1 : 1))
}

function wrongDevice({ device, known }: DevicePicture): WrongDevice {
  const { name, store, region } = device
  const { state, code, message, run, at } = known
  return { device: name, store, region, state, code, message, run, at }
}

/** What has changed between two looks, in the order of the later one; what is well again comes last. */
export function watchChanges(
  before: readonly WrongStore[],
  after: readonly WrongStore[],
  now: Date,
): readonly WatchChange[] {
  const known = new Map(before.flatMap(({ devices }) => devices.map((one) => [one.device, one])))
  const head = { schema: 'till.watch/1', at: now.toISOString() } as const
  const news = after.flatMap(({ devices }) =>
    devices.flatMap((one): WatchChange[] => {
      const old = known.get(one.device)
      known.delete(one.device)
      const { device, store, region, state, code, message, run } = one
      const isSame = old && old.state === state && old.code === code && old.message === message
      return isSame
        ? []
        : [{ ...head, change: old ? 'changed' : 'wrong', device, store, region, state, code, message, run }]
    }),
  )
  const well = [...known.values()].map(({ device, store, region }): WatchChange => {
    return { ...head, change: 'well', device, store, region, state: null, code: null, message: null, run: null }
  })
  return [...news, ...well]
}
