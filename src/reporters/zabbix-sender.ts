import { connect } from 'node:net'
import { batches } from '../core/batches.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'

/** One value for an item of type trapper. */
export interface ZabbixValue {
  readonly host: string
  readonly key: string
  readonly value: string
}

/** What a Zabbix server made of what it was sent. */
export interface ZabbixAnswer {
  readonly processed: number
  readonly failed: number
}

/** As many as zabbix_sender puts into one frame. */
const AT_ONCE = 250
const TIMEOUT_MS = 30_000
/** Answers are a line; more than that is not Zabbix. */
const MOST_ANSWER = 64 * 1024

/** Where a trapper listens, unless it is said. */
export const ZABBIX_PORT = 10_051

interface Place {
  readonly host: string
  readonly port: number
}

/**
 * Sends values to the trapper of a Zabbix server or proxy. Rejects with an Error where it cannot be reached or does not answer. A proxy
 * of a group (Zabbix 7.0) that does not have the host names the one that has it (`redirect`); as zabbix_sender, which tries once more there, this goes
 * on with that one.
 */
export async function sendToZabbix(first: Place, values: readonly ZabbixValue[]): Promise<ZabbixAnswer> {
  let [at, processed, failed] = [first, 0, 0]
  for (const data of batches(values, AT_ONCE)) {
    const sent = frame(JSON.stringify({ request: 'sender data', data }))
    let answer = readAnswer(await exchange(at, sent))
    if ('host' in answer) {
      at = answer
      answer = readAnswer(await exchange(at, sent))
    }
    if ('host' in answer) throw new Error('its proxies name one another: the group is moving the host just now')
    processed += answer.processed
    failed += answer.failed
  }
  return { processed, failed }
}

/** ZBXD, flags (1: the protocol of Zabbix), length and nothing, then the text. */
function frame(text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.alloc(13)
  head.write('ZBXD\x01', 'latin1')
  head.writeUInt32LE(body.length, 5)
  return Buffer.concat([head, body])
}

function exchange({ host, port }: Place, sent: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const socket = connect({ host, port }, () => socket.write(sent))
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > MOST_ANSWER) socket.destroy(new Error('its answer has no end'))
    })
    socket.on('error', reject)
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

/** A success alone says nothing: how many were taken stands in a text. */
function readAnswer(bytes: Buffer): ZabbixAnswer | Place {
  const text = bytes.toString('latin1', 0, 5) === 'ZBXD\x01' ? bytes.toString('utf8', 13) : ''
  const { response, info, redirect } = mapIn(text)
  const [, processed, failed] =
    /processed: (\d+); failed: (\d+);/.exec(response === 'success' ? String(info) : '') ?? []
  if (processed !== undefined && failed !== undefined) return { processed: Number(processed), failed: Number(failed) }
  const { address, reset } = response === 'failed' && isMap(redirect) ? redirect : {}
  if (reset === true) throw new Error('its group of proxies is not in order: no other proxy takes the values')
  const [, bracketed, host = bracketed, port] =
    /^(?:\[([^\]]+)\]|([^\s:]+))(?::(\d+))?$/.exec(String(address ?? '')) ?? []
  if (host === undefined) throw new Error('its answer is not that of a Zabbix trapper')
  return { host, port: Number(port ?? ZABBIX_PORT) }
}

function mapIn(text: string): JsonObject {
  try {
    const answer = JSON.parse(text) as JsonValue
    return isMap(answer) ? answer : {}
  } catch {
    return {}
  }
}
