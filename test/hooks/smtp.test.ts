import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { smtpSender } from '../../src/hooks/channels/smtp.ts'

/** How a mail server ends a conversation: at which word of the client, and how. */
const ENDS: readonly (readonly [string, (word: string, socket: Socket) => boolean, boolean])[] = [
  ['hangs up at the hello', (word, socket) => word === 'EHLO' && !socket.destroy().writable, true],
  ['breaks off after the message', (word, socket) => word === '.' && !socket.resetAndDestroy().writable, true],
]

const mail = { message: 'm1', incidents: [], to: 'ops@shop.example', subject: 'Till', text: 'It stands.' } as never

async function sentTo(port: number): Promise<unknown> {
  const sender = smtpSender(
    { name: 'mail', kind: 'smtp', host: '127.0.0.1', port, security: 'none', from: 'till@shop.example' } as never,
    undefined,
  )
  return sender.send(mail)
}

test('a mail server that is away has taken nothing', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  expect(await sentTo(port)).toMatchObject({ ok: false, isFinal: false, inDoubt: false })
})

test.each(ENDS)('one that %s may have taken it', async (_how, ends, inDoubt) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 till\r\n')
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) {
        const word = line.split(/[ :]/)[0] ?? ''
        if (ends(word, socket)) return
        if (word === 'DATA') socket.write('354 go on\r\n')
        else if (/^(EHLO|MAIL|RCPT)$/.test(word)) socket.write('250 ok\r\n')
      }
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  expect(await sentTo((server.address() as AddressInfo).port)).toMatchObject({ ok: false, inDoubt })
})
