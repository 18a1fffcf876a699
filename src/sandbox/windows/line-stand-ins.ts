import { connect } from 'node:net'
import type { ByteStream } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Conversation, Turn, Until } from '../../devices/line/line.ts'
import { tcpLine } from '../../devices/line/tcp-line.ts'
import { json, type StandIn } from './answering.ts'

/** What the till asks, as windows-line.ts writes it. */
interface Asked {
  readonly send: string
  readonly kind: 'bytes' | 'match' | 'counted' | 'ending' | 'quiet'
  readonly one: number
  readonly two: number
  readonly three: number
  readonly text: string
  readonly time: number
  readonly optional: boolean
  readonly only: readonly number[]
}

/** There is no way there. */
const UNREACHABLE = 10_065

const converse: StandIn = async (machine, given) => {
  const said = { state: 'open', code: 0, detail: '', gone: false, replies: [] as JsonValue[] }
  if (given.text('way') !== 'serial') return json({ ...said, state: 'unreached', code: UNREACHABLE })
  const port = given.text('port')
  const at = machine.serialPorts.get(port)
  if (at === undefined) return json({ ...said, state: 'missing' })
  if (at === 'held') return json({ ...said, state: 'busy', detail: `Access to the port '${port}' is denied.` })
  const line = tcpLine({ name: port, dial: () => dial(at), budgetMs: given.number('budget') })
  const turns = (JSON.parse(given.text('turns')) as Asked[]).map(turnOf)
  const had = await line.converse(turns)
  return json({ ...said, replies: had.ok ? repliesOf(had.value) : [] })
}

function dial(at: { readonly host: string; readonly port: number }): Promise<Result<ByteStream>> {
  return new Promise((resolve) => {
    const socket = connect({ ...at, noDelay: true })
    socket.once('error', ({ message }) => resolve(fail({ code: 'CONNECT_REFUSED', phase: 'connect', message })))
    socket.on('error', () => undefined)
    socket.once('connect', () =>
      resolve(
        success({
          write: (data) => void (socket.writable && socket.write(data)),
          end: () => void socket.end(),
          onData: (listener) => void socket.on('data', listener),
          onClose: (listener) => void socket.once('close', listener),
          destroy: () => void socket.destroy(),
        }),
      ),
    )
  })
}

function turnOf({ send, time, optional, only, ...rule }: Asked): Turn {
  return {
    send: Buffer.from(send, 'base64'),
    until: untilOf(rule),
    timeoutMs: time,
    ...(optional && { optional: true as const }),
    ...(only.length > 0 && { goOnAt: only }),
  }
}

function untilOf({ kind, one, two, three, text }: Pick<Asked, 'kind' | 'one' | 'two' | 'three' | 'text'>): Until {
  switch (kind) {
    case 'bytes':
      return { bytes: one }
    case 'match':
      return one === 255 ? { byte: two, more: three } : { mask: one, value: two }
    case 'counted':
      return { lengthAt: one, more: two }
    case 'ending':
      return { ending: Buffer.from(text, 'base64').toString('latin1') }
    case 'quiet':
      return { quietMs: one }
  }
}

function repliesOf({ replies }: Conversation): JsonValue[] {
  return replies.map(({ state, bytes, ms }) => ({
    state: state === 'whole' ? 'whole' : 'cut',
    bytes: Buffer.from(bytes).toString('base64'),
    ms,
  }))
}

export const LINE_STAND_INS: Readonly<Record<string, StandIn>> = { 'line.converse': converse }
