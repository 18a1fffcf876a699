import { describe, expect, test } from 'vitest'
import type { ProgramOutput } from '../../src/sandbox/windows/program.ts'
import { windowsArguments } from '../../src/sandbox/windows/windows-arguments.ts'
import { TextShells } from '../../src/sandbox/winrm/text-shells.ts'
import type { WsmanReply } from '../../src/sandbox/winrm/wsman-reply.ts'
import { parseRequest } from '../../src/sandbox/winrm/wsman-request.ts'
import { quoteWindowsArgument } from '../../src/shell/powershell.ts'
import {
  commandMessage,
  createMessage,
  deleteMessage,
  type Message,
  receiveMessage,
  sendMessage,
} from '../../src/transports/winrm/envelope.ts'

const SENDER = { to: 'http://till:5985/wsman', session: 'A', timeoutS: 20 }
const GONE = 2150858843

/** Shells whose programs do what the test says. */
class Bench {
  readonly input: string[] = []
  output: ProgramOutput | undefined
  open = 0
  killed = 0
  readonly shells = new TextShells(
    (_line, _environment, output) => {
      this.output = output
      return {
        write: (bytes) => this.input.push(bytes.toString()),
        end: () => this.input.push('END'),
        kill: () => {
          this.killed += 1
        },
      }
    },
    { owner: 'TILL\\till', onStart: () => (this.open += 1), onEnd: () => (this.open -= 1) },
  )

  send(message: Message): Promise<WsmanReply> {
    const parsed = parseRequest(message.xml.toString())
    if (!parsed || !('request' in parsed)) throw new Error(`no request: ${JSON.stringify(parsed)}`)
    return this.shells.handle(parsed.request)
  }

  async running(): Promise<void> {
    await this.send(createMessage(SENDER, { id: 'S1', environment: {} }))
    await this.send(commandMessage(SENDER, { shell: 'S1', id: 'C1', line: 'hostname' }))
  }
}

const REF = { shell: 'S1', command: 'C1' }
const codeOf = ({ xml }: WsmanReply): number => Number(/WSManFault[^>]* Code="(\d+)"/.exec(xml)?.[1] ?? 0)
const textOf = ({ xml }: WsmanReply): string =>
  [...xml.matchAll(/Name="stdout"[^>]*>([^<]+)</g)].map(([, data = '']) => Buffer.from(data, 'base64')).join('')
const stateOf = ({ xml }: WsmanReply): string => /CommandState\/(\w+)"/.exec(xml)?.[1] ?? ''

describe('text shells', () => {
  test('have ids of the client, and do nothing twice under the same one', async () => {
    const bench = new Bench()
    await bench.running()
    expect(codeOf(await bench.send(createMessage(SENDER, { id: 's1', environment: {} })))).toBe(183)
    expect(codeOf(await bench.send(commandMessage(SENDER, { shell: 'S1', id: 'c1', line: 'x' })))).toBe(183)
    expect(bench.open).toBe(1)
    expect((await bench.send(deleteMessage(SENDER, 'S1'))).status).toBe(200)
    expect(codeOf(await bench.send(deleteMessage(SENDER, 'S1')))).toBe(GONE)
    expect([bench.open, bench.killed]).toEqual([0, 1])
  })

  test('are as many as Windows allows', async () => {
    const bench = new Bench()
    for (let n = 0; n < 30; n++) await bench.send(createMessage(SENDER, { id: `S${n}`, environment: {} }))
    expect(codeOf(await bench.send(createMessage(SENDER, { id: 'more', environment: {} })))).toBe(2150859173)
    await bench.send(deleteMessage(SENDER, 'S7'))
    expect((await bench.send(createMessage(SENDER, { id: 'more', environment: {} }))).status).toBe(200)
  })

  test('refuse variables with a percent sign, and what is unknown', async () => {
    const bench = new Bench()
    expect(codeOf(await bench.send(createMessage(SENDER, { id: 'S1', environment: { A: '50%' } })))).toBe(87)
    expect(codeOf(await bench.send(receiveMessage(SENDER, REF)))).toBe(GONE)
    await bench.running()
    expect(codeOf(await bench.send(receiveMessage(SENDER, { shell: 'S1', command: 'C2' })))).toBe(GONE)
  })

  test('give output as it comes, the same again to the same message, and the exit code once', async () => {
    const bench = new Bench()
    await bench.running()
    const asking = bench.send(receiveMessage(SENDER, REF))
    bench.output?.stdout(Buffer.from('one '))
    bench.output?.stdout(Buffer.from('two'))
    expect(textOf(await asking)).toBe('one two')
    bench.output?.stdout(Buffer.from('three'))
    const message = receiveMessage(SENDER, REF)
    const first = await bench.send(message)
    expect([textOf(first), stateOf(first)]).toEqual(['three', 'Running'])
    expect(await bench.send(message)).toBe(first)
    bench.output?.exit(0xc000013a | 0)
    const last = await bench.send(receiveMessage(SENDER, REF))
    expect([stateOf(last), last.xml.includes('<rsp:ExitCode>3221225786</rsp:ExitCode>')]).toEqual(['Done', true])
    expect(codeOf(await bench.send(receiveMessage(SENDER, REF)))).toBe(GONE)
  })

  test('fit large output into the envelopes that were asked for', async () => {
    const bench = new Bench()
    await bench.running()
    const all = Buffer.alloc(400_000, 'abcdefg')
    bench.output?.stdout(all)
    bench.output?.exit(0)
    let got = ''
    for (let state = 'Running'; state === 'Running'; ) {
      const reply = await bench.send(receiveMessage(SENDER, REF))
      expect(reply.xml.length).toBeLessThanOrEqual(153_600)
      got += textOf(reply)
      state = stateOf(reply)
    }
    expect(got === all.toString()).toBe(true)
  })

  test('say that time is over, and that a shell went away under whoever waits', async () => {
    const bench = new Bench()
    await bench.running()
    expect(codeOf(await bench.send(receiveMessage(SENDER, REF, 0.5)))).toBe(2150858793)
    const waiting = bench.send(receiveMessage(SENDER, REF))
    await bench.send(deleteMessage(SENDER, 'S1'))
    expect(codeOf(await waiting)).toBe(995)
  })

  test('take input until its end', async () => {
    const bench = new Bench()
    await bench.running()
    await bench.send(sendMessage(SENDER, REF, { data: Buffer.from('line\n'), end: false }))
    await bench.send(sendMessage(SENDER, REF, { data: Buffer.from('last\n'), end: true }))
    expect(bench.input).toEqual(['line\n', 'last\n', 'END'])
    expect(codeOf(await bench.send(sendMessage(SENDER, REF, { data: Buffer.from('x'), end: true })))).toBe(232)
  })
})

test.each(['', 'plain', 'with space', 'a"b', 'c:\\dir\\', 'end\\"', '\\\\server\\x y\\', "it's"])(
  'an argument of Windows comes back as it was quoted: %j',
  (argument) => {
    const line = ['config', argument, 'start='].map(quoteWindowsArgument).join(' ')
    expect(windowsArguments(line)).toEqual(['config', argument, 'start='])
  },
)
