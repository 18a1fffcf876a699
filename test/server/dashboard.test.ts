import { spawn } from 'node:child_process'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { isPassword, readHash } from '../../src/app/accounts/password-hash.ts'
import { EXIT } from '../../src/core/outcome.ts'
import { ended, TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { TILL } from '../peers/till.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { NORTH, ServedProject, SOUTH } from './served-project.ts'
import { type Answer, Visitor } from './visitor.ts'

const settings = (more = '', hash = hashOf(PASSWORD)): string => `server:
  accounts:
    anna: {role: admin, password: '${hash}'}
    viktor: {role: viewer, password: '${hashOf(PASSWORD)}'}
    partner: {role: helpdesk, password: '${hashOf(PASSWORD)}', devices: "device.id == 'office'"}
    bi: {role: viewer, token: "env:T_ALL"}
    other: {role: viewer, token: "env:T_NORTH", devices: "device.id == 'office'"}
    nobody: {role: viewer, token: "env:T_SLOW", devices: "device.id == 'gone'"}
${more}`

const signedOut = { status: 401 }

describe('signing in', () => {
  let project: ServedProject | undefined
  afterEach(async () => {
    await project?.remove()
    project = undefined
  })

  test('begins a session that outlives the server, and ends with a word of ours, but not of others', async () => {
    const served = new ServedProject(settings())
    project = served
    await served.serve()
    const anna = new Visitor(served.url)
    expect(await anna.ask('/api/v1/overview')).toMatchObject(signedOut)
    expect(await anna.signIn('anna', 'wrong horse battery')).toMatchObject({ status: 401 })
    expect((await anna.signIn('nobody', 'wrong horse battery')).json.why).toBe('The name or the password is not right.')
    expect(await anna.signIn('bi', 'token-of-all-0123456789')).toMatchObject({ status: 401 })
    expect(await anna.signIn('anna', PASSWORD, { origin: 'https://evil.example' })).toMatchObject({ status: 403 })
    expect(await anna.signIn('anna', PASSWORD, { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 })
    const answer = await anna.signIn('anna')
    expect([answer.status, errorsOf('api-session', answer.json)]).toEqual([200, []])
    expect(answer.headers.get('set-cookie')).toMatch(
      /^till=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    )
    expect(answer.json).toMatchObject({ account: 'anna', role: 'admin', sees: 'all' })
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(answer.headers.get('cache-control')).toBe('no-store')
    await served.end('SIGKILL')
    await served.serve()
    const again = new Visitor(served.url)
    again.cookie = anna.cookie
    expect(await again.ask('/api/v1/session')).toMatchObject({ status: 200, json: { csrf: anna.csrf } })
    const out = (headers: Record<string, string>) => again.ask('/api/v1/session', { method: 'DELETE', headers })
    expect(await out({})).toMatchObject({ status: 403 })
    expect(await out({ 'x-till-csrf': `${anna.csrf}x` })).toMatchObject({ status: 403 })
    expect(await out({ 'x-till-csrf': anna.csrf, origin: 'http://127.0.0.1:1' })).toMatchObject({ status: 403 })
    expect(await out({ 'x-till-csrf': anna.csrf })).toMatchObject({ status: 200 })
    expect(await again.ask('/api/v1/overview')).toMatchObject(signedOut)
    const audit = JSON.parse((await served.till('audit', 'list', '--json')).stdout)
    expect(JSON.stringify(audit)).toContain('session.begun')
    expect(served.told).not.toContain(PASSWORD)
  })

  test('five wrong passwords close the door, for the right one too', async () => {
    const served = new ServedProject(settings())
    project = served
    await served.serve()
    const thief = new Visitor(served.url)
    const tries = await Promise.all(
      Array.from({ length: 8 }, (_, n) => thief.signIn('viktor', `a wrong password ${n}`)),
    )
    expect(tries.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    const right = await thief.signIn('viktor')
    expect(right.status).toBe(429)
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(600)
    expect(await thief.signIn('anna')).toMatchObject({ status: 200 })
  })

  test('a password that was not looked at, as too many came at once, is no wrong one', async () => {
    const served = new ServedProject(settings('  proxies: [127.0.0.1]\n'))
    project = served
    await served.serve()
    const from = (place: number) =>
      new Visitor(served.url).signIn('anna', PASSWORD, { 'x-forwarded-for': `10.9.0.${place}` })
    const statuses: number[] = []
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(Array.from({ length: 45 }, (_, place) => from(place)))
      statuses.push(...answers.map(({ status }) => status))
    }
    expect([...new Set(statuses)].sort()).toEqual([200, 503])
    expect(await from(1)).toMatchObject({ status: 200 })
  })

  test('a session ends when nobody does anything, and when the password is another one', async () => {
    const served = new ServedProject(settings('  sessions: {idle: 2s, whole: 1m}\n'))
    project = served
    await served.serve()
    const [idle, anna] = [new Visitor(served.url), new Visitor(served.url)]
    await idle.signIn('viktor')
    // A page that asks by itself is nobody who does something.
    while ((await idle.ask('/api/v1/session', { headers: { 'x-till-background': '1' } })).status === 200)
      await new Promise((resolve) => setTimeout(resolve, 100))
    await anna.signIn('anna')
    expect(await anna.ask('/api/v1/session')).toMatchObject({ status: 200 })
    served.write('tillwright.yaml', settings('', hashOf('another password 1')))
    served.server?.kill('SIGHUP')
    await served.has(() => served.told.includes('A new revision'))
    expect(await anna.ask('/api/v1/session')).toMatchObject(signedOut)
  })

  test('a session that began while the clock was ahead is over, and so is one that was used then', async () => {
    const served = new ServedProject(settings())
    project = served
    await served.serve()
    const [anna, viktor] = [new Visitor(served.url), new Visitor(served.url)]
    await Promise.all([anna.signIn('anna'), viktor.signIn('viktor')])
    const database = new Database(served.path('.till/state.db'))
    onTestFinished(() => void database.close())
    const years = 10 * 365 * 86_400_000
    const left = () => database.prepare('SELECT account FROM sessions ORDER BY account').all()
    database.prepare("UPDATE sessions SET used = used + ? WHERE account = 'anna'").run(years)
    database
      .prepare("UPDATE sessions SET begun = begun + ?, used = used + ? WHERE account = 'viktor'")
      .run(years, years)
    expect(await anna.ask('/api/v1/session')).toMatchObject(signedOut)
    expect(left()).toEqual([{ account: 'viktor' }])
    // Nobody comes back with that one: it goes when the next one begins.
    await anna.signIn('anna')
    expect(left()).toEqual([{ account: 'anna' }])
    expect(await viktor.ask('/api/v1/session')).toMatchObject(signedOut)
  })

  test('a session ends when its account goes, though the same commit has a mistake elsewhere', async () => {
    const served = new ServedProject(settings())
    project = served
    await served.serve()
    const [anna, viktor] = [new Visitor(served.url), new Visitor(served.url)]
    await Promise.all([anna.signIn('anna'), viktor.signIn('viktor')])
    served.write('inventory/other.yaml', 'stores: {S-9: {nonsense: true}}\n')
    const kept = served.read('tillwright.yaml').split('\n')
    served.write('tillwright.yaml', kept.filter((line) => !line.includes('anna:')).join('\n'))
    await served.has(() => served.told.includes('Not let in until then'))
    expect(await anna.ask('/api/v1/session')).toMatchObject(signedOut)
    expect(await anna.signIn('anna')).toMatchObject(signedOut)
    expect(await viktor.ask('/api/v1/session')).toMatchObject({ status: 200 })
  })

  test('an account that cannot be is told with its place', async () => {
    const cases = [
      ['    a: {role: viewer}\n', 'has neither a password nor a token', EXIT.usage],
      [
        '    a: {role: viewer, password: "scrypt:2:8:1:c2FsdHNhbHRzYWx0c2FsdA:aGFzaA"}\n',
        'is no hash that can be used',
        EXIT.usage,
      ],
      ['    a: {role: viewer, token: "env:T_NONE"}\n', 'cannot be read', EXIT.failed],
    ] as const
    for (const [account, says, exit] of cases) {
      await project?.remove()
      const served = new ServedProject(`server:\n  accounts:\n${account}`)
      project = served
      const { code, stdout } = await served.till('serve', '--listen', '127.0.0.1:0', '--json')
      expect([code, JSON.parse(stdout).diagnostics]).toMatchObject([
        exit,
        [{ code: 'SERVER_INVALID', source: { line: 3 } }],
      ])
      expect(stdout).toContain(says)
    }
  })
})

describe('the API', () => {
  let served: ServedProject
  let run = ''
  beforeAll(async () => {
    served = new ServedProject(settings())
    await served.till('plan', 'marker')
    await served.serve()
    run = (await new Visitor(served.url, 'token-of-all-0123456789').ask('/api/v1/runs')).json.runs[0].run
  })
  afterAll(() => served.remove())

  test('answers by its schemas, a page at a time', async () => {
    const bi = new Visitor(served.url, 'token-of-all-0123456789')
    const questions = {
      'api-session': '/session',
      'api-overview': '/overview',
      'api-map': '/map',
      'api-stores': '/stores?order=worst',
      'api-store': `/stores/${NORTH}`,
      'api-devices': '/devices?state=drifted&kind=till',
      'api-device': `/devices/${NORTH}/pos1`,
      'api-search': `/search?q=${NORTH}`,
      'api-runs': '/runs',
      'api-run': `/runs/${run}`,
      'api-run-device': `/runs/${run}/devices/${NORTH}/pos1`,
    }
    const answers = new Map<string, Answer['json']>()
    for (const [schema, path] of Object.entries(questions)) {
      const { status, json } = await bi.ask(`/api/v1${path}`)
      expect([path, status, errorsOf(schema, json)]).toEqual([path, 200, []])
      answers.set(schema, json)
    }
    expect(answers.get('api-overview')).toMatchObject({
      stores: { total: 2, sells: { yes: 2 } },
      devices: { total: 3, counts: { drifted: 3 } },
    })
    expect(answers.get('api-device')).toMatchObject({
      state: 'drifted',
      clock: { zone: 'Europe/Warsaw' },
      findings: [{ fault: 'drift' }],
      timeline: [{ run, state: 'drifted', times: 1 }],
    })
    expect(answers.get('api-search').devices.map((one: { device: string }) => one.device)).toContain(`${NORTH}/pos1`)
    expect(answers.get('api-run')).toMatchObject({
      devices: 3,
      counts: { drifted: 3 },
      waves: [{ counts: { drifted: 3 } }],
    })
    expect(answers.get('api-run-device').steps).toMatchObject([{ state: 'drifted', changes: [{}] }])
    const names: string[] = []
    for (let next: string | null = '0'; next !== null; ) {
      const { json }: Answer = await bi.ask(`/api/v1/devices?limit=2&after=${next}`)
      names.push(...json.devices.map((one: { device: string }) => one.device))
      next = json.next
    }
    expect(names).toEqual([`${NORTH}/pos1`, `${NORTH}/office`, `${SOUTH}/pos1`])
  })

  test('what makes no sense is refused with what would', async () => {
    const bi = new Visitor(served.url, 'token-of-all-0123456789')
    const refused = [
      ['/stores?stat=failed', 400, 'There is no parameter "stat"'],
      ['/stores?state=broken', 400, '"state" has no value "broken". There are indeterminate'],
      ['/devices?limit=1001', 400, '"limit" is a number from 1 to 1000.'],
      ['/devices?limit=x', 400, '"limit" is a number'],
      [`/devices/${NORTH}/pos9`, 404, 'There is no device'],
      ['/runs/latest', 404, 'There is no run'],
      ['/nothing', 404, 'There is no such question.'],
    ] as const
    for (const [path, status, why] of refused) {
      const answer = await bi.ask(`/api/v1${path}`)
      expect([path, answer.status, errorsOf('api-problem', answer.json)]).toEqual([path, status, []])
      expect(answer.json.why).toContain(why)
    }
    const post = (body: string, type: string) =>
      new Visitor(served.url).ask('/api/v1/session', { method: 'POST', headers: { 'content-type': type }, body })
    expect((await post('{', 'application/json')).status).toBe(400)
    expect((await post('[]', 'application/json')).status).toBe(400)
    expect((await post('account=anna', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await post('x'.repeat(3_000_000), 'application/json')).status).toBe(413)
  })

  test('a role reaches as far as it does, and no further', async () => {
    const post = (who: Visitor, path: string, body: object) =>
      who.ask(`/api/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-till-csrf': who.csrf },
        body: JSON.stringify(body),
      })
    const [anna, viktor, partner] = [new Visitor(served.url), new Visitor(served.url), new Visitor(served.url)]
    for (const [who, name] of [
      [anna, 'anna'],
      [viktor, 'viktor'],
      [partner, 'partner'],
    ] as const)
      await who.signIn(name)
    const own = { device: `${NORTH}/office`, runbook: 'marker' }
    expect(await post(viktor, '/plans', own)).toMatchObject({ status: 403 })
    expect(await post(partner, '/plans', { ...own, device: `${NORTH}/pos1` })).toMatchObject({ status: 404 })
    expect(await post(partner, '/plans', { ...own, runbook: 'nothing' })).toMatchObject({ status: 400 })
    const csrf = partner.csrf
    partner.csrf = ''
    expect(await post(partner, '/plans', own)).toMatchObject({ status: 403 })
    partner.csrf = csrf
    const begun = await post(partner, '/plans', own)
    expect([begun.status, errorsOf('api-started', begun.json)]).toEqual([202, []])
    const path = `/runs/${begun.json.run}`
    let planned = await partner.ask(`/api/v1${path}`)
    while (planned.json?.state !== 'finished') {
      await new Promise((resolve) => setTimeout(resolve, 20))
      planned = await partner.ask(`/api/v1${path}`)
    }
    expect(planned.json).toMatchObject({ mode: 'plan', by: 'partner', counts: { drifted: 1 } })
    expect(served.log()).toEqual([])
    expect(await post(partner, `${path}/abort`, { why: 'x' })).toMatchObject({ status: 403 })
    expect(await post(viktor, `${path}/approve`, { why: 'x' })).toMatchObject({ status: 403 })
    expect(await post(anna, `${path}/approve`, { why: '' })).toMatchObject({ status: 400 })
    const nobody = await post(anna, `${path}/approve`, { why: 'it is well' })
    expect([nobody.status, nobody.json.why]).toEqual([409, expect.stringContaining("waits for nobody's word")])
    const ended = await post(anna, `${path}/abort`, { why: 'it is not wanted' })
    expect([ended.status, errorsOf('api-said', ended.json)]).toEqual([200, []])
  })

  test('a partner finds nothing of what is not its own, whichever way it asks', async () => {
    const hidden = [`${NORTH}/pos1`, SOUTH, `${SOUTH}/pos1`]
    const partner = new Visitor(served.url)
    await partner.signIn('partner')
    const values = [
      '',
      ...hidden,
      NORTH,
      `${NORTH}/office`,
      'pos1',
      'till',
      'drifted',
      '127.0.0.1',
      '127.0.2.1',
      'north',
      run,
    ]
    const ways = [
      ...values.flatMap((value) => [`/search?q=${encodeURIComponent(value)}`, `/stores/${value}`, `/devices/${value}`]),
      ...values.flatMap((value) => [`/runs/${value}`, `/runs/${run}/devices/${value}`]),
      ...['stores', 'devices'].flatMap((list) =>
        [
          '',
          'region=north',
          `store=${SOUTH}`,
          `store=${NORTH},${SOUTH}`,
          'state=drifted',
          'order=worst',
          'limit=1000',
          'after=1',
          'after=-1',
          'after=0&limit=1',
        ].map((question) => `/${list}?${question}`),
      ),
      ...['', 'limit=1', 'after=2099-01-01T00:00:00.000Z z', 'after=0'].map((question) => `/runs?${question}`),
      ...['state=drifted', 'state=in-sync', 'limit=1000', 'after=1'].map((question) => `/runs/${run}?${question}`),
      '/overview',
      '/map',
      `/map?region=north&state=drifted`,
      `/events?run=${SOUTH}`,
      '/session',
      `/stores/%2e%2e/devices/${SOUTH}/pos1`,
      `/devices/${NORTH}/office/../pos1`,
      `/devices/${NORTH}%2fpos1`,
      `//devices/${SOUTH}/pos1`,
    ]
    const askers = [
      partner,
      new Visitor(served.url, 'token-of-north-0123456789'),
      new Visitor(served.url, 'token-of-slow-0123456789'),
    ]
    for (const asker of askers) {
      for (const way of ways) {
        const { text, status } = await asker.ask(`/api/v1${way}`)
        // What was asked for may be said again.
        const said = status === 404 ? '' : text
        for (const name of hidden) expect(said.includes(name), `${way} tells of ${name}: ${said}`).toBe(false)
        expect(status).toBeLessThan(500)
      }
    }
    expect(ways.length * askers.length).toBeGreaterThan(200)
    const overview = await partner.ask('/api/v1/overview')
    expect(overview.json).toMatchObject({ stores: { total: 1 }, devices: { total: 1, counts: { drifted: 1 } } })
    const seen = await partner.ask(`/api/v1/runs/${run}`)
    expect(seen.json).toMatchObject({ devices: 1, total: 1, counts: { drifted: 1 }, exit_code: null })
    const none = await askers[2]?.ask('/api/v1/runs')
    expect(none?.json).toMatchObject({ runs: [], next: null })
    const metrics = await new Visitor(served.url, 'token-of-all-0123456789').ask('/metrics')
    expect(metrics.status).toBe(200)
    for (const name of hidden) expect(metrics.text).not.toContain(name)
  })
})

test('`till account hash` makes what the server takes, and refuses a short password', async () => {
  const project = new TestProject({})
  const hash = async (password: string) => {
    const env = { ...process.env, NO_COLOR: '1' }
    const child = spawn(process.execPath, [TILL, 'account', 'hash'], { cwd: project.root, env, stdio: 'pipe' })
    const end = ended(child)
    child.stdin.end(password)
    return end
  }
  const { code, stdout } = await hash(`${PASSWORD}\n`)
  const known = readHash(stdout)
  expect([code, known !== undefined && (await isPassword(PASSWORD, known))]).toEqual([0, true])
  expect(known !== undefined && (await isPassword(`${PASSWORD}\n`, known))).toBe(false)
  expect(await hash('short')).toMatchObject({ code: 2, stdout: '' })
  await project.remove()
})
