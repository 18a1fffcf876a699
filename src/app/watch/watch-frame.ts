import { counted } from '../../core/counted.ts'
import { formatDuration } from '../../reporters/format-duration.ts'
import { paintFor, type Style, stateStyle } from '../../reporters/paint.ts'
import { clip, displayWidth, pad, plainText } from '../../reporters/plain-text.ts'
import { wrapText } from '../../reporters/wrap-text.ts'
import type { WrongStore } from './wrong-devices.ts'

/** Where somebody is in the table. */
export interface WatchPlace {
  /** First line that is shown. */
  readonly top: number
  readonly filter: string
  /** The filter is being typed. */
  readonly isTyping: boolean
}

export type WatchKey =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'quit'
  | 'filter'
  | 'escape'
  | 'enter'
  | 'erase'

interface Screen {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
  readonly now: Date
}

const HEAD = 2
const FOOT = 1
const STATE_COLUMNS = 14
const AGE_COLUMNS = 8
const SELLS_WORDS = { no: 'cannot sell', unknown: 'may not sell', yes: 'sells' } as const
const SELLS_STYLES = { no: 'red', unknown: 'magenta', yes: 'green' } as const satisfies Record<string, Style>

/** The lines of a table that has as many as the screen shows; the last one says which keys there are. */
export function watchFrame(stores: readonly WrongStore[], place: WatchPlace, screen: Screen): readonly string[] {
  const { columns, rows, color } = screen
  const paint = paintFor(color)
  const picked = filtered(stores, place.filter)
  const body = picked.flatMap((store) => storeLines(store, screen))
  const room = Math.max(1, rows - HEAD - FOOT)
  const top = Math.max(0, Math.min(place.top, body.length - room))
  const shown = body.slice(top, top + room)
  const blank = Array.from({ length: room - shown.length }, () => '')
  return [
    paint('bold', clip(headOf(picked, screen), columns)),
    '',
    ...shown,
    ...blank,
    clip(footOf(place, { top, room, all: body.length }), columns),
  ]
}

/** All of it at once, with reasons in full. */
export function watchText(stores: readonly WrongStore[], screen: Omit<Screen, 'rows'>): string {
  const head = paintFor(screen.color)('bold', headOf(stores, screen))
  const body = stores.flatMap((store) => storeLines(store, { ...screen, whole: true }))
  return `${[head, ...(body.length > 0 ? ['', ...body] : [])].join('\n')}\n`
}

function headOf(stores: readonly WrongStore[], { columns, now }: Omit<Screen, 'rows'>): string {
  const clock = now.toISOString().slice(11, 19)
  const devices = stores.reduce((sum, one) => sum + one.devices.length, 0)
  if (devices === 0) return `${clock}Z  All is well, as far as is known.`
  const what = `${counted(devices, 'device')} in ${counted(stores.length, 'store')}`
  const silent = stores.filter(({ sells }) => sells === 'no').length
  const whole = `${clock}Z  Not as it should be: ${what}. Cannot sell: ${counted(silent, 'store')}.`
  return displayWidth(whole) <= columns ? whole : `${clock}Z  Wrong: ${what}.`
}

/** How far down the table goes. */
export function lastTop(stores: readonly WrongStore[], filter: string, rows: number): number {
  const lines = filtered(stores, filter).reduce((sum, { devices }) => sum + 1 + devices.length, 0)
  return Math.max(0, lines - Math.max(1, rows - HEAD - FOOT))
}

/** Where somebody is after a key, or after a character of the filter. */
export function moved(
  place: WatchPlace,
  key: WatchKey | { readonly typed: string },
  { rows, last }: { readonly rows: number; readonly last: number },
): WatchPlace {
  if (typeof key === 'object') return place.isTyping ? { ...place, top: 0, filter: place.filter + key.typed } : place
  const page = Math.max(1, rows - HEAD - FOOT)
  const to = (top: number): WatchPlace => ({ ...place, top: Math.max(0, Math.min(last, top)) })
  switch (key) {
    case 'up':
      return to(place.top - 1)
    case 'down':
      return to(place.top + 1)
    case 'page-up':
      return to(place.top - page)
    case 'page-down':
      return to(place.top + page)
    case 'home':
      return to(0)
    case 'end':
      return to(last)
    case 'filter':
      return { ...place, isTyping: true }
    case 'enter':
      return { ...place, isTyping: false }
    case 'escape':
      return { top: 0, filter: '', isTyping: false }
    case 'erase':
      return place.isTyping ? { ...place, top: 0, filter: [...place.filter].slice(0, -1).join('') } : place
    case 'quit':
      return place
  }
}

function footOf(
  { filter, isTyping }: WatchPlace,
  of: { readonly top: number; readonly room: number; readonly all: number },
): string {
  if (isTyping) return `filter: ${plainText(filter)}_   Enter keeps it, Esc clears it`
  const where = of.all > of.room ? `${of.top + 1}-${Math.min(of.all, of.top + of.room)} of ${of.all} lines   ` : ''
  const what = filter === '' ? '/ filter' : `filter: ${plainText(filter)}   Esc clears it`
  return `${where}q quit   arrows, PgUp, PgDn, Home, End move   ${what}`
}

function filtered(stores: readonly WrongStore[], filter: string): readonly WrongStore[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return stores
  const hits = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word))
  return stores.flatMap((store) => {
    const head = `${store.store} ${store.name} ${SELLS_WORDS[store.sells]}`
    const devices = store.devices.filter(({ device, region, state, message, code }) =>
      hits(`${head} ${device} ${region} ${state} ${code ?? ''} ${message ?? ''}`),
    )
    return devices.length === 0 ? [] : [{ ...store, devices }]
  })
}

function storeLines(
  { store, name, sells, devices }: WrongStore,
  { columns, color, now, whole = false }: Omit<Screen, 'rows'> & { readonly whole?: boolean },
): string[] {
  const paint = paintFor(color)
  const sign = SELLS_WORDS[sells]
  const title = clip(`${plainText(store)} ${plainText(name)}`, Math.max(4, columns - sign.length - 2))
  const names = Math.min(28, Math.max(...devices.map(({ device }) => device.length - store.length - 1)))
  return [
    `${paint('bold', title)}  ${paint(SELLS_STYLES[sells], sign)}`,
    ...devices.flatMap(({ device, state, message, at }) => {
      const id = pad(clip(plainText(device.slice(store.length + 1)), names), names)
      const age = pad(
        at === null ? '' : formatDuration(Math.max(0, now.getTime() - Date.parse(at))),
        AGE_COLUMNS,
        'right',
      )
      const text = plainText(message ?? '')
      const below = !whole || text === '' ? [] : wrapText(text, { width: columns, indent: '      ' })
      // A narrow screen has the state and no more beside the name.
      if (columns < names + STATE_COLUMNS + AGE_COLUMNS + 4) return [clip(`  ${id}  ${state}`, columns), ...below]
      const line = `  ${id}  ${paint(stateStyle(state), pad(state, STATE_COLUMNS))}${age}`
      const left = columns - 2 - names - STATE_COLUMNS - AGE_COLUMNS - 6
      if (below.length > 0 && displayWidth(text) > left) return [line, ...below]
      return text === '' || left <= 8 ? line : `${line}  ${clip(text, left)}`
    }),
  ]
}
