import type { JsonObject, JsonValue } from '../../core/json.ts'
import { type Given, type StandIn, Stop } from './answering.ts'

/** What the look put out that the proof is run behind. */
function seenBy(given: Given): JsonObject {
  return JSON.parse(given.text('till_seen')) as JsonObject
}

function mustHold(holds: boolean, what: string): void {
  if (!holds) throw new Stop(1, what)
}

/** an empty value is none. */
function mustBe(seen: JsonValue | undefined, desiredValue: string, what: string): void {
  mustHold(desiredValue === '' || seen === desiredValue, what)
}

const service: StandIn = (_machine, given) => {
  const seen = seenBy(given)
  const types = given.text('want_types')
  mustHold(seen['exists'] === true, 'status')
  mustBe(seen['status'], given.text('want_status'), 'status')
  mustHold(types === '' || types.split(' ').includes(String(seen['start'])), 'start')
  mustBe(seen['delayed'] ? 'yes' : 'no', given.text('want_delayed'), 'delayed')
  mustBe(seen['account'], given.text('want_account'), 'account')
  mustBe(recovery(Buffer.from(String(seen['recovery']), 'base64')), given.text('want_recovery'), 'recovery')
  return {}
}

/** The reset period in seconds, then actions with their delays: `86400 1/5000`. */
function recovery(bytes: Buffer): string {
  if (bytes.length < 20) return '0'
  const words = [String(bytes.readUInt32LE(0))]
  for (let at = 20; at + 8 <= bytes.length && words.length <= bytes.readUInt32LE(12); at += 8) {
    words.push(`${bytes.readUInt32LE(at)}/${bytes.readUInt32LE(at + 4)}`)
  }
  return words.join(' ')
}

const file: StandIn = (_machine, given) => {
  const seen = seenBy(given)
  mustHold(seen['trouble'] === '', 'kind')
  mustBe(seen['kind'], given.text('want_kind'), 'kind')
  mustBe(seen['sum'], given.text('want_sum'), 'sum')
  mustBe(seen['owner'], given.text('want_owner'), 'owner')
  return {}
}

const registry: StandIn = (_machine, given) => {
  const seen = seenBy(given)
  mustHold(seen['exists'] !== given.flag('want_absent'), 'key')
  const values = (seen['values'] ?? []) as { name: string; kind: string; data: JsonValue }[]
  for (let n = 1; n <= given.number('want_count'); n += 1) {
    const name = given.text(`want_name_${n}`)
    const is = values.find((value) => value.name.toLowerCase() === name.toLowerCase())
    const { data } = JSON.parse(given.text(`want_data_${n}`)) as { data: JsonValue }
    mustHold((is?.kind ?? '') === given.text(`want_kind_${n}`), name)
    mustHold(!is || JSON.stringify(is.data) === JSON.stringify(data), name)
  }
  return {}
}

const run: StandIn = (_machine, given) => {
  mustBe(given.text('till_seen').trim(), given.text('want_said'), 'it said something else')
  return {}
}

const packageGone: StandIn = (_machine, given) => {
  const { products } = JSON.parse(given.text('till_seen')) as { readonly products: readonly unknown[] }
  mustHold(products.length === 0, 'It is still there.')
  return {}
}

/** Here the XML of a task is as it was written. */
const task: StandIn = (_machine, given) => {
  const seen = seenBy(given)
  mustHold(seen['exists'] !== given.flag('want_absent'), 'state')
  if (given.flag('want_absent')) return {}
  mustHold(seen['enabled'] === given.flag('want_enabled'), 'enabled')
  const xml = String(seen['xml'])
  const mustStand = (name: string, text: string): void => {
    const part = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
    mustHold(unescaped(part) === text, name)
  }
  const every = given.number('want_every')
  mustStand('Command', given.text('want_program'))
  mustStand('Arguments', given.text('want_arguments'))
  mustStand('WorkingDirectory', given.text('want_folder'))
  mustStand('UserId', given.text('want_sid'))
  mustStand('ExecutionTimeLimit', `PT${given.number('want_minutes')}M`)
  mustStand('Interval', every > 0 ? `PT${every}M` : '')
  mustHold(xml.includes(`<${given.text('want_trigger')}`), 'trigger')
  if (given.text('want_time') !== '') mustHold(xml.includes(`T${given.text('want_time')}:00</StartBoundary>`), 'time')
  const days = [...xml.matchAll(/<([A-Z][a-z]+day)\/>/g)].map((found) => found[1]).join(' ')
  mustHold(days.split(' ').sort().join() === given.text('want_days').split(' ').sort().join(), 'days')
  return {}
}

function unescaped(text: string): string {
  const named = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"')
  return named.replaceAll('&amp;', '&')
}

/** The proofs behind looks, by which a chain goes on. They ask nothing of the machine. */
export const PROOF_STAND_INS: Readonly<Record<string, StandIn>> = {
  'service.proof': service,
  'file.proof': file,
  'registry.proof': registry,
  'run.proof': run,
  'package.gone': packageGone,
  'scheduled-task.proof': task,
}
