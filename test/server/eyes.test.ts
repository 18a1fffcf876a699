import { readFileSync, rmSync } from 'node:fs'
import Database from 'libsql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NAMED_REPORTS } from '../../src/core/report-names.ts'
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
  const settings = served.read('tillwright.yaml')
  served.write('tillwright.yaml', settings.replace('partner: acme, threshold', 'partner: before, threshold'))
  await served.till('report', 'sla', 'offices', '--close', '2026-02')
  served.write('tillwright.yaml', settings)
  await served.serve()
  viktor = new Visitor(served.url, 'token-of-all-0123456789')
  partners = ['token-of-north-0123456789', 'token-of-slow-0123456789'].map((token) => new Visitor(served.url, token))
  ;[anna, hela] = [new Visitor(served.url), new Visitor(served.url)]
  await anna.signIn('anna')
  await hela.signIn('hela')
})
afterAll(() => served?.remove())

/** A plan that may be applied; its id. */
async function planned(of: { readonly device: string; readonly runbook: string }): Promise<string> {
  const { run } = (await post(anna, '/plans', of)).json
  while (!(await anna.ask(`/api/v1/runs/${run}`)).json.appliable)
    await new Promise((resolve) => setTimeout(resolve, 20))
  return run
}

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

/** Times down as the journal has them: from the first bad look at a device to the first good one, or to `until`. */
function downByJournal(until: number): ReadonlyMap<string, { readonly times: number; readonly seconds: number }> {
  const journal = new Database(served.path('state.db'), { readonly: true })
  const looks = journal
    .prepare(`SELECT device, at, json FROM events WHERE type = 'device.finished' AND run <> 'sold' ORDER BY at`)
    .all() as { device: string; at: string; json: string }[]
  journal.close()
  const down = new Map<string, { times: number; seconds: number }>()
  const since = new Map<string, number>()
  const end = (device: string, at: number): void => {
    const sum = down.get(device) ?? { times: 0, seconds: 0 }
    sum.times += 1
    sum.seconds += (at - (since.get(device) ?? at)) / 1000
    down.set(device, sum)
    since.delete(device)
  }
  for (const { device, at, json } of looks) {
    const isDown = JSON.parse(json).state === 'unmet'
    if (isDown && !since.has(device)) since.set(device, Date.parse(at))
    if (!isDown && since.has(device)) end(device, Date.parse(at))
  }
  for (const device of [...since.keys()]) end(device, until)
  return down
}

/** What the pages Now, SLA, Trends and Board are made of, for somebody. */
async function totalsOf(who: Visitor) {
  const report = async (path: string): Promise<{ readonly rows: readonly Record<string, never>[] }> => {
    const { status, json } = await who.ask(`/api/v1/reports/${path}`)
    expect([path, status]).toEqual([path, 200])
    return json
  }
  const sum = ({ rows }: { readonly rows: readonly Record<string, never>[] }, key: string): number =>
    rows.reduce((total, row) => total + Number(row[key] ?? 0), 0)
  const now = (await who.ask('/api/v1/overview')).json
  const sla = await report(`availability?by=device&since=30d&limit=1000`)
  const trends = await report(`recurring?by=device&since=30d&limit=1000`)
  const board = await report('board?weeks=13&limit=200')
  return {
    now: [now.stores.total, now.devices.total, now.devices.counts],
    sla: sla.rows.map((row) => [row['group'], row['outages'], row['down_s']]).sort(),
    trends: [sum(trends, 'times'), sum(trends, 'down_s')],
    board: [sum(board, 'outages'), sum(board, 'down_s')],
  }
}

test('all five roles are told the same totals, those of the journal; a partner those of its own', async () => {
  const roles = await Promise.all(
    ['vera', 'hela', 'olek', 'aga', 'anna'].map(async (name) => {
      const who = new Visitor(served.url)
      await who.signIn(name)
      return who
    }),
  )
  const journal = new Database(served.path('state.db'), { readonly: true })
  const states = journal.prepare('SELECT state, count(*) AS count FROM device_status GROUP BY state').all()
  journal.close()
  const counts = Object.fromEntries((states as { state: string; count: number }[]).map((one) => [one.state, one.count]))
  const [office, south] = [`${NORTH}/office`, `${SOUTH}/pos1`]
  for (const who of roles) {
    const told = await totalsOf(who)
    const down = downByJournal(Date.now())
    const of = (device: string) => down.get(device) ?? { times: 0, seconds: 0 }
    expect(told.now).toEqual([2, 3, expect.objectContaining(counts)])
    expect(told.sla.map(([device, times]) => [device, times])).toEqual([
      [office, of(office).times],
      [`${NORTH}/pos1`, 0],
      [south, of(south).times],
    ])
    near(
      told.sla.map(([, , seconds]) => Number(seconds)),
      [of(office).seconds, 0, of(south).seconds],
    )
    near(told.trends, [of(office).times + of(south).times, of(office).seconds + of(south).seconds])
    near(told.board, [of(south).times, of(south).seconds])
  }
  const acme = await totalsOf(partners[1] as Visitor)
  const own = downByJournal(Date.now()).get(office)
  expect([acme.now.slice(0, 2), acme.sla.map(([device, times]) => [device, times])]).toEqual([
    [1, 1],
    [[office, own?.times]],
  ])
  near([...acme.trends, ...acme.board], [own?.times ?? 0, own?.seconds ?? 0, 0, 0])
})

/** An outage that goes on is some seconds longer a moment later. */
function near(told: readonly number[], wanted: readonly number[]): void {
  expect(told.length).toBe(wanted.length)
  for (const [at, value] of told.entries()) expect(Math.abs(value - (wanted[at] ?? 0)), String(told)).toBeLessThan(30)
}

test('a page at a time, in the order that was asked for, and what makes no sense is refused', async () => {
  const first = await viktor.ask('/api/v1/reports/completeness?since=3d&order=worst&limit=1')
  expect(first.json).toMatchObject({ next: expect.stringMatching(/^[0-9a-f]{32}\.1$/), rows: [{ store: SOUTH }] })
  expect((await viktor.ask('/api/v1/reports/availability?by=store&region=south')).json.rows).toEqual([])
  const refused = [
    ['/reports/nothing', 404],
    ['/reports/sla?by=colour', 400],
    ['/reports/sla?period=2026-13', 409],
    ['/reports/sla?contract=nothing', 409],
    ['/reports/board?weeks=0', 400],
    ['/reports/availability?of=selling&by=kind', 409],
    // Nobody shall take an answer about the whole for one about a part.
    ['/reports/sla?region=north', 400],
    ['/reports/sla-outages?device=x', 400],
    ['/reports/sla?by=store', 400],
    ['/reports/recurring?contract=offices', 400],
    [`/reports/board?store=${NORTH}&contract=offices`, 400],
    ['/incidents?state=broken', 400],
    ['/incidents/Inothing', 404],
  ] as const
  for (const [path, status] of refused) {
    const answer = await viktor.ask(`/api/v1${path}`)
    expect([path, answer.status, errorsOf('api-problem', answer.json)]).toEqual([path, status, []])
  }
  const closed = await viktor.ask('/api/v1/sla/closed')
  expect([closed.status, errorsOf('api-sla-closed', closed.json)]).toEqual([200, []])
  expect(closed.json.months).toMatchObject([
    { month: '2026-02', contract: 'offices' },
    { month: '2026-01', version: 1 },
    { month: '2026-01' },
  ])
  // That month was another partner's.
  const [whoever, acme] = await Promise.all(partners.map((one) => one.ask('/api/v1/sla/closed')))
  expect(whoever?.json.months).toMatchObject([{ month: '2026-02' }, { month: '2026-01' }])
  expect(acme?.json.months).toMatchObject([{ month: '2026-01', contract: 'offices' }])
})

test('an incident is found by its id and by its ticket, by those for whom it exists', async () => {
  const found = async (who: Visitor, text: string): Promise<unknown> => {
    const { json, status } = await who.ask(`/api/v1/search?q=${text}`)
    expect([status, errorsOf('api-search', json)]).toEqual([200, []])
    return json.incidents.map(({ incident }: { incident: string }) => incident)
  }
  for (const text of [ids.office, 'OPS-4711', '%20OPS-4711 '])
    for (const who of [viktor, ...partners]) expect([text, await found(who, text)]).toEqual([text, [ids.office]])
  for (const text of [ids.pos1, 'OPS-4712'])
    for (const who of partners) expect([text, await found(who, text)]).toEqual([text, []])
  expect([await found(viktor, 'OPS-4712'), await found(viktor, 'OPS-47')]).toEqual([[ids.pos1], []])
})

test('a board of some stores says nothing of contracts, and that it does not', async () => {
  const [part, whole] = [`store=${NORTH}`, ''].map((filter) => viktor.ask(`/api/v1/reports/board?weeks=1&${filter}`))
  expect((await whole)?.json.notes).toContainEqual(expect.stringMatching(/^offices in /))
  const { notes } = (await part)?.json ?? {}
  expect(notes).toContainEqual(expect.stringContaining('contracts are left out'))
  expect(notes).not.toContainEqual(expect.stringMatching(/^offices in /))
})

test('behind a proxy people are told apart by the address that it names, and their cookie goes by TLS alone', async () => {
  const signIn = (account: string, password: string | undefined, from: string): Promise<Answer> =>
    new Visitor(served.url).signIn(account, password, { 'x-forwarded-for': from })
  for (let tries = 0; tries < 5; tries += 1) expect((await signIn('hela', 'wrong', '203.0.113.9')).status).toBe(401)
  // What somebody writes in front of it, and proxies of ours on the way, change nothing.
  for (const from of ['203.0.113.9', '198.51.100.1, 203.0.113.9', '198.51.100.1, 203.0.113.9:4711, 10.1.2.3'])
    expect([from, (await signIn('hela', undefined, from)).status]).toEqual([from, 429])
  const other = await signIn('hela', undefined, '2001:db8::7')
  const cookie = other.headers.get('set-cookie') ?? ''
  expect([other.status, cookie]).toEqual([200, expect.stringMatching(/^__Host-till=[\w-]{43}; Path=\/; .*; Secure$/)])
  const { rows } = JSON.parse((await served.till('audit', 'list', '--json')).stdout)
  const begun = rows.filter(({ entry }: { entry: { kind: string } }) => entry.kind === 'session.begun').at(-1)
  expect(begun.entry.about.from).toBe('2001:db8::7')
  // A page that came here by plain HTTP would lose such a cookie.
  const plain = await new Visitor(served.url).signIn('hela', undefined, { origin: served.url })
  const others = plain.headers.get('set-cookie') ?? ''
  expect(others).not.toContain('Secure')
  // A sister host may set the other one for the whole domain: it does not count beside ours.
  const [ours = '', theirs = ''] = [cookie, others].map((one) => one.split(';')[0])
  const asks = [`${theirs}; ${ours}`, `${theirs}; __Host-till=x`, theirs].map((sent) =>
    new Visitor(served.url).ask('/api/v1/session', { headers: { cookie: sent } }),
  )
  expect((await Promise.all(asks)).map(({ status }) => status)).toEqual([200, 401, 200])
})

test('behind a proxy people act that calls the server by an address of its own and has a password of its own', async () => {
  const who = new Visitor(served.url)
  const from = { 'x-forwarded-for': '192.0.2.44' }
  const signIn = (origin: string): Promise<Answer> => who.signIn('hela', undefined, { ...from, origin })
  expect((await signIn('https://evil.example')).status).toBe(403)
  expect((await signIn('https://till.example')).status).toBe(200)
  const basic = { ...from, authorization: `Basic ${btoa('chain:of-the-proxy')}` }
  expect((await who.ask('/api/v1/session', { headers: basic })).json.account).toBe('hela')
  const leave = (origin: string): Promise<Answer> =>
    who.ask('/api/v1/session', { method: 'DELETE', headers: { ...basic, origin, 'x-till-csrf': who.csrf } })
  expect((await leave('https://evil.example')).status).toBe(403)
  expect((await leave('https://till.example')).status).toBe(200)
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
  const ways = [
    ...NAMED_REPORTS.flatMap((name) => filters.map((filter) => `/reports/${name}?${filter}`)),
    ...NAMED_REPORTS.map((name) => `/reports/${name}?of=selling&by=store`),
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
    while (json.state !== 'finished') {
      await new Promise((resolve) => setTimeout(resolve, 20))
      json = (await anna.ask(`/api/v1/runs/${run}`)).json
    }
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

test('whoever asks for a look that is under way is told of that one', async () => {
  const of = { device: `${NORTH}/pos1`, runbook: 'gate' }
  const looks = await Promise.all([anna, hela, hela, anna].map((who) => post(who, '/plans', of)))
  const [first] = looks.map(({ json }) => json.run)
  expect(looks.map(({ status, json }) => [status, json.run])).toEqual(looks.map(() => [202, first]))
  served.write('open', '')
  while ((await anna.ask(`/api/v1/runs/${first}`)).json.state !== 'finished')
    await new Promise((resolve) => setTimeout(resolve, 20))
  // A new look once it is over.
  let next = first
  while (next === first) next = (await post(hela, '/plans', of)).json.run
  expect(next).not.toBe(first)
})

test('why a message could not be sent is told to those who see everything', async () => {
  const told = async (who: Visitor) => {
    const { json } = await who.ask(`/api/v1/incidents/${ids.office}`)
    expect(errorsOf('api-incident', json)).toEqual([])
    return json.messages.map(({ why }: { why: string }) => why)
  }
  expect(await told(viktor)).toEqual(['mail1.house.example refuses it'])
  for (const partner of partners) {
    expect((await partner.ask(`/api/v1/incidents/${ids.office}`)).text).not.toContain('house.example')
  }
  expect(await told(partners[1] as Visitor)).toEqual(['It could not be sent.'])
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
  expect([shown.state, shown.paused, errorsOf('api-run', shown)]).toMatchObject(['running', { by: 'anna', why }, []])
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

test('who sees a part of the fleet may follow a run from its beginning, and gets no news of others', async () => {
  const office = { device: `${NORTH}/office`, runbook: 'slow' }
  const elsewhere = { device: `${NORTH}/pos1`, runbook: 'marker' }
  const [, acme] = partners as [Visitor, Visitor]
  const stop = new AbortController()
  const news = async (token: string, run = ''): Promise<{ count: number }> => {
    const answer = await fetch(`${served.url}/api/v1/events${run}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: stop.signal,
    })
    expect(answer.status).toBe(200)
    const told = { count: 0 }
    const read = async (): Promise<void> => {
      for await (const part of answer.body ?? [])
        told.count += Buffer.from(part).toString().split('event: fleet').length - 1
    }
    read().catch(() => undefined)
    return told
  }
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const [all, own] = [await news('token-of-all-0123456789'), await news('token-of-slow-0123456789')]
  await until(() => all.count > 0 && own.count > 0)
  const before = { all: 0, own: 0 }
  // The first time also brings what runs of before have found.
  for (let times = 0; times < 2; times += 1) {
    Object.assign(before, { all: all.count, own: own.count })
    await post(anna, '/plans', elsewhere)
    await until(() => all.count > before.all)
    // Another turn of its stream.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
  }
  expect(own.count).toBe(before.own)

  // It ends no device before the file is there again.
  rmSync(served.path('quick'), { force: true })
  const { run } = (await post(anna, `/runs/${await planned(office)}/apply`)).json
  const seen = await acme.ask(`/api/v1/runs/${run}`)
  expect([seen.status, errorsOf('api-run', seen.json)]).toEqual([200, []])
  expect(seen.json).toMatchObject({
    state: 'running',
    devices: 1,
    device_list: [{ device: office.device, state: null }],
  })
  expect((await acme.ask('/api/v1/runs')).json.runs[0]).toMatchObject({ run, devices: 1, exit_code: null })
  await news('token-of-slow-0123456789', `?run=${run}`)
  served.write('quick', '')
  await until(() => own.count > before.own)
  stop.abort()
})

test('a runbook is one of the repository by its name, whatever files there are', async () => {
  const device = `${NORTH}/office`
  served.write('elsewhere.yaml', 'name: elsewhere\nsteps: []\n')
  const names = [
    served.path('elsewhere.yaml'),
    'elsewhere.yaml',
    '../elsewhere',
    'runbooks/marker.yaml',
    '/etc/passwd',
    'nothing',
  ]
  for (const runbook of names) {
    const own = await post(partners[0] as Visitor, '/plans', { device, runbook })
    expect([own.status, own.json.why]).toEqual([400, `There is no runbook "${runbook}".`])
  }
  expect((await post(anna, '/plans', { device, runbook: 'nothing' })).json.why).toContain(
    'There are gate, marker, slow.',
  )
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
  // There are accounts that see a part of the fleet: these numbers are of the whole.
  expect((await new Visitor(served.url).ask('/metrics')).status).toBe(401)
  for (const partner of partners) expect(await partner.ask('/metrics')).toMatchObject({ status: 403 })
  const { text: metrics } = await viktor.ask('/metrics')
  const told = [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name],
  )
  // Counted only once something was.
  const later = [
    'till_repairs_total',
    'till_hook_requests_total',
    ...['_bucket', '_sum', '_count'].map((end) => `till_hook_answer_seconds${end}`),
  ]
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

test('whoever is given another part of the fleet, or other terms, gets no report that was made before', async () => {
  const [, acme] = partners as [Visitor, Visitor]
  const groups = async (): Promise<string[]> =>
    (await acme.ask('/api/v1/reports/availability?by=device&since=3d')).json.rows.map(
      ({ group }: { group: string }) => group,
    )
  const penalty = async (): Promise<number> => (await viktor.ask('/api/v1/reports/sla?since=3d')).json.rows[0].penalty
  expect([await groups(), await penalty()]).toEqual([[`${NORTH}/office`], 500])
  const settings = served.read('tillwright.yaml')
  const now = settings.replace(/(acme: .*)'office'/, "$1'pos1'").replace('amount: 500', 'amount: 700')
  served.write('tillwright.yaml', now)
  while ((await penalty()) !== 700) await new Promise((resolve) => setTimeout(resolve, 100))
  expect((await groups()).sort()).toEqual([`${NORTH}/pos1`, `${SOUTH}/pos1`])
})
