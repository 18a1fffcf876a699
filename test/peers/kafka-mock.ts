import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'vitest'
import { isThere } from './debian.ts'

const PLACE = join(import.meta.dirname, '../../.peers/compiled/node_modules/node-rdkafka')
const isHere = spawnSync('kcat', ['-V']).error === undefined && existsSync(join(PLACE, 'build'))

/** node-rdkafka, where it and kcat are there; undefined on another line of Node.js than the one it was compiled for. */
export const rdkafka: unknown = isThere({
  what: 'tests of Kafka (node-rdkafka as .ci/run compiles it)',
  debian: 'kcat librdkafka-dev',
  isHere,
})
  ? compiled()
  : undefined

function compiled(): unknown {
  try {
    return createRequire(import.meta.url)(PLACE)
  } catch (error) {
    if (!(error as Error).message.includes('NODE_MODULE_VERSION')) throw error
    console.warn(`Skipped: tests of Kafka; node-rdkafka is compiled for another Node.js than ${process.version}`)
    return undefined
  }
}

/** The mock broker of librdkafka, in a process of kcat that reads one topic. */
export class KafkaMock {
  /** What the topic had, a line a message: its key and headers. */
  readonly heard: string[] = []
  address = ''
  #process: ChildProcess | undefined

  async start(topic: string): Promise<void> {
    const mock = ['-X', 'test.mock.num.brokers=1', '-b', '127.0.0.1:1', '-C', '-t', topic, '-o', 'beginning', '-u']
    const child = spawn('stdbuf', ['-oL', 'kcat', ...mock, '-f', '%k %h\n'], { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#process = child
    let rest = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk.toString()}`.split('\n')
      rest = lines.pop() ?? ''
      this.heard.push(...lines)
    })
    await expect.poll(() => listening(child.pid), { timeout: 10_000 }).toBeGreaterThan(0)
    this.address = `127.0.0.1:${listening(child.pid)}`
  }

  /** Puts messages into a topic. */
  produce(topic: string, messages: readonly string[]): void {
    const { status, stderr } = spawnSync('kcat', ['-b', this.address, '-P', '-t', topic], {
      input: messages.map((message) => `${message}\n`).join(''),
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
  }

  kill(): void {
    this.#process?.kill('SIGKILL')
  }
}

/** The port on which a process listens; 0 while it does not. */
function listening(pid: number | undefined): number {
  const { stdout } = spawnSync('ss', ['-ltnp'], { encoding: 'utf8' })
  const line = stdout.split('\n').find((each) => each.includes(`pid=${pid},`))
  return Number(/:(\d+)\s/.exec(line ?? '')?.[1] ?? 0)
}
