import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { chainOf, NO_WAVES, runbookThat, states } from '../cli/chain.ts'
import { TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

const START = '2026-11-30T10:00:00Z'
const STORES = Array.from({ length: 12 }, (_, at) => `S-${at}`)

let project: TestProject | undefined
afterEach(() => project?.remove())

interface Visit {
  readonly store: string
  readonly from: string
  readonly to: string
  readonly devices: readonly string[]
}
interface Calendar {
  readonly waves: readonly { from: string; to: string; watched_until: string; pause: boolean; stores: Visit[] }[]
  readonly never: readonly { device: string; reasons: { code: string }[] }[]
}

/** Twelve stores with two tills each in two zones; the last one is in a region that is frozen for years. */
function chain(): TestProject {
  const stores = STORES.map(
    (id, at) => `  ${id}:
    name: ${id}
    region: ${at === 11 ? 'south' : 'north'}
    ${at % 2 ? 'time_zone: Europe/Lisbon' : 'time_zone: Europe/Warsaw'}
    hours: {week: {mon-sun: 08:00-20:00}}
    devices: {pos1: {profile: till, address: 127.0.0.1}, pos2: {profile: till, address: 127.0.0.1}}
`,
  )
  return new TestProject({
    'tillwright.yaml': `policies:
  default:
    guess: {change: 20m, proof: 10m}
    freezes: [{name: works, from: '2026-01-01', to: '2030-01-01', why: rebuilding, regions: [south]}]
    rollout:
      windows: [{name: nights, hours: '22:00-05:00'}]
      waves: {canary: 2, shares: [50%, 100%], soak: 30m, pause: always}
`,
    'inventory/fleet.yaml': `
fleet: {name: Chain, time_zone: Europe/Warsaw}
regions: {north: {name: North}, south: {name: South}}
profiles: {till: {kind: till, os: {family: linux, distribution: debian, version: "12"}, transport: {type: local}}}
`,
    'inventory/stores.yaml': `stores:\n${stores.join('')}`,
    'runbooks/mark.yaml': 'name: mark\nsteps:\n  - command: {run: "true", always: true}\n',
  })
}

/** Minutes of the day on the clocks of a zone. */
function clock(at: string, zone: string): number {
  const [hours = 0, minutes = 0] = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' })
    .format(new Date(at))
    .split(':')
    .map(Number)
  return hours * 60 + minutes
}

it('shows which store is in which wave at which time, within its windows, as text, JSON and one page', async () => {
  project = chain()
  const json = await project.till('schedule', 'mark', '--start', START, '--json', '--html', 'calendar.html')
  const calendar = JSON.parse(json.stdout) as Calendar
  expect([json.code, errorsOf('schedule', calendar)]).toEqual([6, []])
  // The store in the frozen region never has its turn, and says why.
  expect(calendar.never.map(({ device, reasons }) => [device, reasons[0]?.code])).toEqual([
    ['S-11/pos1', 'FREEZE_ACTIVE'],
    ['S-11/pos2', 'FREEZE_ACTIVE'],
  ])
  const visits = calendar.waves.flatMap(({ stores }) => stores)
  expect(visits.map(({ store }) => store).sort()).toEqual(STORES.slice(0, 11).sort())
  for (const { store, from, to, devices } of visits) {
    const zone = Number(store.slice(2)) % 2 ? 'Europe/Lisbon' : 'Europe/Warsaw'
    const begins = clock(from, zone)
    expect(begins >= 22 * 60 || begins <= 4 * 60 + 30, `${store} ${from}`).toBe(true)
    // One till after the other, half an hour each.
    expect([devices.length, Date.parse(to) - Date.parse(from) >= 3_600_000]).toEqual([2, true])
  }
  for (const [index, wave] of calendar.waves.entries()) {
    const next = calendar.waves[index + 1]
    if (next && wave.watched_until) expect(next.from >= wave.watched_until).toBe(true)
    expect(wave.pause).toBe(index === 0)
  }
  const page = project.read('calendar.html')
  expect(page.match(/<rect /g)).toHaveLength(11)
  expect(page).not.toMatch(/https?:|<script|src=/)

  const text = await project.till('schedule', 'mark', '--start', START)
  for (const said of [
    'Wave 2: 8 devices in 4 stores',
    'somebody must say that it goes on',
    'S-11/pos1: freeze works',
  ]) {
    expect(text.stdout).toContain(said)
  }
  for (const none of ['soon', '9', 'next 7', '2026-02-31T20:00Z'])
    expect((await project.till('schedule', 'mark', '--start', none)).code).toBe(2)
})

it('goes by what earlier runs have left out, as a run would', async () => {
  project = chainOf(['S-1', 'S-2'], { policy: `policies: {default: {rollout: {${NO_WAVES}}}}`, hours: 'closed' })
  project.write('runbooks/mark.yaml', runbookThat('exit 7'))
  expect((await states(project, '--device', 'S-1/pos1')).code).toBe(4)
  const calendar = async (...args: string[]): Promise<Calendar> =>
    JSON.parse((await (project as TestProject).till('schedule', 'mark', '--json', ...args)).stdout)
  const alone = await calendar('--device', 'S-1/pos2')
  expect(alone.never).toMatchObject([{ device: 'S-1/pos2', reasons: [{ code: 'CAP_REACHED' }] }])
  expect(JSON.parse((await project.till('why', 'S-1/pos2', '--json')).stdout).reasons).toMatchObject([
    { code: 'CAP_REACHED' },
  ])
  const all = await calendar()
  expect([all.never, all.waves[0]?.stores.map(({ devices }) => devices.length)]).toEqual([[], [2, 2]])
  expect(all.waves[0]?.stores.find(({ store }) => store === 'S-1')?.devices[0]).toBe('S-1/pos1')
})

it('watches nothing where a few stores are one wave of the policy that comes with Tillwright', async () => {
  project = chainOf(['S-1', 'S-2'], { policy: '{}', hours: 'closed' })
  const { waves } = JSON.parse((await project.till('schedule', 'mark', '--json')).stdout) as Calendar
  expect(waves.map(({ watched_until, pause }) => [watched_until, pause])).toEqual([[null, false]])
  const begins = waves.flatMap(({ stores }) => stores.map(({ from }) => from))
  expect(new Set(begins).size).toBe(1)
})

it('tells that somebody has to say that it goes on behind a wave of which nothing begins', async () => {
  const waves = 'waves: {canary: 1, soak: 0s, pause: never}'
  project = chainOf(['S-1', 'S-2'], { policy: `policies: {default: {rollout: {${waves}}}}`, hours: 'closed' })
  const calendar = async (): Promise<Calendar> =>
    JSON.parse((await (project as TestProject).till('schedule', 'mark', '--json')).stdout)
  const canary = (await calendar()).waves[0]?.stores[0]?.store
  const freeze = `{name: works, from: '2026-01-01', to: '2100-01-01', why: rebuilding, where: "store.id == '${canary}'"}`
  project.write('tillwright.yaml', `policies: {default: {rollout: {${waves}}, freezes: [${freeze}]}}`)
  expect((await calendar()).waves.map(({ stores, pause }) => [stores.length, pause])).toEqual([
    [0, true],
    [1, false],
  ])
})

it('takes a change to last what changes by the runbook took on devices of the class, once there were enough of them', async () => {
  const policy = `policies: {default: {guess: {change: 20m, proof: 10m}, rollout: {${NO_WAVES}}}}`
  project = chainOf(STORES, { policy, hours: 'closed' })
  const changeTime = async (): Promise<number> =>
    JSON.parse((await (project as TestProject).till('schedule', 'mark', '--json')).stdout).change_s
  expect(await changeTime()).toBe(1800)
  expect((await states(project)).code).toBe(0)
  expect(await changeTime()).toBeLessThan(120)
  // What another runbook took says nothing.
  project.write('runbooks/other.yaml', runbookThat('true').replace('name: mark', 'name: other'))
  rmSync(join(project.root, 'runbooks/mark.yaml'))
  const other = await project.till('schedule', 'other', '--json')
  expect(JSON.parse(other.stdout).change_s).toBe(1800)
})

it('counts the waiting behind a warning, and warns nobody of what would not fit behind it any more', async () => {
  const policy = (wait: string): string => `warnings: {cashier: {script: {sh: 'true'}, wait: ${wait}, kinds: [till]}}
policies:
  default:
    guess: {change: 20m, proof: 10m}
    rollout:
      windows: [{name: nights, hours: '22:00-24:00'}]
      waves: false
      warn: [cashier]
`
  project = chainOf(['S-1'], { policy: policy('1h'), hours: 'closed' })
  const visits = async (): Promise<(Visit & { warned_at?: string })[]> => {
    const { stdout } = await (project as TestProject).till(
      'schedule',
      'mark',
      '--json',
      '--start',
      '2026-11-30T10:00:00Z',
    )
    expect(errorsOf('schedule', JSON.parse(stdout))).toEqual([])
    return (JSON.parse(stdout) as Calendar).waves.flatMap(({ stores }) => stores)
  }
  const [visit] = await visits()
  const zoneless = (at = ''): string => at.slice(0, 16)
  // Warned when the window opens, changed an hour later; the second till does not fit behind that, and has its turn the day after.
  expect(Date.parse(visit?.from ?? '') - Date.parse(visit?.warned_at ?? '')).toBe(3_600_000)
  expect(zoneless(visit?.to).slice(0, 10)).toBe('2026-12-01')
  const text = await project.till('schedule', 'mark', '--start', '2026-11-30T10:00:00Z')
  expect(text.stdout).toMatch(/S-1 {2}warned .*, changed from .*, 2 devices/)
  project.write('tillwright.yaml', policy('2h'))
  expect(await visits()).toEqual([])
})

it('changes no more at a time than a run would, and warns no more people at once', async () => {
  const policy = `warnings: {cashier: {script: {sh: 'true'}, wait: 5m, holds: 30m, kinds: [till]}}
policies: {default: {guess: {change: 20m, proof: 10m}, rollout: {waves: false, warn: [cashier]}}}
`
  project = chainOf(['S-1', 'S-2', 'S-3', 'S-4'], { policy, hours: 'closed' })
  const ids = ['S-1', 'S-2', 'S-3', 'S-4'].flatMap((id) => ['--device', `${id}/pos1`])
  const args = ['schedule', 'mark', '--json', '--start', START, '--parallel', '1', ...ids]
  const { waves, never } = JSON.parse((await project.till(...args)).stdout) as Calendar
  const minutes = (at = '') => (Date.parse(at) - Date.parse(START)) / 60_000
  const visits = (waves[0]?.stores ?? []) as (Visit & { warned_at?: string })[]
  expect(never).toEqual([])
  // People at the next one are told when there is room for it: nobody is told in vain, and nobody twice.
  expect(visits.map(({ warned_at, from, to }) => [minutes(warned_at), minutes(from), minutes(to)])).toEqual([
    [0, 5, 35],
    [35, 40, 70],
    [70, 75, 105],
    [105, 110, 140],
  ])
})
