import { existsSync } from 'node:fs'
import Database from 'libsql'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { file, HOOKS, HookProject, STORE, zabbix } from './hook-project.ts'
import { errorsOf } from './published.ts'

const projects: HookProject[] = []
let project: HookProject
const fire = (source: string, body: unknown) => project.fire(source, body)

beforeEach(() => {
  project = new HookProject()
  projects.push(project)
})
afterAll(async () => {
  for (const each of projects) await each.remove()
})

test('what a rule takes from the alert is part of the fault: each is repaired with its own', async () => {
  const first = await fire('zabbix', zabbix(1, 'MarkerGone', file('a')))
  const second = await fire('zabbix', zabbix(2, 'MarkerGone', file('b')))
  const repaired = { state: 'repaired', occurrences: 1, attempts: [{ result: 'helped' }] }
  expect([first.answer.episodes, second.answer.episodes]).toMatchObject([[repaired], [repaired]])
  expect(first.answer.episodes[0]?.episode).not.toBe(second.answer.episodes[0]?.episode)
  expect(['a', 'b'].map((name) => existsSync(project.path(`marker-${name}`)))).toEqual([true, true])
  await fire('zabbix', zabbix(1, 'MarkerGone', { ...file('a'), event_value: '0' }))
  const { episodes } = JSON.parse((await project.till('episodes', 'list', '--json')).stdout)
  expect(episodes.map(({ state }: { state: string }) => state).sort()).toEqual(['clear', 'repaired'])
})

test('an alert that fires when the rules change stays the fault that it was, with the repairs that were made', async () => {
  const first = await fire('zabbix', zabbix(1, 'MarkerGone', file('a')))
  const [{ episode: id = '' } = {}] = first.answer.episodes
  const passed = 'UPDATE episodes SET json = replace(json, \'"finished_at":"20\', \'"finished_at":"19\')'
  const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
  database.exec(passed)
  expect((await fire('zabbix', zabbix(1, 'MarkerGone', { ...file('a'), x: '1' }))).answer.episodes).toMatchObject([
    { episode: id, state: 'needs-people' },
  ])
  project.write('tillwright.yaml', HOOKS.replace('- name: marker', '- name: marking'))
  const again = await fire('zabbix', zabbix(1, 'MarkerGone', { ...file('a'), event_severity: 'High' }))
  const told = { episode: id, rule: 'marking', state: 'needs-people', attempts: [{ result: 'helped' }] }
  expect(again.answer).toMatchObject({ alerts: [{ rule: 'marking', why: null }], episodes: [told] })
  // Another that fires in it by now does not change it to and fro.
  await fire('zabbix', zabbix(7, 'MarkerGone', file('a')))
  const other = await fire('zabbix', zabbix(7, 'Watched', file('a')))
  expect(other.answer).toMatchObject({
    alerts: [{ why: 'It was told before.' }],
    episodes: [{ ...told, occurrences: 2 }],
  })
  await fire('zabbix', zabbix(7, 'MarkerGone', { ...file('a'), event_value: '0' }))
  // Its alert says something else by now: it is repaired with that, as often as the rule allows.
  const moved = await fire('zabbix', zabbix(1, 'MarkerGone', file('b')))
  expect(moved.answer.episodes).toMatchObject([{ ...told, occurrences: 2 }])
  const shown = JSON.parse((await project.till('episodes', 'show', id, '--json')).stdout)
  expect(errorsOf('episode', shown)).toEqual([])
  expect((await project.till('episodes', 'show', id)).stdout).toContain('it goes by the rule marking with name=b')
  database.close()
  const end = await fire('zabbix', zabbix(1, 'MarkerGone', { ...file('b'), event_value: '0' }))
  expect(end.answer).toMatchObject({ alerts: [{ why: null }], episodes: [{ episode: id, state: 'clear' }] })
})

test('what monitoring does not see any more is neither well nor repaired, and its own end is', async () => {
  const told = (status: string, reason?: string) => ({
    alerts: [
      {
        status,
        labels: { alertname: 'Watched', device: `${STORE}/pos1` },
        annotations: reason === undefined ? {} : { grafana_state_reason: reason },
        startsAt: '2026-11-22T01:40:33Z',
        fingerprint: 'c6',
      },
    ],
  })
  project.write('tillwright.yaml', HOOKS.replace('runbook: slow, settle: 0s}', 'settle: 0s, quiet: 0s}'))
  await fire('grafana', told('firing'))
  const lost = await fire('grafana', told('resolved', 'MissingSeries'))
  expect(lost.answer).toMatchObject({ alerts: [{ why: null }], episodes: [{ state: 'lost' }] })
  const [{ episode = '' } = {}] = lost.answer.episodes
  expect((await project.till('episodes', 'show', episode)).stdout).toContain('not seen any more (MissingSeries)')
  // A day later it is closed, and its incident is not clear by that.
  const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
  const [row] = database.prepare('SELECT json FROM episodes').all() as { json: string }[]
  database.exec("UPDATE episodes SET json = json_set(json, '$.clear_since', '2026-01-01T00:00:00.000Z')")
  await fire('grafana', { ...told('resolved', 'MissingSeries'), again: 1 })
  expect(await project.episodes()).toMatchObject([{ state: 'closed', why: expect.stringContaining('is not known') }])
  const incidents = async () => JSON.parse((await project.till('incidents', 'list', '--json')).stdout).incidents
  expect(await incidents()).toMatchObject([{ state: 'open' }])
  // As it was before: the end that was seen.
  database.prepare('UPDATE episodes SET closed_at = NULL, json = ?').run(row?.json)
  database.close()
  const end = await fire('grafana', told('resolved'))
  expect(end.answer.episodes).toMatchObject([{ state: 'closed', why: 'The alert went out by itself.' }])
  expect(await incidents()).toMatchObject([{ state: 'cleared' }])
})

test('an end is that of what began before it, whatever beginning it names', async () => {
  const told = (status: string, startsAt: string, endsAt = '0001-01-01T00:00:00Z') => ({
    alerts: [
      { status, labels: { alertname: 'Watched', device: `${STORE}/pos1` }, startsAt, endsAt, fingerprint: 'c6' },
    ],
  })
  const early = '2026-11-22T10:00:00Z'
  await fire('alertmanager', told('firing', '2026-11-22T14:31:00Z'))
  const before = await fire('alertmanager', told('resolved', early, '2026-11-22T14:30:00Z'))
  expect(before.answer.episodes).toMatchObject([{ state: 'would-run' }])
  const end = await fire('alertmanager', told('resolved', early, '2026-11-22T14:40:00+00:00'))
  expect(end.answer.episodes).toMatchObject([{ state: 'clear' }])
})

test('what comes again and again counts, also when its episodes are closed in between; from a repair on it counts anew', async () => {
  project.write('quick', '')
  const often = 'often: {times: 3, within: 1h}, quiet: 0s, settle: 0s'
  project.write(
    'tillwright.yaml',
    HOOKS.replace('runbook: slow, mode: act, settle: 0s', `runbook: slow, mode: act, ${often}`),
  )
  const state = async (id: number, value: '0' | '1') =>
    (await fire('zabbix', zabbix(id, 'Slow', { event_value: value }))).answer.episodes[0]?.state
  const states: unknown[] = []
  for (const id of [1, 2, 3, 4]) states.push(await state(id, '1'), await state(id, '0'))
  expect(states).toEqual(['waiting', 'closed', 'waiting', 'closed', 'repaired', 'closed', 'waiting', 'closed'])
  expect(project.read('times')).toBe('\n')
})

test('what only gathers evidence takes no place in a cap', async () => {
  project.write('quick', '')
  project.write('app.log', 'a line\n')
  const look = `name: look\nsteps:\n  - collect: {files: ["${project.path('app.log')}"]}\n`
  project.write('runbooks/look.yaml', look)
  const gather = `    - {name: look, match: "alert.name == 'Look'", runbook: look, mode: act, settle: 0s, quiet: 0s}\n`
  const capped = HOOKS.replace(
    'runbook: slow, mode: act, settle: 0s, cooldown: 0s',
    '$&, attempts: {day: 1}, per_hour: 1',
  )
  project.write(
    'tillwright.yaml',
    capped.replace('mode: act, settle: 0s, cooldown: 0s, attempts', 'mode: act, settle: 0s, attempts') + gather,
  )
  const looked = await fire('zabbix', zabbix(1, 'Look'))
  expect(looked.answer.episodes).toMatchObject([{ attempts: [{ result: 'looked' }] }])
  const repaired = await fire('zabbix', zabbix(2, 'Slow'))
  expect(repaired.answer.episodes).toMatchObject([{ state: 'repaired', attempts: [{ result: 'helped' }] }])
})
