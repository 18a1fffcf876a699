import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isThere } from './debian.ts'
import { freePort } from './free-port.ts'

export const hasMosquitto = isThere({
  what: 'Tests of MQTT',
  debian: 'mosquitto mosquitto-clients',
  isHere:
    spawnSync('mosquitto', ['-h']).error === undefined && spawnSync('mosquitto_sub', ['--help']).error === undefined,
})

/** A real broker on a port of its own, and somebody who listens to everything with a durable session. */
export class Mosquitto {
  readonly folder = mkdtempSync(join(tmpdir(), 'till-mosquitto-'))
  /** Topic and payload of what came, in order. */
  readonly heard: { readonly topic: string; readonly payload: string }[] = []
  port = 0
  #broker: ChildProcess | undefined
  #listener: ChildProcess | undefined
  #rest = ''

  /** `lines` are put into its configuration. */
  async start(lines: readonly string[] = []): Promise<this> {
    if (this.port === 0) this.port = await freePort()
    const file = join(this.folder, 'mosquitto.conf')
    const own = [`listener ${this.port} 127.0.0.1`, 'allow_anonymous true', 'persistence true']
    writeFileSync(file, [...own, `persistence_location ${this.folder}/`, ...lines, ''].join('\n'))
    // Root or not: it changes to a user of its own, who has to write here.
    spawnSync('chmod', ['777', this.folder])
    this.#broker = spawn('mosquitto', ['-c', file], { stdio: 'ignore' })
    await this.#answers()
    return this
  }

  async listen(filter = 'till/#'): Promise<void> {
    const args = [
      '-V',
      '5',
      '-h',
      '127.0.0.1',
      '-p',
      String(this.port),
      '-q',
      '1',
      '-i',
      'listener',
      '-c',
      '-x',
      '3600',
    ]
    // Into a pipe it says that it has subscribed only once its buffer is full.
    const words = ['-oL', 'mosquitto_sub', ...args, '-t', filter, '-F', '%t\t%p', '-d']
    const child = spawn('stdbuf', words, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#listener = child
    const isSubscribed = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const lines = `${this.#rest}${chunk.toString()}`.split('\n')
        this.#rest = lines.pop() ?? ''
        for (const line of lines) {
          if (/^Subscribed|received SUBACK/.test(line)) resolve()
          const [topic = '', payload] = line.split('\t')
          if (payload !== undefined) this.heard.push({ topic, payload })
        }
      })
    })
    await isSubscribed
  }

  /** It is there and answers nothing. */
  pause(): void {
    this.#broker?.kill('SIGSTOP')
  }

  async stopBroker(): Promise<void> {
    await ended(this.#broker)
  }

  async close(): Promise<void> {
    await ended(this.#listener)
    await ended(this.#broker)
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #answers(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const isOpen = await new Promise<boolean>((resolve) => {
        const socket = connect(this.port, '127.0.0.1', () => {
          socket.destroy()
          resolve(true)
        })
        socket.on('error', () => resolve(false))
      })
      if (isOpen) return
      await delay(50)
    }
    throw new Error('mosquitto does not answer')
  }
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const end = new Promise((resolve) => child.once('exit', resolve))
  // One that was stopped does not hear it otherwise.
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  await end
}
