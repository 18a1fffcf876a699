import { globMatches } from '../../pattern/glob.ts'
import { type Given, json, type StandIn, Stop } from './answering.ts'
import { expressionOf } from './look-stand-ins.ts'
import type { WindowsMachine } from './windows-machine.ts'

const look: StandIn = (machine, given) => {
  const answer = {
    now: Date.now() / 1000,
    cut: false,
    matches: [] as readonly string[],
    times: [] as readonly number[],
    rows: [],
    waiting: null as number | null,
    oldest: null as number | null,
    waiting_missing: false,
  }
  const source = given.text('source')
  if (source === 'log') Object.assign(answer, matchesIn(machine, given))
  if (source === 'folder') answer.times = timesIn(machine, given.text('path'), given.text('match'))
  if (source === 'database') throw new Stop(97, `till: missing program: ${given.text('program')}`)
  const waiting = given.text('waiting_path')
  if (waiting === '') return json(answer)
  if (machine.files.kindOf(waiting) !== 'directory') return json({ ...answer, waiting_missing: true })
  const times = timesIn(machine, waiting, given.text('waiting_match'))
  return json({ ...answer, waiting: times.length, oldest: times[0] ?? null })
}

function matchesIn(machine: WindowsMachine, given: Given): { matches: readonly string[]; cut: boolean } {
  const path = given.text('path')
  if (machine.files.kindOf(path) !== 'file') throw new Stop(1, `${path}: there is no such file`)
  const pattern = expressionOf(given.text('pattern'))
  const lines = machine.files
    .read(path)
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .slice(-given.number('lines'))
  const matches = lines.flatMap((line) => pattern.exec(line)?.[0] ?? [])
  return { matches: matches.slice(-given.number('most')), cut: lines.length >= given.number('lines') }
}

function timesIn(machine: WindowsMachine, path: string, match: string): readonly number[] {
  if (machine.files.kindOf(path) !== 'directory') throw new Stop(1, `${path}: there is no such folder`)
  const files = machine.files
    .list(path)
    .filter((name) => globMatches(match.toLowerCase(), name.toLowerCase()))
    .map((name) => `${path}\\${name}`)
  const times = files
    .filter((file) => machine.files.kindOf(file) === 'file')
    .map((file) => machine.files.modifiedAt(file))
  return times.map((time) => Math.floor(time.getTime() / 1000)).sort((a, b) => a - b)
}

export const RECEIPTS_STAND_INS: Readonly<Record<string, StandIn>> = { 'receipts.look': look }
