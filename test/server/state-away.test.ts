import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorsOf } from '../cli/published.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { NORTH, SECRETS, ServedProject } from './served-project.ts'
import { type Answer, Visitor } from './visitor.ts'

const SETTINGS = `server:
  senders: {all: {token: "env:T_ALL"}}
  accounts:
    anna: {role: admin, password: '${hashOf(PASSWORD)}'}
    wholesale: {role: viewer, token: "env:T_NORTH", devices: "store.id == '${NORTH}'"}
`

describe.skipIf(!hasPostgres)('while the database is away', () => {
  const database = new PostgresServer()
  let till: ServedProject

  beforeAll(async () => {
    await database.start()
    process.env['TILL_STATE'] = database.url
    till = new ServedProject(SETTINGS)
    await till.serve()
  }, 120_000)
  afterAll(async () => {
    await till?.remove()
    database.stop()
    delete process.env['TILL_STATE']
  })

  /** Whoever brings something is told to send it again before it gives up itself. */
  async function sendersAreToldSoon(): Promise<void> {
    const headers = { authorization: `Bearer ${SECRETS.T_ALL}`, 'content-type': 'application/json' }
    const labels = { alertname: 'MarkerGone', device: `${NORTH}/pos1` }
    const alert = { status: 'firing', labels, annotations: {}, startsAt: new Date().toISOString(), fingerprint: 'a' }
    const body = JSON.stringify({ version: '4', status: 'firing', alerts: [alert] })
    for (const [path, text] of [
      ['/hooks/alertmanager', body],
      ['/acknowledgements/M1', '{}'],
    ] as const) {
      const signal = AbortSignal.timeout(10_000)
      const answer = await fetch(`${till.url}${path}`, { method: 'POST', headers, body: text, signal })
      const json = JSON.parse(await answer.text())
      expect(errorsOf('hook-refused', json)).toEqual([])
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '5'])
    }
  }

  const asksOf = (anna: Visitor): readonly (() => Promise<Answer>)[] => [
    () => anna.ask('/api/v1/overview'),
    () => anna.ask('/api/v1/runs'),
    () =>
      anna.ask('/api/v1/holds', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-till-csrf': anna.csrf },
        body: JSON.stringify({ on: NORTH, until: '4h', why: 'stocktaking' }),
      }),
    () => new Visitor(till.url).signIn('anna'),
  ]

  async function all503(asks: readonly (() => Promise<Answer>)[]): Promise<void> {
    for (const ask of asks) {
      const begun = performance.now()
      const { status, headers, json } = await ask()
      expect([status, headers.get('retry-after'), errorsOf('api-problem', json)], JSON.stringify(json)).toEqual([
        503,
        '5',
        [],
      ])
      expect(json.why).toContain('The log of the server says')
      expect(performance.now() - begun).toBeLessThan(10_000)
    }
  }

  test('questions, words and numbers are 503, and the log says what to do', async () => {
    const anna = new Visitor(till.url)
    await anna.signIn('anna')
    const asks = asksOf(anna)
    const known = await Promise.all([asks[0]?.(), asks[1]?.(), anna.ask('/metrics')])
    expect(known.map((answer) => answer?.status)).toEqual([200, 200, 200])
    database.halt()
    await all503(asks)
    expect((await anna.ask('/metrics')).status).toBe(503)
    await sendersAreToldSoon()
    expect((await anna.ask('/healthz')).status).toBe(200)
    expect(till.told).toMatch(/Answered with 503: The state store, database .*does not answer.*pg_isready/)
    expect(till.told).not.toContain('a fault of Tillwright itself')
    const ready = async () => (await anna.ask('/readyz')).json
    await expect
      .poll(ready, { timeout: 60_000 })
      .toMatchObject({ ready: false, why: ['The state store does not answer.'] })
    database.resume()
    await expect.poll(ready, { timeout: 60_000 }).toMatchObject({ ready: true })
    await expect.poll(async () => (await anna.ask('/api/v1/overview')).status, { timeout: 60_000 }).toBe(200)
  }, 180_000)

  test('what is only slow is waited for', async () => {
    const anna = new Visitor(till.url)
    await anna.signIn('anna')
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    await other.query('BEGIN; LOCK TABLE tillwright.runs IN ACCESS EXCLUSIVE MODE')
    const answer = anna.ask('/api/v1/runs')
    // Longer than whoever asks waits for one that is away.
    await delay(8_000)
    await other.query('COMMIT')
    expect((await answer).status).toBe(200)
    await other.end()
  }, 60_000)

  test('so it is where it hangs, and what is sent again afterwards is taken', async () => {
    const anna = new Visitor(till.url)
    await anna.signIn('anna')
    const ready = async () => (await anna.ask('/readyz')).json
    await expect.poll(ready, { timeout: 60_000 }).toMatchObject({ ready: true })
    database.freeze('SIGSTOP')
    try {
      await all503(asksOf(anna))
      expect((await anna.ask('/metrics')).status).toBe(503)
      await sendersAreToldSoon()
      expect((await anna.ask('/healthz')).status).toBe(200)
      await expect.poll(ready, { timeout: 60_000 }).toMatchObject({ ready: false })
      // Its connections are let go of by now, and no new one comes about.
      await expect.poll(() => till.told, { timeout: 90_000, interval: 500 }).toMatch(/The state store, .*is away/)
      await all503(asksOf(anna))
      await sendersAreToldSoon()
    } finally {
      database.freeze('SIGCONT')
    }
    await expect.poll(ready, { timeout: 60_000 }).toMatchObject({ ready: true })
    await expect.poll(async () => (await anna.ask('/api/v1/overview')).status, { timeout: 60_000 }).toBe(200)
    const labels = { alertname: 'MarkerGone', device: `${NORTH}/pos1` }
    const alert = { status: 'firing', labels, annotations: {}, startsAt: '2026-12-01T10:00:00Z', fingerprint: 'b' }
    expect(await till.send('alertmanager', { version: '4', status: 'firing', alerts: [alert] })).toMatchObject({
      status: 202,
    })
    expect(till.told).not.toContain('a fault of Tillwright itself')
  }, 300_000)
})
