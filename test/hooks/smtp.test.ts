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

async function sentTo(port: number, security = 'none'): Promise<unknown> {
  const sender = smtpSender(
    { name: 'mail', kind: 'smtp', host: '127.0.0.1', port, security, from: 'till@shop.example' } as never,
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

/** A server that answers one word of the client in its own way, and is content with all others. */
async function answering(word: string, answer: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('220 till\r\n')
    socket.on('data', (chunk) => {
      const asked = chunk.toString().split(/[ :\r]/)[0]
      socket.write(asked === word ? `${answer}\r\n` : asked === 'DATA' ? '354 go on\r\n' : '250 ok\r\n')
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

// As aiosmtpd 1.4.3 and Postfix say these things.
test.each([
  [
    'RCPT',
    '550 5.1.1 <ops@shop.example>: User unknown',
    true,
    'it answers 550 to RCPT TO: 5.1.1 <ops@shop.example>: User unknown.',
  ],
  [
    'RCPT',
    '451 4.7.1 Greylisted, come back in 300 seconds',
    false,
    'it answers 451 to RCPT TO: 4.7.1 Greylisted, come back in 300 seconds.',
  ],
  ['MAIL', '530 5.7.0 Authentication required', false, 'it answers 530 to MAIL FROM: 5.7.0 Authentication required.'],
  [
    'MAIL',
    '530 Must issue a STARTTLS command first',
    false,
    'it answers 530 to MAIL FROM: Must issue a STARTTLS command first.',
  ],
])('what a mail server answers to %s is told: %s', async (word, answer, isFinal, why) => {
  expect(await sentTo(await answering(word, answer))).toEqual({
    ok: false,
    inDoubt: false,
    isFinal,
    why: `127.0.0.1: ${why}`,
  })
})

test('TLS that does not come about is told as that, and nothing was taken', async () => {
  const said = await sentTo(await answering('', ''), 'tls')
  expect(said).toMatchObject({
    ok: false,
    inDoubt: false,
    isFinal: false,
    why: expect.stringMatching(/wrong version number/),
  })
})
