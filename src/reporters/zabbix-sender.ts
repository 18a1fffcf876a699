import { connect } from 'node:net'
import { batches } from '../core/batches.ts'

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

/** Sends values to the trapper of a Zabbix server or proxy. Rejects with an Error where it cannot be reached or does not answer. */
export async function sendToZabbix(
  at: { readonly host: string; readonly port: number },
  values: readonly ZabbixValue[],
): Promise<ZabbixAnswer> {
  let [processed, failed] = [0, 0]
  for (const data of batches(values, AT_ONCE)) {
    const answer = readAnswer(await exchange(at, frame(JSON.stringify({ request: 'sender data', data }))))
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

function exchange({ host, port }: { readonly host: string; readonly port: number }, sent: Buffer): Promise<Buffer> {
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
function readAnswer(bytes: Buffer): ZabbixAnswer {
  const text = bytes.toString('latin1', 0, 5) === 'ZBXD\x01' ? bytes.toString('utf8', 13) : ''
  const [, processed, failed] = /processed: (\d+); failed: (\d+);/.exec(infoOf(text)) ?? []
  if (processed === undefined || failed === undefined) throw new Error('its answer is not that of a Zabbix trapper')
  return { processed: Number(processed), failed: Number(failed) }
}

function infoOf(text: string): string {
  try {
    const { response, info } = JSON.parse(text) as { response?: unknown; info?: unknown }
    return response === 'success' && typeof info === 'string' ? info : ''
  } catch {
    return ''
  }
}
