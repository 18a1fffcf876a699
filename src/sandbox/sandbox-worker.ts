import type { ChildProcess } from 'node:child_process'
import type { DeviceFault } from './fault.ts'
import { startWorker } from './sandbox-process.ts'
import type { FromWorker, ToWorker, WorkerCounts, WorkerStart } from './worker-messages.ts'

const STOP_MS = 3_000

/** One process that serves devices, seen from the sandbox that started it. */
export class SandboxWorker {
  readonly #child: ChildProcess
  #answers: ((message: FromWorker) => void)[] = []
  #stopping = false
  /** Resolves when it ended although nobody told it to. */
  readonly lost: Promise<void>

  constructor() {
    this.#child = startWorker()
    this.#child.on('message', (message: FromWorker) => this.#answers.shift()?.(message))
    this.#child.on('error', () => undefined)
    this.lost = new Promise((resolve) => {
      this.#child.once('exit', () => {
        for (const answer of this.#answers) answer({ type: 'failed', problem: 'A process of the sandbox ended.' })
        this.#answers = []
        if (!this.#stopping) resolve()
      })
    })
  }

  /** Rejects with a sentence for people. */
  async start(message: Omit<WorkerStart, 'type'>): Promise<void> {
    await this.#ask({ type: 'start', ...message })
  }

  async setFaults(faults: readonly (readonly [string, DeviceFault])[]): Promise<void> {
    await this.#ask({ type: 'faults', faults })
  }

  async counts(): Promise<WorkerCounts> {
    const answer = await this.#ask({ type: 'count' })
    return answer.type === 'counts' ? answer : { connections: 0, sessions: 0, served: 0 }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    if (this.#child.connected) this.#child.send({ type: 'stop' } satisfies ToWorker)
    await gone
    clearTimeout(timer)
  }

  /** Answers come in the order of the questions. */
  async #ask(message: ToWorker): Promise<FromWorker> {
    if (!this.#child.connected) throw new Error('A process of the sandbox ended.')
    const answer = await new Promise<FromWorker>((resolve) => {
      this.#answers.push(resolve)
      this.#child.send(message)
    })
    if (answer.type === 'failed') throw new Error(answer.problem)
    return answer
  }
}
