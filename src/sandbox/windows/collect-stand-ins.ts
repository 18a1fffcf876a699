import { json, type StandIn, Stop } from './answering.ts'

const EVENT_LOGS = ['application', 'security', 'setup', 'system']

const read: StandIn = (machine, given) => {
  const path = given.text('path')
  const kind = machine.files.kindOf(path)
  if (kind === 'absent') return json({ found: false })
  if (kind === 'directory') throw new Stop(1, `${path}: it is not a file`)
  const size = machine.files.sizeOf(path)
  const isEnd = given.flag('end')
  const content = isEnd || size <= given.number('largest') ? machine.files.read(path).toString('utf8') : ''
  const text = content.replaceAll('\0', '').replace(/\r?\n$/, '')
  const lines = text === '' ? [] : text.split(/\r?\n/).slice(-given.number('lines'))
  const from = isEnd ? [...lines].reverse() : lines
  const kept: string[] = []
  let room = given.number('bytes')
  for (const line of from) {
    room -= Buffer.byteLength(line) + 1
    if (room < 0) break
    kept.push(line)
  }
  const part = isEnd ? kept.reverse() : kept
  return json({
    found: true,
    size,
    text: part.join('\n'),
    count: part.length,
    cut: part.length < lines.length,
    seconds: Math.floor(Date.now() / 1000),
    offset: 0,
  })
}

/** Nothing ever happens on these devices. */
const events: StandIn = (_machine, given) => {
  const found = EVENT_LOGS.includes(given.text('name').toLowerCase())
  if (!found) return json({ found })
  return json({ found, size: 0, text: '', count: 0, cut: false, seconds: Math.floor(Date.now() / 1000), offset: 0 })
}

export const COLLECT_STAND_INS: Readonly<Record<string, StandIn>> = { 'collect.read': read, 'collect.events': events }
