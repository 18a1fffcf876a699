import { existsSync } from 'node:fs'
import Database from 'libsql'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { file, group, HOOKS, HookProject, STORE, zabbix } from './hook-project.ts'
import { ended, until } from './project.ts'
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

test('one fault is repaired once, however often and by whomever it is told', async () => {
  const first = await fire('zabbix', zabbix(1, 'MarkerGone', file('b')))
  expect(first).toMatchObject({
    code: 0,
    answer: { episodes: [{ state: 'repaired', attempts: [{ result: 'helped' }] }] },
  })
  expect(existsSync(project.path('marker-b'))).toBe(true)
  const id = first.answer.episodes[0]?.episode
  await fire('zabbix', zabbix(1, 'MarkerGone', file('b')))
  await fire('desk', { events: [{ key: '7', open: true, problem: 'MarkerGone', till: `${STORE}/pos1`, file: 'b' }] })
  const again = await fire(
    'alertmanager',
    group({ name: 'MarkerGone', labels: { device: `${STORE}/pos1`, file: 'b' } }),
  )
  expect(again.answer.episodes).toMatchObject([{ episode: id, attempts: [{ result: 'helped' }], occurrences: 3 }])
  const shown = await project.till('episodes', 'show', id ?? '', '--json')
  expect(errorsOf('episode', JSON.parse(shown.stdout))).toEqual([])
  const listed = await project.till('episodes', 'list', '--json')
  expect(errorsOf('episodes', JSON.parse(listed.stdout))).toEqual([])
})

test('no text of an alert becomes a flag, an expression or a shell word', async () => {
  const evil = `a"; touch ${project.path('owned')}; "`
  const refused = await fire('zabbix', zabbix(1, 'MarkerGone', file(evil)))
  expect(refused).toMatchObject({ code: 3, answer: { episodes: [{ state: 'needs-people', attempts: [] }] } })
  expect(refused.answer.episodes[0]?.why).toContain('is not among the values that the rule allows for "name"')
  const device = await fire('alertmanager', group({ name: 'MarkerGone', labels: { device: '--help' } }))
  expect(device).toMatchObject({
    code: 3,
    answer: { alerts: [{ why: 'There is no device "--help" in the inventory.' }] },
  })
  expect(existsSync(project.path('owned'))).toBe(false)
})

test('what is not found is said, and not guessed', async () => {
  const { code, answer } = await fire(
    'alertmanager',
    group(
      { name: 'MarkerGone', labels: { instance: '127.0.0.9:9100' } },
      { name: 'MarkerGone', labels: { instance: '127.0.0.1:9100', hostname: '127.0.0.2' } },
      { name: 'MarkerGone', labels: { store: STORE } },
      { name: 'Other', labels: { instance: '127.0.0.2:9100' } },
      { name: 'MarkerGone', status: 'resolved', labels: { instance: '127.0.0.2:9100' } },
    ),
  )
  expect(code).toBe(3)
  expect(answer.alerts.map(({ why }) => why)).toEqual([
    'No device of the inventory goes by "127.0.0.9:9100", "127.0.0.9".',
    'Several devices go by "127.0.0.2", "127.0.0.1:9100", "127.0.0.1"; tell the device by its full name.',
    'It names a store only, and the rule "marker" is about devices.',
    'No rule holds for it.',
    'It is resolved, and nothing was known of it.',
  ])
})

test('a disk or a network card that a label "device" names is one of the host', async () => {
  const at = (labels: object) => ({ name: 'Other', labels })
  const { answer } = await fire(
    'alertmanager',
    group(
      at({ device: '/dev/sda1', instance: '127.0.0.1:9100' }),
      at({ device: 'eth0', store: STORE, instance: '127.0.0.2:9100' }),
      at({ device: `${STORE}/pos9`, instance: '127.0.0.1:9100' }),
      at({ device: 'md0', instance: '127.0.0.9:9100' }),
      at({ device: 'pos2', store: STORE, instance: '127.0.0.1:9100' }),
    ),
  )
  expect(answer.alerts.map(({ device, why }) => (why === 'No rule holds for it.' ? device : why))).toEqual([
    `${STORE}/pos1`,
    `${STORE}/pos2`,
    `There is no device "${STORE}/pos9" in the inventory.`,
    'There is no device "md0" in the inventory.',
    `${STORE}/pos2`,
  ])
})

test('what a sender has no value for names nothing, and an address that is looked at names its host', async () => {
  const at = (labels: object) => ({ name: 'Other', labels })
  const { answer } = await fire(
    'grafana',
    group(
      at({ store: '[no value]', device: '', instance: '127.0.0.1:9100' }),
      at({ store: '', instance: '127.0.0.2' }),
      at({ instance: 'http://127.0.0.1:8080/health?x=127.0.0.2' }),
      at({ instance: 'https://[::1]:8443/' }),
      at({ instance: '[no value]' }),
    ),
  )
  expect(answer.alerts.map(({ device, why }) => (why === 'No rule holds for it.' ? device : why))).toEqual([
    `${STORE}/pos1`,
    `${STORE}/pos2`,
    `${STORE}/pos1`,
    'No device of the inventory goes by "https://[::1]:8443/", "::1".',
    'It names neither a device nor a store.',
  ])
  const tags = [
    { tag: 'device', value: '{INVENTORY.ASSET.TAG}' },
    { tag: 'device', value: '{$TILL}' },
    { tag: 'store', value: '*UNKNOWN*' },
  ]
  const macros = await fire('zabbix', zabbix(1, 'Other', { event_tags: JSON.stringify(tags) }))
  expect(macros.answer.alerts).toMatchObject([{ device: `${STORE}/pos1`, why: 'No rule holds for it.' }])
})

test('two services of one device that need people are two incidents, whoever tells of them', async () => {
  project.write(
    'runbooks/marker.yaml',
    'name: marker\nparams: {name: {type: string, default: a}}\nsteps:\n  - command: {run: "exit 1", always: true}\n',
  )
  const labels = (name: string) => ({ device: `${STORE}/pos1`, file: name })
  await fire('zabbix', zabbix(1, 'MarkerGone', file('a')))
  await fire('zabbix', zabbix(2, 'MarkerGone', file('b')))
  await fire('alertmanager', group({ name: 'MarkerGone', labels: labels('a') }))
  const { incidents } = JSON.parse((await project.till('incidents', 'list', '--json')).stdout)
  const titles = incidents.map(({ title }: { readonly title: string }) => title).sort()
  expect(titles).toEqual([`MarkerGone name=a: ${STORE}/pos1`, `MarkerGone name=b: ${STORE}/pos1`])
})

test('two faults of one device by a rule without a runbook are two incidents, and others of it one more', async () => {
  for (const [at, name] of ['a', 'b', 'x', 'a', 'y'].entries()) await fire('zabbix', zabbix(at, 'Seen', file(name)))
  const { incidents } = JSON.parse((await project.till('incidents', 'list', '--json')).stdout)
  const titles = incidents.map(({ title }: { readonly title: string }) => title).sort()
  expect(titles).toEqual(['Seen name=a', 'Seen name=b', 'Seen'].map((each) => `${each}: ${STORE}/pos1`).sort())
})

test('a monitor that tells its state alone fires again at once, where its source says since when', async () => {
  const kuma = `    kuma:
      id: payload.monitor.id
      firing: payload.heartbeat.status == 0
      since: payload.heartbeat.time
      alert: "'Watched'"
      host: payload.monitor.hostname
`
  project.write('tillwright.yaml', HOOKS.replace('  rules:\n', `${kuma}  rules:\n`))
  const told = (status: number, time: unknown, msg = 'timeout') => ({
    heartbeat: { status, time, msg },
    monitor: { id: 7, hostname: '127.0.0.1' },
  })
  const states: string[] = []
  for (const [status, time, msg] of [
    [0, '2026-12-01 10:00:00.123'],
    [0, '2026-12-01 10:05:00.123'],
    [1, '2026-12-01T11:06:00+01:00'],
    [0, 1_796_119_620],
    [0, '2026-12-01 10:00:00.123', 'late'],
  ] as const) {
    const { answer } = await fire('kuma', told(status, time, msg))
    states.push(`${answer.episodes[0]?.state} ${answer.alerts[0]?.why}`)
  }
  const before = 'It was told before.'
  expect(states).toEqual(['would-run null', 'would-run null', 'clear null', 'would-run null', `would-run ${before}`])
  expect(await project.episodes()).toHaveLength(1)
  expect((await fire('kuma', told(0, 'yesterday'))).answer).toMatchObject({
    diagnostics: [{ detail: 'Alert 1: Its "since" gives no time.' }],
  })
})

test('a beginning that is told after its end does nothing', async () => {
  const told = (status: string) => group({ name: 'MarkerGone', status, labels: { device: `${STORE}/pos1`, file: 'a' } })
  await fire('alertmanager', told('resolved'))
  const late = await fire('alertmanager', told('firing'))
  expect(late.answer).toMatchObject({ episodes: [], alerts: [{ why: 'It was resolved before it was told of.' }] })
  expect(existsSync(project.path('marker-a'))).toBe(false)
})

test('an all-clear ends what its alert has begun, whatever beginning it names', async () => {
  const told = (status: string, startsAt: string, name: string) => ({
    alerts: [{ status, labels: { alertname: name, device: `${STORE}/pos1` }, startsAt, fingerprint: 'c6' }],
  })
  const [begun, over] = ['2026-11-22T01:40:33Z', '2026-11-22T01:47:33+00:00']
  await fire('grafana', told('firing', begun, 'Watched'))
  const early = await fire('grafana', told('resolved', '2026-11-22T01:40:00Z', 'Watched'))
  expect(early.answer.episodes, 'the end of one before it').toMatchObject([{ state: 'would-run' }])
  const end = await fire('grafana', told('resolved', over, 'Watched'))
  expect(end.answer).toMatchObject({ alerts: [{ why: null }], episodes: [{ state: 'clear', flaps: 0 }] })
  const again = await fire('grafana', { ...told('resolved', over, 'Watched'), receiver: 'till' })
  expect(again.answer.alerts).toMatchObject([{ why: 'It was told before.' }])
  // By now another rule is found for it.
  await fire('grafana', told('firing', '2026-11-22T02:00:00Z', 'Watched'))
  const moved = await fire('grafana', told('resolved', '2026-11-22T02:10:00Z', 'Asked'))
  expect(moved.answer).toMatchObject({ alerts: [{ why: null, rule: 'watch' }] })
  const { episodes } = JSON.parse((await project.till('episodes', 'list', '--json')).stdout)
  expect(episodes).toMatchObject([{ state: 'clear', flaps: 1 }])
})

test('what is left of a payload that leaves alerts out is taken, and the rest is told', async () => {
  const whole = group({ name: 'Watched', labels: { device: `${STORE}/pos1` } })
  const cut = await fire('alertmanager', { ...whole, truncatedAlerts: 3 })
  expect(cut).toMatchObject({ code: 3, answer: { left_out: 3, episodes: [{ state: 'would-run' }] } })
  expect((await fire('alertmanager', whole)).answer).toMatchObject({ left_out: 0 })
})

test('that Grafana has no data is no fault of a device, unless a rule means just that', async () => {
  const rules = `    - {name: by-label, match: "alert.labels.fault == 'agent-down'", runbook: marker, mode: act, settle: 0s, cooldown: 0s}
    - {name: no-data, match: "alert.name == 'DatasourceNoData'", settle: 0s}
`
  project.write('tillwright.yaml', HOOKS + rules)
  const told = (name: string) => ({
    alerts: [
      {
        status: 'firing',
        labels: { alertname: name, rulename: 'Agent down', fault: 'agent-down', device: `${STORE}/pos1` },
        startsAt: '2026-11-22T01:40:33Z',
        fingerprint: 'c7',
      },
    ],
  })
  const error = await fire('grafana', told('DatasourceError'))
  const why =
    'Monitoring has no data for "Agent down" (DatasourceError), so nothing is known of the fault that the rule "by-label" is about.'
  expect(error).toMatchObject({ code: 3, answer: { alerts: [{ rule: null, why }], episodes: [] } })
  const meant = await fire('grafana', told('DatasourceNoData'))
  expect(meant.answer).toMatchObject({ alerts: [{ rule: 'no-data', why: null }] })
  // A rule of its own makes an alert of it: that has the name of the fault.
  const [alert] = told('Agent down').alerts
  const wanted = await fire('grafana', { alerts: [{ ...alert, annotations: { grafana_state_reason: 'Error' } }] })
  expect(wanted.answer).toMatchObject({ alerts: [{ rule: null, why }], episodes: [] })
  // Somebody tests a contact point with the labels of the fault.
  const tried = await fire('grafana', { ...told('Agent down'), groupKey: 'till-c6eadffa33fcdf37-1796119620' })
  expect(tried.answer).toMatchObject({
    alerts: [{ rule: null, why: 'It is a test of a contact point of Grafana: nothing is out of order.' }],
    episodes: [],
  })
  expect(existsSync(project.path('marker-a'))).toBe(false)
  const fault = await fire('grafana', told('Agent down'))
  expect(fault.answer).toMatchObject({ episodes: [{ rule: 'by-label', state: 'repaired' }] })
})

test('tags of Zabbix that come twice are all there, and two devices are none', async () => {
  const rule = `    - {name: scope, match: "alert.labels.scope.contains('availability')", settle: 0s}\n`
  project.write('tillwright.yaml', HOOKS + rule)
  const tags = (...all: readonly (readonly [string, string])[]) => ({
    event_tags: JSON.stringify(all.map(([tag, value]) => ({ tag, value }))),
  })
  const scope = [
    ['scope', 'availability'],
    ['scope', 'performance'],
  ] as const
  const both = await fire(
    'zabbix',
    zabbix(1, 'X', tags(...scope, ['device', `${STORE}/pos1`], ['device', `${STORE}/pos2`])),
  )
  expect(both.answer.alerts).toMatchObject([
    { why: `Its tag "device" names "${STORE}/pos1" and "${STORE}/pos2"; which one is meant cannot be said.` },
  ])
  const many = Array.from({ length: 100 }, (_, n) => [`tag${n}`, 'x'.repeat(60)] as const)
  const one = tags(...many, ...scope, ['device', `${STORE}/pos2`], ['device', `${STORE}/pos2`])
  expect((await fire('zabbix', zabbix(2, 'X', one))).answer.alerts).toMatchObject([
    { rule: 'scope', device: `${STORE}/pos2`, why: null },
  ])
})

test('tills behind a dead line are symptoms of it', async () => {
  const line = await fire('alertmanager', group({ name: 'LineDown', labels: { store: STORE } }))
  const till = await fire('zabbix', zabbix(1, 'MarkerGone', file('a')))
  expect(till.answer.episodes).toMatchObject([{ state: 'symptom', attempts: [] }])
  expect(existsSync(project.path('marker-a'))).toBe(false)
  // Its all-clear was lost: somebody says that it is over.
  const id = line.answer.episodes[0]?.episode ?? ''
  const over = await project.till('episodes', 'close', id, '--because', 'the provider says so', '--json')
  expect(errorsOf('episodes', JSON.parse(over.stdout))).toEqual([])
  const why = expect.stringMatching(/^Closed by .+: the provider says so$/)
  expect(JSON.parse(over.stdout).episodes).toMatchObject([{ state: 'closed', why }])
  expect(await project.till('episodes', 'close', id, '--because', 'twice')).toMatchObject({ code: 2 })
  const again = await fire('zabbix', zabbix(2, 'MarkerGone', file('a')))
  expect(again.answer.episodes).toMatchObject([{ state: 'waiting', occurrences: 2 }])
})

test('a rule that watches does nothing; one that asks waits for an approval, which is for one repair', async () => {
  project.write('quick', '')
  const watched = await fire('zabbix', zabbix(1, 'Watched'))
  expect(watched.answer.episodes).toMatchObject([{ state: 'would-run', attempts: [] }])
  const asked = await fire('zabbix', zabbix(2, 'Asked'))
  expect(asked.answer.episodes).toMatchObject([{ state: 'asks', attempts: [] }])
  expect(existsSync(project.path('times'))).toBe(false)
  const id = asked.answer.episodes[0]?.episode ?? ''
  const approved = await project.till('episodes', 'approve', id, '--json')
  expect(errorsOf('episodes', JSON.parse(approved.stdout))).toEqual([])
  expect(approved.code).toBe(0)
  expect(project.read('times')).toBe('\n')
  expect(await project.till('episodes', 'approve', id)).toMatchObject({ code: 2 })
})

test('a repair whose process was killed counts as made, and is not made again', async () => {
  const child = project.firing('zabbix', JSON.stringify(zabbix(1, 'Slow')))
  await until(child, () => existsSync(project.path('begun')))
  child.kill('SIGKILL')
  await ended(child)
  project.write('quick', '')
  const again = await fire('zabbix', zabbix(1, 'Slow'))
  expect(again).toMatchObject({
    code: 4,
    answer: { episodes: [{ state: 'needs-people', attempts: [{ result: 'doubtful' }] }] },
  })
  expect(existsSync(project.path('times'))).toBe(false)
})

test('what safety holds back is asked again when it may be, and told once', async () => {
  project.write('quick', '')
  expect(await project.till('hold', `${STORE}/pos1`, '--until', '9m', '--because', 'cabling')).toMatchObject({
    code: 0,
  })
  const first = await fire('zabbix', zabbix(1, 'Slow'))
  const [{ until: again = '' } = {}] = first.answer.waiting
  expect(Date.parse(again) - Date.now()).toBeGreaterThan(7 * 60_000)
  const [{ episode = '', attempts = [] } = {}] = first.answer.episodes
  expect(attempts).toMatchObject([{ attempt: 1, result: 'held', held: 1, not_before: expect.any(String) }])
  const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
  // The end of its wait, without the wait.
  const passed =
    "UPDATE episodes SET json = json_set(json, '$.attempts[0].not_before', '2026-01-01T00:00:00.000Z', '$.attempts[0].finished_at', '2026-01-01T00:00:00.000Z')"
  database.exec(passed)
  database.close()
  await fire('zabbix', zabbix(2, 'Slow'))
  const shown = JSON.parse((await project.till('episodes', 'show', episode, '--json')).stdout)
  expect(errorsOf('episode', shown)).toEqual([])
  expect(shown.attempts).toMatchObject([{ attempt: 2, result: 'held', held: 2 }])
  expect(existsSync(project.path('times'))).toBe(false)
})

test('what it waits for is told at once, and when a repair begins', async () => {
  const body = JSON.stringify(zabbix(1, 'Settling', file('b')))
  const { code, stdout, stderr } = await ended(project.firing('zabbix', body, ['--wait', '1m']))
  const [id = ''] = stdout.split(' ')
  expect([code, stdout]).toEqual([0, expect.stringContaining(`${STORE}/pos1, Settling: repaired.`)])
  const [waits, begins] = stderr.split('\n')
  expect(waits).toMatch(/Settling: A cause may still show up \(`settle` of its rule\)\. It is seen to at 20.*Z\.$/)
  expect(begins).toBe(`${id} ${STORE}/pos1, Settling: repair 1 begins.`)
})

test('two at once make one repair', async () => {
  project.write('quick', '')
  const bodies = [1, 2, 3].map((id) => zabbix(id, 'Slow'))
  await Promise.all(bodies.map((body) => fire('zabbix', body)))
  expect(project.read('times')).toBe('\n')
})

test.each([
  ['zabbix', '', 'It is empty.'],
  ['zabbix', '{', 'It is not JSON.'],
  ['zabbix', '{"event_id":"{EVENT.ID}","event_value":"1"}', 'Its event_id is not the number of an event ({EVENT.ID}).'],
  ['grafana', '[]', 'It has no list "alerts", as the webhooks of Alertmanager and Grafana have.'],
  [
    'zabbix',
    '{"event_id":"1","event_value":"1","event_tags":"[{"}',
    'Its event_tags is no list of tags as JSON ({EVENT.TAGSJSON}).',
  ],
  ['desk', `{"events":${'['.repeat(60)}${']'.repeat(60)}}`, 'It is nested too deeply.'],
  ['desk', '{"events":[{"key":"","open":true,"problem":"x","till":"y"}]}', 'Alert 1: Its id is empty.'],
  [
    'desk',
    '{"events":[{"key":"1","open":"acknowledged","problem":"x","till":"y"}]}',
    'Alert 1: Its "firing" gives neither true nor false.',
  ],
])('a payload of %s that is none is refused: %s', async (source, body, detail) => {
  const { code, answer } = await fire(source, body)
  expect({ code, answer }).toMatchObject({
    code: 2,
    answer: { diagnostics: [{ code: 'HOOK_PAYLOAD_INVALID', detail }] },
  })
  expect((await project.till('hook', 'record')).stdout).toBe('')
})

test('what was recorded is held against the rules', async () => {
  await fire('zabbix', zabbix(1, 'Watched'))
  const recorded = await project.till('hook', 'record')
  for (const line of recorded.stdout.trim().split('\n')) expect(errorsOf('hook-delivery', JSON.parse(line))).toEqual([])
  project.write('alerts.ndjson', recorded.stdout)
  const tried = await project.till('hook', 'test', 'alerts.ndjson', '--json')
  expect(errorsOf('hook-test', JSON.parse(tried.stdout))).toEqual([])
  expect(JSON.parse(tried.stdout).alerts).toMatchObject([
    { device: `${STORE}/pos1`, rule: 'watch', mode: 'shadow', why: null },
  ])
  project.write('payload.json', JSON.stringify(zabbix(2, 'Nobody')))
  expect(await project.till('hook', 'test', 'payload.json', '--source', 'zabbix')).toMatchObject({ code: 3 })
  expect(await project.till('hook', 'test', 'payload.json')).toMatchObject({ code: 2 })
  const rules = await project.till('hook', 'list', '--json')
  expect(errorsOf('hooks', JSON.parse(rules.stdout))).toEqual([])
})

test('rules that cannot be are told with their places', async () => {
  project.write(
    'tillwright.yaml',
    `hooks:
  rules:
    - {name: a, match: alert.nam == 'x', runbook: slow}
    - {name: a, match: "true", sources: [zabix]}
    - {name: b, match: "true", runbook: marker, params: {size: 3}}
`,
  )
  const { code, stderr } = await project.till('validate')
  expect(code).toBe(2)
  expect(stderr).toContain('tillwright.yaml:3:30')
  expect(stderr).toContain('tillwright.yaml:4:14')
  expect(stderr).toContain('There is no source "zabix"')
})

test('an episode that does not exist', async () => {
  const { code, stdout } = await project.till('episodes', 'show', 'E1', '--json')
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 2, diagnostics: [{ code: 'HOOK_EPISODE_UNKNOWN' }] })
})
