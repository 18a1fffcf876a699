import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { NORTH, RULES, SENDERS, ServedProject, SOUTH, zabbix } from './served-project.ts'
import { storm } from './storm.ts'

interface Listed {
  readonly state: string
  readonly device: string
  readonly opened_at: string
  readonly occurrences: number
  readonly attempts: readonly { readonly result: string }[]
}

const seed = Number(process.env['TILL_TEST_SEED'] ?? Date.now() % 1_000_000)
/** A server that is killed every other second comes up each time. */
const LONGEST_MS = 240_000
let project: ServedProject | undefined

afterEach(async () => {
  await project?.remove()
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
  `above the breaker nothing is repaired until somebody says that it is over, and nothing is lost (seed ${seed})`,
  async () => {
    const settings = RULES.replaceAll('settle: 0s', 'settle: 4s')
      .replace('episodes: 100000, within: 1m', 'episodes: 5, within: 20s')
      .replace('rules:\n', 'rules:\n    - {name: people, match: "alert.name == \'People\'", settle: 4s}\n')
    const till = new ServedProject(SENDERS + settings, 20)
    project = till
    await till.serve()
    await storm(till, { seed, devices: 20, alerts: 40, mostCopies: 6, killWithinMs: 0, senders: 16 })
    await till.send('zabbix', zabbix(900, 'People', `${NORTH}/pos1`))
    for (let held = 0; held < 21; held = (await episodesOf(till)).filter(({ state }) => state === 'held').length)
      await delay(1_000)
    const episodes = await episodesOf(till)
    expect(episodes.every(({ attempts }) => attempts.length === 0)).toBe(true)
    expect(episodes.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(41)
    expect(till.log()).toEqual([])

    // Its time is over and all of it still fires: what begins now is repaired, and nothing of the storm is.
    const incidents = async () => JSON.parse((await till.till('incidents', 'list', '--json')).stdout).incidents
    const [{ incident }, ...others] = await incidents()
    expect(others).toEqual([])
    const last = Math.max(...episodes.map(({ opened_at }) => Date.parse(opened_at)))
    while (Date.now() < last + 21_000) await delay(100)
    await till.send('zabbix', zabbix(901, 'MarkerGone', `${SOUTH}/pos1`))
    await till.has(() => till.log().length > 0)
    const held = (await episodesOf(till)).filter(({ device }) => device.startsWith(NORTH))
    expect(held.map(({ state, attempts }) => [state, attempts.length])).toEqual(Array(21).fill(['held', 0]))
    expect(till.log()).toHaveLength(1)
    const why = ['--cause', 'the provider', '--despite', 'the line is back']
    expect((await till.till('incidents', 'close', incident, ...why)).code).toBe(0)
    await till.has(() => till.log().length === 21)
    // What needs people is an incident of its own then.
    let [left] = await incidents()
    for (; left === undefined; [left] = await incidents()) await delay(100)
    expect(left).toMatchObject({ fault: 'people', device: `${NORTH}/pos1` })
  },
  LONGEST_MS,
)

test(
  'a payload of a chain whose line has broken is one storm, and one all-clear ends it',
  async () => {
    const till = new ServedProject(SENDERS + RULES.replace('episodes: 100000', 'episodes: 100'), 200)
    project = till
    await till.serve()
    const group = (status: string) => ({
      version: '4',
      truncatedAlerts: 0,
      alerts: Array.from({ length: 12_000 }, (_, n) => ({
        status,
        labels: {
          alertname: 'MarkerGone',
          severity: 'critical',
          job: 'node',
          device: `${NORTH}/pos${(n % 200) + 1}`,
          check: `c${n}`,
        },
        annotations: { summary: `Check ${n} of a till does not answer`, description: 'd'.repeat(300) },
        startsAt: '2026-11-22T01:40:33Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: `http://prometheus.hq.example:9090/graph?g0.expr=${'e'.repeat(150)}&g0.tab=1`,
        fingerprint: n.toString(16).padStart(16, '0'),
      })),
    })
    expect((await till.send('alertmanager', group('firing'))).status).toBe(202)
    await expect.poll(async () => (await episodesOf(till)).length, { timeout: 100_000, interval: 1_000 }).toBe(200)
    const incidents = async () =>
      JSON.parse((await till.till('incidents', 'list', '--all', '--json')).stdout).incidents as { kind?: string }[]
    await expect.poll(async () => (await incidents()).length, { timeout: 100_000, interval: 1_000 }).toBe(1)
    expect((await till.send('alertmanager', group('resolved'))).status).toBe(202)
    const firing = async () =>
      (await episodesOf(till)).filter(({ state }) => state === 'waiting' || state === 'repairing')
    await expect.poll(async () => (await firing()).length, { timeout: 100_000, interval: 1_000 }).toBe(0)
    expect(till.log().filter((line) => line.endsWith('made'))).toEqual([])
  },
  LONGEST_MS,
)
