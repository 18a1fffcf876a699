import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '../peers/postgres-server.ts'
import type { RunSeen, TickSeen } from './judge.ts'

const RUNS = 'tillwright_sandbox'
export const TICKS = 'ticks'
export const ALERTS = 'alerts'
/** Of these something is left to do. */
const LEFT = new Set(['deferred', 'cancelled'])

/** What the store has, read from its tables, and not by way of the code that is on trial. */
export class StateSeen {
  readonly #database: PostgresServer

  constructor(database: PostgresServer) {
    this.#database = database
  }

  async run(round: string, asked: readonly string[]): Promise<RunSeen> {
    const began = `SELECT e.run, r.finished_at IS NOT NULL FROM ${RUNS}.events e JOIN ${RUNS}.runs r ON r.run = e.run
      WHERE e.type = 'run.started' AND position('"round":"${round}"' in e.json) > 0`
    const [[run, over] = []] = await this.rows(began)
    if (run === undefined) return { round, run, isOver: false, asked, ends: [] }
    const ended = `SELECT device, coalesce(json::json->>'attempt', '1'), json::json->>'state' FROM ${RUNS}.events
      WHERE run = '${run}' AND type = 'device.finished' ORDER BY seq`
    const ends = (await this.rows(ended)).map(([device = '', attempt, state = '']) => {
      return { device, attempt: Number(attempt), state }
    })
    return { round, run, isOver: over === 't', asked, ends }
  }

  /** How many times a device has come to its end in a run. */
  async endedDevices(): Promise<number> {
    const [[there] = []] = await this.rows(`SELECT to_regclass('${RUNS}.events') IS NOT NULL`)
    if (there !== 't') return 0
    const [[count] = []] = await this.rows(`SELECT count(*) FROM ${RUNS}.events WHERE type = 'device.finished'`)
    return Number(count)
  }

  async ticks(): Promise<readonly TickSeen[]> {
    const rows = await this.rows(`SELECT run, started_at, coalesce(finished_at, '') FROM ${TICKS}.runs`)
    return rows.map(([run = '', began = '', ended = '']) => {
      return { run, beganMs: Date.parse(began), endedMs: ended === '' ? undefined : Date.parse(ended) }
    })
  }

  /** Whether the workers that are named are there. */
  async workers(): Promise<number> {
    const [[there] = []] = await this.rows(`SELECT to_regclass('${RUNS}.workers') IS NOT NULL`)
    if (there !== 't') return 0
    const [[count] = []] = await this.rows(`SELECT count(*) FROM ${RUNS}.workers`)
    return Number(count)
  }

  async rows(text: string): Promise<readonly (readonly string[])[]> {
    for (;;) {
      try {
        const answer = this.#database.sql(text)
        return answer === '' ? [] : answer.split('\n').map((line) => line.split('|'))
      } catch {
        // It is one of those that are hit.
        await delay(500)
      }
    }
  }
}

/** Whether a run goes on by itself no further, and its devices are as they will stay. */
export function isSettled({ isOver, asked, ends }: RunSeen): boolean {
  const last = new Map(ends.map(({ device, state }) => [device, state]))
  return isOver && asked.every((device) => last.has(device) && !LEFT.has(last.get(device) ?? ''))
}
