import { expect, test } from 'vitest'
import { lastTop, moved, watchFrame, watchText } from '../../src/app/watch/watch-frame.ts'
import { type WrongStore, watchChanges } from '../../src/app/watch/wrong-devices.ts'
import { displayWidth } from '../../src/reporters/plain-text.ts'

const NOW = new Date('2026-11-30T12:00:00Z')
const device = (name: string, message = 'it is out of paper') => ({
  device: name,
  store: name.split('/')[0] ?? '',
  region: 'north',
  state: 'unmet' as const,
  code: 'CHECK_UNMET',
  message,
  run: 'r1',
  at: '2026-11-30T11:00:00Z',
})
const STORES: readonly WrongStore[] = [
  { store: 'S1', name: 'Łódź', sells: 'no', devices: [device('S1/fiscal1'), device('S1/pos1', '\u001b[31mred 東京')] },
  { store: 'S2', name: 'Gdańsk', sells: 'yes', devices: [device('S2/printer')] },
]
const place = { top: 0, filter: '', isTyping: false }
const frame = (columns: number, rows: number, at = place) =>
  watchFrame(STORES, at, { columns, rows, color: false, now: NOW })

test('the table has as many lines as the screen, none wider, whatever devices say', () => {
  for (const columns of [20, 40, 80, 200]) {
    for (const rows of [3, 5, 24]) {
      const lines = frame(columns, rows)
      expect(lines.length).toBe(Math.max(rows, 4))
      for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u)
      for (const line of lines) expect([line, displayWidth(line) <= columns]).toEqual([line, true])
    }
  }
  expect(frame(80, 24).slice(0, 7)).toEqual([
    '12:00:00Z  Not as it should be: 3 devices in 2 stores. Cannot sell: 1 store.',
    '',
    'S1 Łódź  cannot sell',
    '  fiscal1  unmet              1 h  it is out of paper',
    '  pos1     unmet              1 h  \\x1b[31mred 東京',
    'S2 Gdańsk  sells',
    '  printer  unmet              1 h  it is out of paper',
  ])
})

test('what is shown once has every reason in full, on a narrow screen below its line', () => {
  const long = [{ ...STORES[1], devices: [device('S2/printer', 'it is out of paper since the morning of that day')] }]
  const text = (columns: number) => watchText(long as never, { columns, color: false, now: NOW })
  expect(text(44)).toBe(
    '12:00:00Z  Wrong: 1 device in 1 store.\n\nS2 Gdańsk  sells\n  printer  unmet              1 h\n' +
      '      it is out of paper since the morning\n      of that day\n',
  )
  expect(text(24)).toMatch(/\n {2}printer {2}unmet\n {6}it is out of paper\n/)
  expect(text(Number.POSITIVE_INFINITY)).toContain('1 h  it is out of paper since the morning of that day\n')
  expect(watchText([], { columns: 44, color: false, now: NOW })).toBe('12:00:00Z  All is well, as far as is known.\n')
})

test('keys move within the table, and a filter is typed, kept and cleared', () => {
  const rows = 5
  const last = lastTop(STORES, '', rows)
  expect(last).toBe(3)
  const press = (at: typeof place, ...keys: Parameters<typeof moved>[1][]) =>
    keys.reduce((now, key) => moved(now, key, { rows, last }), at)
  expect(press(place, 'down', 'down', 'up').top).toBe(1)
  expect(press(place, 'end', 'down').top).toBe(3)
  expect(press(place, 'page-down', 'page-down', 'home').top).toBe(0)
  expect(press(place, 'up').top).toBe(0)
  // A letter is one only while somebody types.
  expect(press(place, { typed: 'x' })).toEqual(place)
  const typed = press(place, 'filter', { typed: 'g' }, { typed: 'd' }, { typed: 'x' }, 'erase', 'enter')
  expect(typed).toEqual({ top: 0, filter: 'gd', isTyping: false })
  expect(frame(80, 24, typed)[0]).toContain('1 device in 1 store.')
  expect(press(typed, 'escape')).toEqual(place)
})

test('changes are told once, and what is well again last', () => {
  const [first, second] = STORES as [WrongStore, WrongStore]
  const later = [{ ...first, devices: [device('S1/fiscal1', 'its cover is open')] }]
  const kinds = watchChanges(STORES, later, NOW).map(({ change, device: name }) => [change, name])
  expect(kinds).toEqual([
    ['changed', 'S1/fiscal1'],
    ['well', 'S1/pos1'],
    ['well', 'S2/printer'],
  ])
  expect(watchChanges(STORES, STORES, NOW)).toEqual([])
  expect(watchChanges([], [second], NOW)).toMatchObject([{ change: 'wrong', device: 'S2/printer' }])
})
