import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorsOf } from '../cli/published.ts'
import { eyesProject } from './eyes-project.ts'
import { NORTH, type ServedProject, SOUTH } from './served-project.ts'
import { type Answer, Visitor } from './visitor.ts'

let served: ServedProject
let ids: Awaited<ReturnType<typeof eyesProject>>['ids']
let viktor: Visitor
/** See one device; acme of its incidents those that are acme's. */
let partners: readonly Visitor[]
let anna: Visitor
let hela: Visitor

beforeAll(async () => {
  ;({ served, ids } = await eyesProject())
  await served.till('report', 'sla', '--close', '2026-01')
  await served.serve()
  viktor = new Visitor(served.url, 'token-of-all-0123456789')
  partners = ['token-of-north-0123456789', 'token-of-slow-0123456789'].map((token) => new Visitor(served.url, token))
  ;[anna, hela] = [new Visitor(served.url), new Visitor(served.url)]
  await anna.signIn('anna')
  await hela.signIn('hela')
})
afterAll(() => served?.remove())

const post = (who: Visitor, path: string, body: object = {}): Promise<Answer> =>
  who.ask(`/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-till-csrf': who.csrf },
    body: JSON.stringify(body),
  })

test('numbers of pages are those of `till report`', async () => {
  // Both are told by the clock of the stores, so that they mean the same a moment later.
  const edge = (days: number): string =>
    `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 13).replace('T', ' ')}:00`
  const [since, until] = [edge(3), edge(1)]
  const days = ['--since', since, '--until', until]
  const cases = [
    ['availability', ['--by', 'device', ...days], { by: 'device', since, until }, 'groups'],
    ['sla', days, { since, until }, 'lines'],
    ['sla', ['--outages', ...days], { since, until }, 'outages'],
    ['recurring', ['--by', 'model', ...days], { by: 'model', since, until }, 'faults'],
    ['completeness', days, { since, until }, 'days'],
    ['board', [], {}, 'weeks'],
  ] as const
  for (const [name, flags, question, rows] of cases) {
    const path = rows === 'outages' ? 'sla-outages' : name
    const { json, status } = await viktor.ask(`/api/v1/reports/${path}?limit=1000&${new URLSearchParams(question)}`)
    expect([path, status, errorsOf('api-report', json)]).toEqual([path, 200, []])
    const told = JSON.parse((await served.till('report', name, ...flags, '--json')).stdout)
    expect(json.rows.length, path).toBeGreaterThan(0)
    // The last week goes up to now.
    const stable = (all: readonly object[]) => (path === 'board' ? all.slice(0, -1) : all)
    expect(stable(json.rows), path).toEqual(stable(told[rows]))
  }
})

test('a page at a time, in the order that was asked for, and what makes no sense is refused', async () => {
  const first = await viktor.ask('/api/v1/reports/completeness?since=3d&order=worst&limit=1')
  expect(first.json).toMatchObject({ next: '1', rows: [{ store: SOUTH }] })
  expect((await viktor.ask('/api/v1/reports/availability?by=store&region=south')).json.rows).toEqual([])
  const refused = [
    ['/reports/nothing', 404],
    ['/reports/sla?by=colour', 400],
    ['/reports/sla?period=2026-13', 409],
    ['/reports/sla?contract=nothing', 409],
    ['/reports/board?weeks=0', 400],
    ['/reports/availability?of=selling&by=kind', 409],
    ['/incidents?state=broken', 400],
    ['/incidents/Inothing', 404],
  ] as const
  for (const [path, status] of refused) {
    const answer = await viktor.ask(`/api/v1${path}`)
    expect([path, answer.status, errorsOf('api-problem', answer.json)]).toEqual([path, status, []])
  }
  const closed = await viktor.ask('/api/v1/sla/closed')
  expect([closed.status, errorsOf('api-sla-closed', closed.json)]).toEqual([200, []])
  expect(closed.json.months).toMatchObject([{ month: '2026-01', version: 1 }, { month: '2026-01' }])
})

test('an incident is found, taken, talked about, and closed with its cause, by those who may', async () => {
  const list = await viktor.ask('/api/v1/incidents')
  expect([list.status, errorsOf('api-incidents', list.json)]).toEqual([200, []])
  expect(list.json).toMatchObject({ total: 3, counts: { open: 3 }, late: 0 })
  const office = await viktor.ask(`/api/v1/incidents?device=${NORTH}/office`)
  expect(office.json.incidents).toMatchObject([{ incident: ids.office, clocks: [{}, {}, {}], team: 'acme' }])
  const path = `/incidents/${ids.office}`
  expect(await post(viktor, `${path}/take`)).toMatchObject({ status: 403 })
  const csrf = hela.csrf
  hela.csrf = ''
  expect(await post(hela, `${path}/take`)).toMatchObject({ status: 403 })
  hela.csrf = csrf
  const taken = await post(hela, `${path}/take`)
  expect([taken.status, errorsOf('api-incident', taken.json)]).toEqual([200, []])
  expect(taken.json).toMatchObject({ state: 'taken', owner: 'hela', clocks: [{ state: 'met' }, {}, {}] })
  expect(taken.json.evidence.looks.some((look: { state: string }) => look.state === 'unmet')).toBe(true)
  expect(await post(hela, `${path}/comment`, {})).toMatchObject({ status: 400 })
  expect((await post(hela, `${path}/comment`, { text: 'on my way' })).json.events.at(-1)).toMatchObject({
    by: 'hela',
    text: 'on my way',
  })
  expect((await post(hela, `${path}/pause`, { why: 'a part' })).json.state).toBe('paused')
  expect((await post(hela, `${path}/continue`)).json.state).toBe('taken')
  expect((await post(hela, `${path}/close`)).json.why).toContain('its cause is not known')
  expect((await post(hela, `${path}/close`, { cause: 'paper' })).json.why).toContain('receipt printed')
  // Whether it fires or not, that is no word of a helpdesk.
  const done = { cause: 'paper', done: ['receipt printed'] }
  expect(await post(hela, `${path}/close`, { ...done, despite: 'x' })).toMatchObject({ status: 403 })
  expect((await post(anna, `${path}/close`, { ...done, despite: 'x' })).json).toMatchObject({
    state: 'closed',
    closed_by: 'anna',
    cause: 'paper',
  })
  expect((await viktor.ask('/api/v1/incidents?closed=yes')).json.total).toBe(3)
  expect((await viktor.ask('/api/v1/incidents')).json.total).toBe(2)
  const shown = JSON.parse((await served.till('incidents', 'show', ids.office, '--json')).stdout)
  expect(shown).toMatchObject({ state: 'closed', owner: 'hela', cause: 'paper' })
})

test('a partner finds nothing of incidents and reports that are not its own, whichever way it asks', async () => {
  const hidden = [`${NORTH}/pos1`, SOUTH, ids.pos1, ids.store, 'Drawer does not open', 'No power', 'all-tills']
  const filters = [
    '',
    'period=2026-01',
    `region=north`,
    `store=${SOUTH}`,
    `store=${NORTH}`,
    `device=${NORTH}/pos1`,
    'by=device',
    'by=store',
  ]
  const names = ['availability', 'sla', 'sla-outages', 'recurring', 'completeness', 'board', 'horizon', 'visits']
  const ways = [
    ...names.flatMap((name) => filters.map((filter) => `/reports/${name}?${filter}`)),
    ...names.map((name) => `/reports/${name}?of=selling&by=store`),
    ...['all-tills', 'offices,all-tills'].flatMap((one) =>
      ['sla', 'sla-outages'].map((name) => `/reports/${name}?contract=${one}`),
    ),
    ...[
      '',
      'closed=yes',
      'limit=1000',
      `store=${SOUTH}`,
      `device=${NORTH}/pos1`,
      'fault=drawer',
      'team=desk',
      'late=yes',
      'after=1',
      'state=open',
      'severity=high',
      'owner=hela',
      'state=closed',
    ].map((filter) => `/incidents?${filter}`),
    ...[ids.pos1, ids.store].map((id) => `/incidents/${id}`),
    '/sla/closed',
  ]
  for (const partner of partners) {
    for (const way of ways) {
      const { text, status } = await partner.ask(`/api/v1${way}`)
      // What was asked for may be said again.
      const said = status === 404 || status === 409 ? '' : text
      for (const name of hidden)
        expect(said.includes(name), `${way} tells of ${name}: ${said.slice(0, 2000)}`).toBe(false)
      expect([way, status < 500]).toEqual([way, true])
    }
    for (const word of ['take', 'comment', 'pause', 'continue', 'close']) {
      const body = { text: 'x', why: 'x', cause: 'x' }
      for (const id of [ids.pos1, ids.store])
        expect([word, (await post(partner, `/incidents/${id}/${word}`, body)).status]).toEqual([word, 404])
    }
    const own = await partner.ask('/api/v1/incidents?closed=yes')
    expect(own.json.incidents).toMatchObject([{ incident: ids.office }])
    const sla = await partner.ask('/api/v1/reports/sla?since=3d')
    expect(new Set(sla.json.rows.map((row: { contract: string }) => row.contract))).toEqual(new Set(['offices']))
    const count = await partner.ask('/api/v1/reports/availability?since=3d&by=kind')
    expect(count.json.rows).toMatchObject([{ group: 'till', count: 1 }])
  }
  expect((ways.length + 10) * partners.length).toBeGreaterThan(200)
  // Nothing was noted by them.
  expect((await anna.ask(`/api/v1/incidents/${ids.pos1}`)).json).toMatchObject({ state: 'open', owner: null })
})

test('a plan is made, shown and applied as it was shown, by those who may; what is held is on record', async () => {
  const ended = async (run: string): Promise<Answer['json']> => {
    let { json } = await anna.ask(`/api/v1/runs/${run}`)
    while (json.state !== 'finished') ({ json } = await anna.ask(`/api/v1/runs/${run}`))
    return json
  }
  const device = `${NORTH}/pos1`
  const plan = (await post(hela, '/plans', { device, runbook: 'marker' })).json.run
  // The plan is kept a moment after its run has ended.
  while (!(await ended(plan)).appliable) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(served.log()).toEqual([])
  expect(await post(hela, `/runs/${plan}/apply`)).toMatchObject({ status: 403 })
  for (const partner of partners) expect((await post(partner, `/runs/${plan}/apply`)).status).toBe(403)
  const asked = await Promise.all([1, 2].map(() => post(anna, `/runs/${plan}/apply`)))
  const [begun, twice] = asked.toSorted((a, b) => a.status - b.status) as [Answer, Answer]
  expect([begun.status, errorsOf('api-started', begun.json)]).toEqual([202, []])
  expect(await ended(begun.json.run)).toMatchObject({ mode: 'apply', by: 'anna', counts: { changed: 1 }, exit_code: 0 })
  expect(served.log()).toEqual(['pos1 made'])
  expect([twice.status, twice.json.why]).toEqual([409, expect.stringContaining('is applied already')])
  const held = await post(anna, '/holds', { on: device, until: '1h', why: 'cabling' })
  expect([held.status, errorsOf('api-held', held.json)]).toEqual([200, []])
  expect(held.json).toMatchObject({ on: device, by: 'anna' })
  expect(await post(hela, '/holds', { on: device, until: '1h', why: 'x' })).toMatchObject({ status: 403 })
  expect(await post(anna, '/holds', { on: device, until: 'soon', why: 'x' })).toMatchObject({ status: 409 })
  expect(await post(anna, '/holds', { on: 'nowhere', until: '1h', why: 'x' })).toMatchObject({ status: 404 })
  const again = (await post(anna, '/plans', { device, runbook: 'marker' })).json.run
  while (!(await ended(again)).appliable) await new Promise((resolve) => setTimeout(resolve, 20))
  const refused = await ended((await post(anna, `/runs/${again}/apply`)).json.run)
  expect(refused.counts).toMatchObject({ deferred: 1 })
  const audit = JSON.stringify(JSON.parse((await served.till('audit', 'list', '--json')).stdout))
  expect(audit).toContain('plan.applied')
})

test('a run is paused where it runs and goes on, by those who may change something, under their name', async () => {
  const device = `${NORTH}/office`
  const plan = (await post(hela, '/plans', { device, runbook: 'slow' })).json.run
  const seen = async (run: string) => (await anna.ask(`/api/v1/runs/${run}`)).json
  while (!(await seen(plan)).appliable) await new Promise((resolve) => setTimeout(resolve, 20))
  const { run } = (await post(anna, `/runs/${plan}/apply`)).json
  while ((await seen(run)).state !== 'running') await new Promise((resolve) => setTimeout(resolve, 20))
  const why = 'a blank screen'
  expect(await post(hela, `/runs/${run}/pause`, { why })).toMatchObject({ status: 403 })
  for (const partner of partners) expect((await post(partner, `/runs/${run}/pause`, { why })).status).toBe(403)
  expect((await post(anna, `/runs/${run}/resume`, { why })).status).toBe(409)
  expect((await post(anna, `/runs/${run}/pause`)).status).toBe(400)
  const paused = await post(anna, `/runs/${run}/pause`, { why })
  expect([paused.status, errorsOf('api-said', paused.json)]).toEqual([200, []])
  const shown = await seen(run)
  expect([shown.paused, errorsOf('api-run', shown)]).toMatchObject([{ by: 'anna', why }, []])
  expect(await post(anna, `/runs/${run}/pause`, { why })).toMatchObject({ status: 409 })
  expect((await served.till('runs', 'list')).stdout).toContain(' paused ')
  expect((await post(anna, `/runs/${run}/resume`, { why: 'it was the plug' })).status).toBe(200)
  expect((await seen(run)).paused).toBe(null)
  const { rows } = JSON.parse((await served.till('audit', 'list', '--json')).stdout)
  const unpaused = rows.find(({ entry }: { entry: { kind: string } }) => entry.kind === 'run.unpaused')
  expect(unpaused.entry).toMatchObject({ by: 'anna', about: { run, why: 'it was the plug' } })
  served.write('quick', '')
  while ((await seen(run)).state !== 'finished') await new Promise((resolve) => setTimeout(resolve, 50))
  expect((await post(anna, `/runs/${run}/pause`, { why })).status).toBe(409)
  expect((await post(anna, `/runs/${plan}/pause`, { why })).status).toBe(409)
})

test('what is known to be out of order is said and ended by those who see all of it, and named to those who see some', async () => {
  const why = 'flood'
  // Contracts may leave it out of what is counted.
  expect((await post(hela, '/outages', { on: NORTH, until: '1h', why, closed: true })).status).toBe(403)
  const added = await post(anna, '/outages', { on: NORTH, until: '1h', why, closed: true })
  expect([added.status, errorsOf('api-outage', added.json)]).toEqual([200, []])
  const { outage } = added.json
  for (const partner of partners) {
    expect((await post(partner, '/outages', { on: NORTH, until: '1h', why })).status).toBe(404)
    const known = await partner.ask('/api/v1/outages')
    expect([known.json.outages, errorsOf('api-outages', known.json)]).toMatchObject([
      [{ outage, why, devices: 1, stores: 1, where: {} }],
      [],
    ])
    const ended = { method: 'DELETE', headers: { 'content-type': 'application/json' } }
    expect((await partner.ask(`/api/v1/outages/${outage}`, ended)).status).toBe(404)
  }
  expect((await post(viktor, '/outages', { on: NORTH, until: '1h', why })).status).toBe(403)
  expect((await post(hela, '/outages', { on: NORTH, until: '1h' })).status).toBe(400)
  expect((await post(hela, '/outages', { on: 'nowhere', until: '1h', why })).status).toBe(404)
  expect((await post(hela, '/outages', { on: NORTH, until: 'soon', why })).status).toBe(409)
  const store = (await anna.ask(`/api/v1/stores/${NORTH}`)).json
  expect([store.outages, errorsOf('api-store', store)]).toMatchObject([[{ outage, by: 'anna', closed: true }], []])
  expect((await anna.ask(`/api/v1/stores/${SOUTH}`)).json.outages).toEqual([])
  const device = (await anna.ask(`/api/v1/devices/${NORTH}/pos1`)).json
  expect([device.outages, errorsOf('api-device', device)]).toMatchObject([[{ outage }], []])
  expect((await anna.ask(`/api/v1/incidents/${ids.pos1}`)).json.known_outages).toMatchObject([{ outage }])
  expect((await anna.ask(`/api/v1/incidents/${ids.store}`)).json.known_outages).toEqual([])
  const end = (who: Visitor, id: string): Promise<Answer> =>
    who.ask(`/api/v1/outages/${id}`, { method: 'DELETE', headers: { 'x-till-csrf': who.csrf } })
  expect((await end(hela, outage)).status).toBe(403)
  expect((await end(anna, outage)).status).toBe(200)
  expect((await end(anna, outage)).status).toBe(409)
  const open = (await post(hela, '/outages', { on: NORTH, until: '1h', why, closed: false })).json
  expect(open).toMatchObject({ by: 'hela', closed: false })
  expect((await end(hela, open.outage)).status).toBe(200)
  expect((await anna.ask('/api/v1/outages')).json.outages).toEqual([])
})

test('what was noted of a device is told as lines, to those who see it', async () => {
  const { status, json } = await viktor.ask(`/api/v1/devices/${NORTH}/office/samples?days=30`)
  expect([status, errorsOf('api-samples', json)]).toEqual([200, []])
  expect(json.series).toMatchObject([{ series: 'receipts.log' }])
  expect(json.series[0].points.map(([, value]: [number, number]) => value)).toEqual([1, 5, 9])
  expect(await viktor.ask(`/api/v1/devices/${NORTH}/office/samples?days=0`)).toMatchObject({ status: 400 })
  for (const partner of partners) expect((await partner.ask(`/api/v1/devices/${NORTH}/pos1/samples`)).status).toBe(404)
})

test('what is shipped for monitoring names numbers that there are', async () => {
  const metrics = await (await fetch(`${served.url}/metrics`)).text()
  const told = [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name],
  )
  // Counted only once something was.
  const later = ['till_repairs_total', ...['_bucket', '_sum', '_count'].map((end) => `till_hook_answer_seconds${end}`)]
  const folder = new URL('../../packaging/monitoring/', import.meta.url)
  const rules = readFileSync(new URL('prometheus/tillwright.rules.yml', folder), 'utf8')
  const recorded = [...rules.matchAll(/record: (\S+)/g)].map(([, name = '']) => name)
  const known = new Set([...told, ...later, ...recorded])
  const files = ['prometheus/tillwright.rules.yml', 'zabbix/tillwright.yaml']
  for (const name of ['it', 'helpdesk', 'regions', 'bi', 'board']) {
    const file = `grafana/${name}.json`
    files.push(file)
    const { panels } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    expect(panels.length).toBeGreaterThan(2)
  }
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const named = text.match(/\btill:[a-z0-9_:]+|\b(?:till|process)_[a-z0-9_]+/g) ?? []
    expect([file, [...new Set(named)].filter((name) => !known.has(name))]).toEqual([file, []])
    expect(named.length).toBeGreaterThan(0)
  }
  expect(metrics).toContain('till_fleet_stores{region="north",sells="no"} ')
  expect(metrics).toMatch(/^till_incidents\{state="open"\} 2$/m)
  expect(metrics).not.toContain(NORTH)
})
