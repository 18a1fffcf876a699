import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { RULES, SENDERS, ServedProject } from './served-project.ts'
import { storm } from './storm.ts'

interface Listed {
  readonly state: string
  readonly device: string
  readonly occurrences: number
  readonly attempts: readonly { readonly result: string }[]
}

const seed = Number(process.env['TILL_TEST_SEED'] ?? Date.now() % 1_000_000)
/** A server that is killed every other second comes up each time. */
const LONGEST_MS = 240_000
let project: ServedProject | undefined

afterEach(() => {
  project?.remove()
  project = undefined
})

async function episodesOf(till: ServedProject): Promise<readonly Listed[]> {
  return JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes
}

/** Waits until nothing is to be done any more. */
async function settled(till: ServedProject): Promise<readonly Listed[]> {
  for (;;) {
    const episodes = await episodesOf(till)
    if (episodes.every(({ state }) => state !== 'waiting' && state !== 'repairing')) return episodes
    await delay(1_000)
  }
}

test(
  `below the breaker each fault is repaired once, whatever becomes of the server (seed ${seed})`,
  async () => {
    const till = new ServedProject(SENDERS + RULES, 12)
    project = till
    await till.serve()
    const end = await storm(till, { seed, devices: 12, alerts: 48, mostCopies: 12, killWithinMs: 2_500, senders: 8 })
    const episodes = await settled(till)
    expect(episodes.length).toBe(12)
    expect(episodes.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(48)
    for (const { attempts, device } of episodes) {
      expect(attempts.length).toBe(1)
      const lines = till.log().filter((line) => line === `${device.split('/')[1]} made`).length
      if (attempts[0]?.result === 'helped') expect(lines).toBe(1)
      else expect([attempts[0]?.result, lines <= 1]).toEqual(['doubtful', true])
    }
    expect(end.kills).toBeGreaterThan(0)
    expect(end.mostMemory).toBeLessThan(512)
  },
  LONGEST_MS,
)

test(
  `above the breaker nothing is repaired, and nothing is lost (seed ${seed})`,
  async () => {
    const settings = RULES.replaceAll('settle: 0s', 'settle: 4s').replace('episodes: 100000', 'episodes: 5')
    const till = new ServedProject(SENDERS + settings, 20)
    project = till
    await till.serve()
    await storm(till, { seed, devices: 20, alerts: 40, mostCopies: 6, killWithinMs: 0, senders: 16 })
    for (let held = 0; held < 20; held = (await episodesOf(till)).filter(({ state }) => state === 'held').length)
      await delay(1_000)
    const episodes = await episodesOf(till)
    expect(episodes.every(({ attempts }) => attempts.length === 0)).toBe(true)
    expect(episodes.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(40)
    expect(till.log()).toEqual([])
  },
  LONGEST_MS,
)
