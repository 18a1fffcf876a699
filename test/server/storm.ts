import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Random, randomOf } from '../engine/admission/model/random.ts'
import { type Answer, bearer, NORTH, type ServedProject, zabbix } from './served-project.ts'

export interface Storm {
  readonly seed: number
  readonly devices: number
  /** Different alerts, over all devices. */
  readonly alerts: number
  /** Each is delivered so often at most, and 3 times at least. */
  readonly mostCopies: number
  /** The server is killed after a random time up to this; 0: never. */
  readonly killWithinMs: number
  readonly senders: number
}

export interface StormEnd {
  readonly delivered: number
  readonly kills: number
  readonly seconds: number
  /** MiB. */
  readonly mostMemory: number
  /** Milliseconds until an answer, without those of a server that was killed: median, 99th percentile. */
  readonly answers: readonly [number, number]
}

const FIRST_KILL_MS = 300

/** Sends alerts in any order and several times each, again where no answer came, as monitoring does, while the server is killed. */
export async function storm(till: ServedProject, of: Storm): Promise<StormEnd> {
  const random = randomOf(of.seed)
  const deliveries = deliveriesOf(of, random)
  const begun = performance.now()
  const times: number[] = []
  let [mostMemory, kills, isOver] = [0, 0, false]
  const killing = (async () => {
    while (of.killWithinMs > 0 && !isOver) {
      // However short the storm is, it is killed once.
      await delay(random.whole(kills === 0 ? FIRST_KILL_MS : of.killWithinMs))
      if (isOver) return
      await till.end('SIGKILL')
      kills += 1
      await till.serve()
    }
  })()
  const watching = (async () => {
    while (!isOver) {
      mostMemory = Math.max(mostMemory, memoryOf(till.server?.pid))
      await delay(100)
    }
  })()
  const send = async (): Promise<void> => {
    for (let next = deliveries.pop(); next !== undefined; next = deliveries.pop())
      times.push(await delivered(till, next))
  }
  await Promise.all(Array.from({ length: of.senders }, send))
  isOver = true
  await Promise.all([killing, watching])
  times.sort((a, b) => a - b)
  const seconds = (performance.now() - begun) / 1000
  const at = (share: number): number => Math.round(times[Math.floor(times.length * share)] ?? 0)
  return { delivered: times.length, kills, seconds, mostMemory, answers: [at(0.5), at(0.99)] }
}

function deliveriesOf({ devices, alerts, mostCopies }: Storm, random: Random): object[] {
  const all: object[] = []
  for (let alert = 1; alert <= alerts; alert++) {
    const body = zabbix(alert, 'MarkerGone', `${NORTH}/pos${(alert % devices) + 1}`)
    const copies = 3 + random.whole(mostCopies - 2)
    for (let copy = 0; copy < copies; copy++) all.push(body)
  }
  return shuffled(all, random)
}

/** Milliseconds of the try that was answered. */
async function delivered(till: ServedProject, body: object): Promise<number> {
  for (;;) {
    const begun = performance.now()
    const answer = await till.send('zabbix', body, bearer('T_ALL')).catch((): Answer => ({ status: 0 }))
    if (answer.status === 202) return performance.now() - begun
    await delay(20)
  }
}

function shuffled<T>(all: T[], random: Random): T[] {
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.whole(at + 1)
    ;[all[at], all[other]] = [all[other] as T, all[at] as T]
  }
  return all
}

function memoryOf(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
