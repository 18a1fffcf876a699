import { ok as assert, equal } from 'node:assert/strict'
import type { ProcessStream } from '../core/channel.ts'
import type { Result } from '../core/failure.ts'
import type { Connection, Target, Transport } from '../core/transport.ts'

/** A test runner, as far as the contract needs one: that of vitest, jest or node:test fits. */
export interface TestRunner {
  test(name: string, run: () => Promise<void>): unknown
  before(run: () => Promise<void>): unknown
  after(run: () => Promise<void>): unknown
}

/** What every transport promises to those who use it, to be run against a real device with a POSIX shell. */
export function testTransport(
  runner: TestRunner,
  subject: {
    readonly transport: () => Transport
    readonly target: () => Target
    /** A port of the device on which something sends back what it is sent; forwarding is tested when given. */
    readonly echoPort?: () => number
    /** A port of the device on which something says `bye` and hangs up; tested when given. */
    readonly hangUpPort?: () => number
  },
): void {
  let connection: Connection
  const never = new AbortController().signal
  runner.before(async () => {
    connection = value(await subject.transport().connect(subject.target(), never))
  })
  runner.after(() => connection.close())

  runner.test('gives back both streams and the exit code, apart', async () => {
    const end = await collect(value(await connection.exec('echo out; echo err >&2; exit 3')))
    equal(end.stdout.toString(), 'out\n')
    equal(end.stderr.toString(), 'err\n')
    equal(end.code, 3)
  })

  runner.test('carries bytes to stdin and back unharmed, many of them', async () => {
    const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 255))
    const stream = value(await connection.exec('cat'))
    const done = collect(stream)
    for (let at = 0; at < sent.length; at += 100_000) {
      stream.write(sent.subarray(at, at + 100_000))
      await stream.drain()
    }
    stream.end()
    const end = await done
    assert(end.stdout.equals(sent))
    equal(end.code, 0)
  })

  runner.test('runs programs one after the other, as many as are asked for', async () => {
    for (let n = 0; n < 3; n += 1) {
      equal((await collect(value(await connection.exec(`echo ${n}`)))).stdout.toString(), `${n}\n`)
    }
  })

  runner.test('says that a program ended although something holds its output', async () => {
    const end = await collect(value(await connection.exec('sleep 3 & sleep 0.3; exit 4')))
    equal(end.code, 4)
  })

  runner.test('lets go of a program that is destroyed', async () => {
    const stream = value(await connection.exec('sleep 30'))
    const exit = collect(stream)
    stream.destroy()
    equal((await exit).code, undefined)
  })

  testEarlyInput(runner, () => subject.transport().connect(subject.target(), never))
  testForwarding(runner, () => connection, subject)

  runner.test('does not connect for a run that was stopped', async () => {
    const stopped = await subject.transport().connect(subject.target(), AbortSignal.abort())
    equal(stopped.ok ? 'connected' : stopped.failure.code, 'RUN_CANCELLED')
  })

  runner.test('closes within a second, with nothing left to wait for, and refuses what comes after', async () => {
    const other = value(await subject.transport().connect(subject.target(), never))
    const running = collect(value(await other.exec('sleep 30')))
    const began = performance.now()
    await other.close()
    assert(performance.now() - began < 1_000)
    equal(await other.closed, undefined)
    equal((await running).code, undefined)
    const late = await other.exec('true')
    equal(late.ok ? 'started' : late.failure.code, 'SESSION_LOST')
    await other.close()
  })
}

function testForwarding(
  runner: TestRunner,
  connection: () => Connection,
  ports: { readonly echoPort?: () => number; readonly hangUpPort?: () => number },
): void {
  const { echoPort, hangUpPort } = ports
  if (echoPort) {
    runner.test('forwards to a port as the device sees it', async () => {
      const stream = value(await connection().forward('127.0.0.1', echoPort()))
      const heard = new Promise<string>((resolve) => stream.onData((chunk) => resolve(Buffer.from(chunk).toString())))
      stream.write(Buffer.from('hello'))
      equal(await heard, 'hello')
      const closed = new Promise<void>((resolve) => stream.onClose(resolve))
      stream.destroy()
      await closed
    })

    runner.test('fails with a value when nothing listens there', async () => {
      const refused = await connection().forward('127.0.0.1', 1)
      assert(!refused.ok)
    })
  }

  if (hangUpPort) {
    runner.test('tells the end of a forwarded stream when the other side hangs up', async () => {
      const stream = value(await connection().forward('127.0.0.1', hangUpPort()))
      const heard: Uint8Array[] = []
      stream.onData((chunk) => heard.push(chunk))
      const late = new Promise<string>((resolve) => setTimeout(resolve, 10_000, 'still open').unref())
      equal(await Promise.race([new Promise((resolve) => stream.onClose(() => resolve('closed'))), late]), 'closed')
      equal(Buffer.concat(heard).toString(), 'bye')
    })
  }
}

function testEarlyInput(runner: TestRunner, connect: () => Promise<Result<Connection>>): void {
  runner.test('gives a program the input that it is started with before anything else', async () => {
    for (const bytes of [5, 20_000, 3_000_000]) {
      const early = 'e'.repeat(bytes)
      const own = value(await connect())
      const stream = value(await own.exec('cat', early))
      const done = collect(stream)
      stream.write('late')
      await stream.drain()
      stream.end()
      assert((await done).stdout.equals(Buffer.from(`${early}late`)))
      await own.close()
    }
  })
}

function value<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`${result.failure.code}: ${result.failure.message}`)
}

/** Everything that a program says until it ends. */
function collect(stream: ProcessStream): Promise<{ stdout: Buffer; stderr: Buffer; code: number | undefined }> {
  const stdout: Uint8Array[] = []
  const stderr: Uint8Array[] = []
  stream.onStdout((chunk) => stdout.push(chunk))
  stream.onStderr((chunk) => stderr.push(chunk))
  return new Promise((resolve) => {
    stream.onExit(({ code }) => resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), code }))
  })
}
