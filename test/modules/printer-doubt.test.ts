import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ShellChannel } from '../../src/core/channel.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { printer } from '../../src/modules/printer/printer.ts'
import { dialHere, listening } from '../peers/dial.ts'
import { someContext } from './some-context.ts'
import { someDevice } from './some-device.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** What the step comes to with a printer that says this to what it hears. */
async function look(protocol: string, say: (heard: string, socket: Socket) => string, params: JsonObject = {}) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => socket.write(say(chunk.toString('latin1'), socket)))
  })
  servers.push(server)
  const port = await listening(server)
  const device = { ...someDevice, kind: 'receipt-printer' as const, os: { family: 'none' as const } }
  const seen = await printer.observe(someContext({} as ShellChannel, { device, dial: dialHere }), {
    protocol,
    port,
    timeout_ms: 900,
    ...params,
  })
  if (!seen.ok) throw new Error(seen.failure.message)
  return { value: seen.value.value as JsonObject, compared: seen.value.compare({ triggered: false }) }
}

const http = (status: string, body: object): string => {
  const text = JSON.stringify(body)
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

describe('A printer that answers and does not say whether it can print is not known', () => {
  it('by a code of PJL that no document names', async () => {
    const said = '@PJL INFO STATUS\r\nCODE=60001\r\nDISPLAY="?"\r\nONLINE=TRUE\r\n\f'
    const { value, compared } = await look('pjl', () => said)
    expect(value).toMatchObject({ fault: 'not-known', severity: 'unknown', can_issue: 'unknown' })
    expect(compared).toEqual({ unknown: expect.stringContaining('60001') })
  })

  it('by a Zebra of old firmware, which says nothing to ~HS without media', async () => {
    const say = (heard: string): string => (heard.includes('~HI') ? '\x02ZTC GK420d,V61.17.5Z,8,2104KB\x03' : '')
    const { value, compared } = await look('zebra', say)
    expect(value).toMatchObject({ fault: 'not-known', cause: 'other-error', can_issue: 'unknown' })
    expect(compared).toEqual({ unknown: expect.stringContaining('~HS was not answered') })
  })

  it('by a NoviAPI that gives no token', async () => {
    const say = (heard: string): string =>
      heard.startsWith('GET /api/v1/token') ? http('429 Too Many Requests', {}) : http('200 OK', {})
    const { value, compared } = await look('noviapi', say)
    expect(value).toMatchObject({ fault: 'not-known', severity: 'unknown', owner: 'till-support' })
    expect(compared).toEqual({ unknown: expect.any(String) })
  })

  it('unless receipts say that it works', async () => {
    const receipts = { class: 'ok', last_receipt_at: new Date(Date.now() - 60_000).toISOString() }
    const { value, compared } = await look('pjl', () => '@PJL INFO STATUS\r\nCODE=60001\r\nONLINE=TRUE\r\n\f', {
      receipts,
    })
    expect(value).toMatchObject({ fault: 'none', can_issue: 'yes' })
    expect(compared).toMatchObject({ changes: [] })
  })
})
