import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { bearer, NORTH, ServedProject, signed } from '../server/served-project.ts'

const PUSHED = `sources:
  pushed:
    push: true
    device: event.till
    at: event.time
    kind: event.type
    id: event.id
    silence: {after: 2s, expect: "device.id == 'office'"}
    rules:
      - {kinds: [CLOSED], count: [receipts]}
      - {kinds: [NO_LICENCE], facts: {licence: false}}
`
const SETTINGS = `inventory: inventory
runbooks: runbooks
server:
  senders:
    all: {token: "env:T_ALL"}
    north: {token: "env:T_NORTH", sources: [pushed], devices: "device.id == 'pos1'"}
    slow: {token: "env:T_SLOW", sources: [zabbix]}
    desk: {hmac: {secret: "env:T_HMAC", header: X-Sign, time_header: X-Time, within: 10m}}
hooks: {rules: [{name: quiet, match: "alert.source == 'streams'", settle: 0s}]}
${PUSHED}`

let project: ServedProject
beforeAll(async () => {
  project = new ServedProject(SETTINGS, 2)
  // Who is silent is asked while stores trade.
  const fleet = 'inventory/fleet.yaml'
  project.write(fleet, project.read(fleet).replaceAll('mon-sun: closed', 'mon-sun: 00:00-24:00'))
  await project.serve()
})
afterAll(() => project.remove())

const event = (id: number, type = 'CLOSED', device = 'pos1') =>
  JSON.stringify({ id, type, till: `${NORTH}/${device}`, time: new Date().toISOString() })

async function push(body: string, who: Parameters<typeof bearer>[0] | null = 'T_ALL', source = 'pushed') {
  const headers = who === null ? {} : bearer(who)
  const answer = await fetch(`${project.url}/sources/${source}`, { method: 'POST', headers, body })
  const json = (await answer.json()) as { taken?: number; repeated?: number }
  expect(errorsOf(answer.status === 200 ? 'events-taken' : 'hook-refused', json)).toEqual([])
  return { status: answer.status, ...json }
}

interface Sources {
  readonly sources: readonly {
    readonly events: Readonly<Record<string, number>>
    readonly silent: readonly { readonly device: string; readonly kind: string }[]
    readonly unknown: readonly { readonly name: string }[]
  }[]
}

async function status(): Promise<Sources['sources'][number] | undefined> {
  const { stdout } = await project.till('sources', 'status', '--json')
  const document = JSON.parse(stdout) as Sources
  expect(errorsOf('sources', document)).toEqual([])
  return document.sources[0]
}

describe('Events that are pushed', () => {
  it('are taken from those who may bring them, once, and of devices within their reach', async () => {
    await expect.poll(async () => (await push('')).status, { timeout: 20_000 }).toBe(200)
    expect(await push(`${event(1)}\n${event(2)}\n`)).toMatchObject({ status: 200, taken: 2, repeated: 0 })
    expect(await push(`[${event(2)},${event(3)}]`)).toMatchObject({ status: 200, taken: 1, repeated: 1 })
    expect(await push(event(4, 'CLOSED', 'pos2'), 'T_NORTH')).toMatchObject({ status: 200, taken: 0 })
    expect((await push(event(5), null)).status).toBe(401)
    expect((await push(event(5), 'T_SLOW')).status).toBe(404)
    expect((await push(event(5), 'T_ALL', 'other')).status).toBe(404)
    expect((await push('x\n'.repeat(10_001))).status).toBe(413)
    const now = await status()
    expect(now?.events).toMatchObject({ taken: 3, repeated: 1, unknown_device: 1 })
    expect(now?.unknown).toEqual([{ what: 'device', name: `${NORTH}/pos2`, count: 1 }])
    const metrics = await (await fetch(`${project.url}/metrics`)).text()
    expect(metrics).toContain('till_source_events{source="pushed",what="taken"} 3')
  })

  it('of a source that is new are put off, and not refused for good, until it is taken in', {
    timeout: 120_000,
  }, async () => {
    const later = PUSHED.replace('sources:\n  pushed:', '  later:')
    project.write('tillwright.yaml', SETTINGS + later)
    if (!project.server) throw new Error('there is no server')
    await until(project.server, () => project.told.includes('A new revision of the repository is in force'))
    const statuses: number[] = []
    const next = async () => {
      const { status: told } = await push('', 'T_ALL', 'later')
      if (told !== statuses.at(-1)) statuses.push(told)
      return told
    }
    await expect.poll(next, { timeout: 20_000 }).toBe(200)
    // Who sends them never sends again what it is told 404 of.
    expect([[200], [503, 200]]).toContainEqual(statuses)
    // What was told of a device that it never heard of ends with it, too.
    const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
    const row = database.prepare("SELECT told FROM source_devices WHERE source = 'later' AND device = ?")
    const isTold = () => ((row.get(`${NORTH}/office`) as { told?: string } | undefined)?.told ?? '').includes('never')
    await expect.poll(isTold, { timeout: 90_000 }).toBe(true)
    database.close()
    project.write('tillwright.yaml', SETTINGS)
    await expect.poll(next, { timeout: 20_000 }).toBe(404)
  })

  it('that stop coming make an episode, and end it; no licence is not silence', { timeout: 300_000 }, async () => {
    await push(`${event(11)}\n${event(12, 'NO_LICENCE', 'pos2')}\n`)
    const kinds = async () =>
      (await status())?.silent.map(({ device, kind }) => `${device.split('/')[1]} ${kind}`).sort()
    await expect
      .poll(kinds, { timeout: 90_000, interval: 3_000 })
      .toEqual(['office never', 'pos1 silent', 'pos2 licence'])
    const episodes = async (...args: string[]) => {
      const { stdout } = await project.till('episodes', 'list', '--json', ...args)
      const { episodes: all } = JSON.parse(stdout) as { episodes: { device: string; alert: { name: string } }[] }
      return all.map(({ device, alert }) => `${device.split('/')[1]} ${alert.name}`).sort()
    }
    const all = ['office till-never-heard', 'pos1 till-silent', 'pos2 events-licence-missing']
    await expect.poll(() => episodes(), { timeout: 90_000, interval: 3_000 }).toEqual(all)
    // Whoever is killed before it can note that it has told of it tells of it again, as the same, even if it spoke meanwhile.
    const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
    const pos1 = `${NORTH}/pos1`
    const row = database.prepare('SELECT told FROM source_devices WHERE device = ?')
    const told = () => JSON.parse((row.get(pos1) as { told: string | null }).told ?? '{}') as object
    const isTold = { id: expect.stringContaining(`pushed/${pos1}/silent/`), kind: 'silent' }
    await expect.poll(told, { timeout: 90_000 }).toEqual(isTold)
    const before = told()
    await push(event(13))
    const pending = database.prepare('UPDATE source_devices SET told = ? WHERE device = ?')
    pending.run(JSON.stringify({ ...before, pending: true }), pos1)
    await expect.poll(told, { timeout: 90_000 }).toEqual(isTold)
    database.close()
    // A device that speaks all the time is silent no longer.
    const talk = setInterval(
      () => void push(event(Math.trunc(performance.now() * 1000), 'CLOSED')).catch(() => undefined),
      500,
    )
    const states = async () => {
      const { stdout } = await project.till('episodes', 'list', '--all', '--json')
      const { episodes: every } = JSON.parse(stdout) as { episodes: { device: string; state: string }[] }
      return Object.fromEntries(every.map(({ device, state }) => [device.split('/')[1], state]))
    }
    await expect
      .poll(async () => (await states())['pos1'], { timeout: 90_000, interval: 3_000 })
      .toMatch(/clear|closed|quiet/)
    clearInterval(talk)
    const missing = async () =>
      (await (await fetch(`${project.url}/metrics`)).text())
        .match(/till_source_silent\{source="pushed",kind="never"\} \d+/)?.[0]
        .at(-1)
    await expect.poll(missing, { timeout: 90_000 }).toBe('1')
    // Nobody asks any more, and of one device nobody knows any more either.
    const fleet = 'inventory/fleet.yaml'
    project.write(fleet, project.read(fleet).replaceAll(/^ +pos2: .*\n/gm, ''))
    const north = /^ {4}north: .*\n/m
    project.write('tillwright.yaml', SETTINGS.replace(PUSHED, '').replace(north, ''))
    const isOver = expect.stringMatching(/clear|closed|quiet/)
    await expect
      .poll(states, { timeout: 90_000, interval: 3_000 })
      .toEqual({ office: isOver, pos1: isOver, pos2: isOver })
    expect(await missing()).toBe('0')
  })

  it('that could not be kept may come again with the same signature', async () => {
    const body = event(21)
    const headers = signed(body)
    const own = new ServedProject(SETTINGS, 2)
    await own.serve()
    const send = async () => (await fetch(`${own.url}/sources/pushed`, { method: 'POST', headers, body })).status
    const database = new Database(own.path('.till/state.db'), { timeout: 30_000 })
    database.exec('ALTER TABLE source_devices RENAME TO source_devices_away')
    expect(await send()).toBeGreaterThanOrEqual(500)
    database.exec('ALTER TABLE source_devices_away RENAME TO source_devices')
    database.close()
    expect(await send()).toBe(200)
    expect(await send()).toBe(409)
    await own.remove()
  })
})
