import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import type { DeviceAnswer, ExchangeAsk } from '../../../src/shell/powershell-device.ts'
import { DEADLINES } from '../../peers/targets.ts'
import { WindowsDevice } from '../../shell/powershell/windows-device.ts'

/** Codes of Windows sockets for those of this system. */
const CODES: Readonly<Record<string, number>> = {
  ECONNREFUSED: 10_061,
  ECONNRESET: 10_054,
  EPIPE: 10_054,
  ENOTFOUND: 11_001,
  ETIMEDOUT: 10_060,
}

/** A Windows till whose fragment `http.ask` is carried out here, over real sockets and as it is written. */
export function openWindowsSockets(): ReturnType<typeof openPowerShell> {
  const answer = (ask: ExchangeAsk): Promise<DeviceAnswer> => carryOut(ask.values)
  return openPowerShell({ connection: new WindowsDevice({ answer }).connection, deadlines: DEADLINES })
}

async function carryOut(v: ExchangeAsk['values']): Promise<DeviceAnswer> {
  const began = performance.now()
  const times: Record<string, number> = {}
  const seen = { stage: 'name', code: 0, detail: '', tls: '', times, cut: false, ended: false, raw: '', ms: 0 }
  const kept: Buffer[] = []
  const passed = (stage: string, next: string): void => {
    times[stage] = performance.now() - began
    seen.stage = next
  }
  const left = (): number => Math.max(1, Number(v['limit']) - (performance.now() - began))
  const host = String(v['host'])
  let socket: Socket | undefined
  try {
    const address = isIP(host) ? host : (await within(left(), lookup(host))).address
    if (!isIP(host)) passed('name', 'connect')
    seen.stage = 'connect'
    socket = connect(Number(v['port']), address)
    await within(left(), event(socket, 'connect'))
    passed('connect', 'request')
    if (v['secure']) {
      seen.stage = 'tls'
      const ca = v['ca'] === '' ? {} : { ca: readFileSync(String(v['ca'])) }
      const secure = connectTls({ socket, host, rejectUnauthorized: !v['insecure'], maxVersion: 'TLSv1.2', ...ca })
      socket = secure
      await within(left(), event(secure, 'secureConnect'))
      seen.tls = 'None'
      passed('tls', 'request')
    }
    socket.write(Buffer.from(String(v['request']), 'latin1'))
    seen.stage = 'answer'
    await within(left(), readAll(socket, { kept, v, began: () => passed('answer', 'body'), seen }))
    times['body'] = performance.now() - began
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    Object.assign(seen, { code: CODES[code] ?? -1, detail: message })
  }
  socket?.destroy()
  seen.raw = Buffer.concat(kept).toString('base64')
  seen.ms = Math.round(performance.now() - began)
  return { stdout: `${JSON.stringify(seen)}\n` }
}

async function readAll(
  socket: Socket,
  to: {
    readonly kept: Buffer[]
    readonly v: ExchangeAsk['values']
    readonly began: () => void
    readonly seen: { cut: boolean; ended: boolean }
  },
): Promise<void> {
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    if (to.kept.length === 0) to.began()
    to.kept.push(chunk)
    const all = Buffer.concat(to.kept)
    to.seen.cut = all.length > Number(to.v['bytes'])
    if (to.seen.cut || isWhole(all.toString('latin1'), to.v['method'])) return
  }
  to.seen.ended = true
}

function isWhole(text: string, method: unknown): boolean {
  const begun = /^(?:HTTP\/1\.1 1\d\d[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)*(HTTP\/[^\r\n]*\r\n(?:[^\r\n]+\r\n)*)\r\n/.exec(
    text,
  )
  const [head, lines = ''] = begun ?? []
  if (head === undefined) return false
  if (method === 'HEAD' || /^HTTP\/1\.[01] (204|304)/.test(lines)) return true
  if (/^transfer-encoding:.*chunked/im.test(lines)) return text.length >= head.length + 5 && text.endsWith('0\r\n\r\n')
  const length = /^content-length: *([0-9]{1,15})/im.exec(lines)?.[1]
  return length !== undefined && text.length >= head.length + Number(length)
}

function event(socket: Socket, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(name, () => resolve())
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('the handshake was broken off')))
  })
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
