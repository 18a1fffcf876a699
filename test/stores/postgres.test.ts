import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InputError } from '../../src/core/diagnostic.ts'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import type { WorkerFacts } from '../../src/core/handed-work.ts'
import type { DeviceOutcome } from '../../src/core/outcome.ts'
import type { NewEvent, RunStore } from '../../src/core/run-store.ts'
import { LEASES } from '../../src/stores/locks.ts'
import { openPostgresStore } from '../../src/stores/postgres/open.ts'
import { lockKey } from '../../src/stores/postgres/transaction.ts'
import { processIdentity } from '../../src/stores/process-identity.ts'
import { SCHEMA_VERSION } from '../../src/stores/schema.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { listed } from '../../src/testing/store-bench.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { freePort } from '../peers/free-port.ts'
import { hasPostgres, hasPostgres17, PostgresServer } from '../peers/postgres-server.ts'

const server = new PostgresServer()
const opened: RunStore[] = []
let schemas = 0

async function open(address: string): Promise<RunStore> {
  const store = await openPostgresStore(address)
  opened.push(store)
  return store
}

/** Code, summary and detail of the refusal, in one line. */
async function refusal(address: string): Promise<string> {
  const error = await openPostgresStore(address).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof InputError)) throw new Error(`no refusal but ${error}`, { cause: error })
  return error.diagnostics
    .map(({ summary, detail }) => `${summary}. ${detail}`.replaceAll(String(server.port), 'PORT'))
    .join()
}

const fresh = (): string => `${server.url}?schema=t${++schemas}`
const ofRun = (run: string, devices: number) =>
  recordRun(
    Array.from({ length: devices }, (_, n) => ({ device: `PL-0001/pos${n}`, state: 'in-sync' as const })),
    { run, mode: 'apply' },
  )

describe.skipIf(!hasPostgres)('state in PostgreSQL', () => {
  beforeAll(() => server.start())
  afterAll(async () => {
    for (const store of opened) await store.close()
    server.stop()
  })

  test('hears of controllers and workers while there is no room for events', async () => {
    const address = fresh()
    const schema = `t${schemas}`
    const store = await open(address)
    await store.leases.beat('one', 60_000)
    const full = `CREATE FUNCTION ${schema}.full_disk() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$`
    server.sql(full)
    server.sql(`CREATE TRIGGER full_disk BEFORE INSERT ON ${schema}.events EXECUTE FUNCTION ${schema}.full_disk()`)
    const run = ofRun('20261122T034716Z-cccccc', 3)
    const written = store.append(run)
    // In the turn of the events, and behind it.
    expect(await store.leases.beat('one', 60_000)).toEqual({ intact: true })
    expect(await store.leases.beat('one', 60_000)).toEqual({ intact: true })
    const worker = { name: 'hub', session: 's1' } as WorkerFacts
    expect(await store.work.present(worker, 60_000)).toBe(true)
    expect(server.sql(`SELECT count(*) FROM ${schema}.events`)).toBe('0')
    expect(await Promise.race([written, delay(100, 'waits')])).toBe('waits')
    server.sql(`DROP TRIGGER full_disk ON ${schema}.events`)
    expect(await written).toHaveLength(run.length)
    expect(server.sql(`SELECT beats FROM ${schema}.controllers WHERE id = 'one'`)).toBe('3')
  }, 20_000)

  test('gives the name of a worker to another one at once where its process is dead on this machine', async () => {
    const { work } = await open(fresh())
    const worker = (session: string): WorkerFacts =>
      ({ name: 'hub', session, host: hostname(), pid: process.pid }) as WorkerFacts
    expect(await work.present(worker('s1'), 60_000)).toBe(true)
    expect(await work.present(worker('s2'), 60_000)).toBe(false)
    // One that had the number of this process before it.
    const [boot, namespace] = (processIdentity(process.pid) ?? '').split(' ')
    const json = `jsonb_set(json::jsonb, '{process}', '"${boot} ${namespace} 1"')::text`
    server.sql(`UPDATE t${schemas}.workers SET json = ${json}`)
    expect(await work.present(worker('s2'), 60_000)).toBe(true)
    expect(await work.workers()).toEqual([worker('s2')])
  })

  test('says what is wrong with an address and what to do, and never shows a password', async () => {
    const at = (change: (url: URL) => void): string => {
      const url = new URL(server.url)
      change(url)
      return url.href
    }
    const wrong = {
      away: at((url) => {
        url.port = '1'
      }),
      password: at((url) => {
        url.password = 'wrong-password-0123'
      }),
      user: at((url) => {
        url.username = 'nobody'
      }),
      database: at((url) => {
        url.pathname = '/nothing'
      }),
      tls: `${server.url}?sslmode=require`,
      mode: `${server.url}?sslmode=no-verify`,
      certificates: `${server.url}?sslrootcert=/nowhere.pem`,
      option: `${server.url}?application_name=x`,
      schema: `${server.url}?schema=No;`,
      form: 'mysql://till@localhost/till',
    }
    const said: Record<string, string> = {}
    for (const [what, address] of Object.entries(wrong)) said[what] = await refusal(address)
    expect(JSON.stringify(said)).not.toMatch(/password-/)
    expect(said).toMatchInlineSnapshot(`
      {
        "away": "The state store, database "till" on 127.0.0.1:1 as "till", does not answer (ECONNREFUSED). See that PostgreSQL runs there and can be reached from this machine; \`pg_isready\` of its client tells.",
        "certificates": "The certificates "/nowhere.pem" of sslrootcert cannot be read (ENOENT). Name a file in PEM with the certificate of the authority that signed the one of the server.",
        "database": "The state store, database "nothing" on 127.0.0.1:PORT as "till", does not exist (3D000). Correct its name in the address, or create it: \`createdb --owner=USER DATABASE\`. Tillwright makes its tables in it by itself.",
        "form": "What names the PostgreSQL of the state is not an address. Write it as postgres://USER@HOST:5432/DATABASE.",
        "mode": "The address of the PostgreSQL of the state has sslmode "no-verify". Write one of disable, require, verify-ca, verify-full. With TLS the certificate is always verified, and so is the name in it.",
        "option": "The address of the PostgreSQL of the state has an option "application_name". sslmode, sslrootcert and schema are known there, and host for the folder of a socket.",
        "password": "The state store, database "till" on 127.0.0.1:PORT as "till", refuses the user or the password (28P01). Correct them in the address (\`state\` of tillwright.yaml, or TILL_STATE), or set this password there: \`ALTER ROLE … PASSWORD\`.",
        "schema": "The address of the PostgreSQL of the state has a schema "No;". Write small letters, digits and _ .",
        "tls": "The state store, database "till" on 127.0.0.1:PORT as "till", does not speak TLS. Switch TLS on there (ssl = on), or write sslmode=disable where the way to it is safe.",
        "user": "The state store, database "till" on 127.0.0.1:PORT as "nobody", refuses the user or the password (28P01). Correct them in the address (\`state\` of tillwright.yaml, or TILL_STATE), or set this password there: \`ALTER ROLE … PASSWORD\`.",
      }
    `)
  })

  test('is made once by whoever comes first, and refuses what is newer or of others', async () => {
    const address = fresh()
    const schema = `t${schemas}`
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(address)))
    expect(new Set(stores.map((store) => store.leases.id)).size).toBe(1)
    expect(server.sql(`SELECT count(*), max(version) FROM ${schema}.state_schema`)).toBe(`1|${SCHEMA_VERSION}`)
    server.sql(`UPDATE ${schema}.state_schema SET version = 999`)
    await open(address)
    server.sql(`UPDATE ${schema}.state_facts SET value = '998' WHERE name = 'usable_from'`)
    expect(await refusal(address)).toContain('was written by a newer Tillwright (schema 999')
    server.sql('CREATE SCHEMA other; CREATE TABLE other.things (a text)')
    expect(await refusal(`${server.url}?schema=other`)).toContain('holds tables of another program')
  })

  test('lets no two take the last place at once, however their questions cross', async () => {
    const address = fresh()
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(address)))
    const take = (store: RunStore, device: string) =>
      store.admission.transact('fleet' as FleetKey, (content) => {
        const isFree = content.places.length < 3
        const place = { run: 'r', device, phase: 'held', purpose: 'repair', takes: [device], since: 0 } as const
        return { result: isFree, content: isFree ? { ...content, places: [...content.places, place] } : content }
      })
    const asked = stores.flatMap((store, who) => Array.from({ length: 10 }, (_, n) => take(store, `${who}-${n}`)))
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3)
  })

  test('writes once what was lost in the middle of its commit, wherever the line was cut', async () => {
    const proxy = await LossyLine.to(server.port)
    try {
      const address = fresh().replace(`:${server.port}/`, `:${proxy.port}/`)
      const store = await open(address)
      const events = ofRun('cut', 60)
      let sent = 0
      for (const event of events) {
        // Of what the server says the line loses more each time: its answer to BEGIN, to a write, to COMMIT.
        proxy.cutAfter(sent % 9 === 4 ? undefined : (sent * 7) % 400)
        const [written] = await store.append([event])
        sent += 1
        expect(written?.seq).toBe(sent)
      }
      proxy.cutAfter(undefined)
      expect(proxy.cuts).toBeGreaterThan(20)
      expect((await listed(store.events('cut'))).map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq))
    } finally {
      await proxy.close()
    }
  })

  test('writes again what was lost with its primary, whose numbers the next one gives to others', async () => {
    const primary = new PostgresServer()
    await primary.start()
    const line = await LossyLine.to(primary.port)
    try {
      const store = await openPostgresStore(primary.url.replace(`:${primary.port}/`, `:${line.port}/`))
      const events = ofRun('lost', 3).slice(0, 3)
      await store.append(events.slice(0, 1))
      primary.halt()
      const standby = `${primary.data}-standby`
      execFileSync('cp', ['-a', primary.data, standby])
      primary.resume()
      line.cutBefore('COMMIT\0', () => {
        // It reaches the primary, which dies; the standby has not heard of it, and counts on from where it was.
        primary.halt('immediate')
        rmSync(primary.data, { recursive: true })
        execFileSync('cp', ['-a', standby, primary.data])
        primary.resume()
        primary.sql('DO $$ BEGIN FOR n IN 1..300 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$')
      })
      const written = [...(await store.append(events.slice(1, 2))), ...(await store.append(events.slice(2)))]
      expect(line.cuts).toBe(1)
      expect(written.map((event) => event?.seq)).toEqual([2, 3])
      expect(await listed(store.events('lost'))).toEqual(events)
      await store.close()
      expect(primary.sql("SELECT count(*) FROM tillwright.state_facts WHERE name LIKE 'commit %'")).toBe('0')
    } finally {
      await line.close()
      primary.stop()
    }
  }, 120_000)

  test('reads nothing of a standby, whatever a name or a balancer leads to', async () => {
    const [primary, standby] = [new PostgresServer(), new PostgresServer()]
    const line = new LossyLine((connection) => (connection === 2 ? standby.port : primary.port))
    try {
      await Promise.all([primary.start(), standby.start()])
      await line.listen()
      const events = ofRun('one', 2)
      const before = await openPostgresStore(primary.url)
      await before.append(events.slice(0, 2))
      await before.close()
      for (const server of [primary, standby]) server.halt()
      rmSync(standby.data, { recursive: true })
      execFileSync('cp', ['-a', primary.data, standby.data])
      writeFileSync(`${standby.data}/standby.signal`, '')
      for (const server of [primary, standby]) server.resume()
      const store = await openPostgresStore(primary.url.replace(`:${primary.port}/`, `:${line.port}/`))
      opened.push(store)
      await store.append(events.slice(2))
      expect((await listed(store.events('one'))).map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq))
      expect(line.connections).toBe(3)
      expect(await refusal(standby.url)).toContain('is read-only: a standby')
    } finally {
      await line.close()
      primary.stop()
      standby.stop()
    }
  }, 120_000)

  test('waits for a lock for longer than the role may ask a question', async () => {
    const address = fresh()
    await open(address)
    const holder = new pg.Client({ connectionString: server.url })
    await holder.connect()
    await holder.query(`BEGIN; SELECT pg_advisory_xact_lock(${lockKey(`t${schemas} ${LEASES}`)})`)
    server.sql("ALTER ROLE till SET statement_timeout = '200ms'; ALTER ROLE till SET lock_timeout = '100ms'")
    try {
      const store = await open(address)
      const beat = store.leases.beat('a', 60_000)
      const waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
      await expect.poll(() => Number(server.sql(waits)), { timeout: 20_000 }).toBe(1)
      await delay(500)
      await holder.query('COMMIT')
      expect(await beat).toEqual({ intact: false })
    } finally {
      server.sql('ALTER ROLE till RESET ALL')
      await holder.end()
    }
  }, 60_000)

  test.skipIf(!hasPostgres17)(
    'waits for a lock for longer than the role of PostgreSQL 17 may have a transaction',
    async () => {
      const newer = new PostgresServer('till', 17)
      try {
        await newer.start()
        const told: string[] = []
        newer.sql("ALTER ROLE till SET transaction_timeout = '300ms'")
        const store = await openPostgresStore(newer.url, { tell: (text) => told.push(text) })
        const holder = new pg.Client({ connectionString: newer.url })
        await holder.connect()
        await holder.query('SET transaction_timeout = 0')
        await holder.query(`BEGIN; SELECT pg_advisory_xact_lock(${lockKey(`tillwright ${LEASES}`)})`)
        const beat = store.leases.beat('a', 60_000)
        const waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        await expect.poll(() => Number(newer.sql(waits)), { timeout: 20_000 }).toBe(1)
        await delay(1_000)
        await holder.query('COMMIT')
        expect([await beat, told]).toEqual([{ intact: false }, []])
        await holder.end()
        await store.close()
      } finally {
        newer.stop()
      }
    },
    60_000,
  )

  test('gives up what takes too long each time, and does not take it for a server that is away', async () => {
    const told: string[] = []
    const address = fresh()
    const store = await openPostgresStore(address, { tell: (text) => told.push(text) })
    opened.push(store)
    await store.sessions.begin({ id: 'x', account: 'a', proof: '', begun: 0, used: 0 })
    server.sql(`SET search_path TO t${schemas}; ALTER TABLE sessions RENAME TO kept;
      CREATE VIEW sessions AS SELECT kept.* FROM kept, (SELECT pg_sleep(60)) AS slow`)
    const error = await store.sessions.find('x').catch((reason: unknown) => reason)
    expect(String(error)).toContain('has ended a question that took too long')
    expect(told).toEqual([])
    const going = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%from \"sessions\"%'"
    expect(server.sql(`${going} AND pid <> pg_backend_pid()`)).toBe('0')
  }, 240_000)

  test('does not take a server for away that answers others first', async () => {
    const told: string[] = []
    const address = fresh()
    const store = await openPostgresStore(address, { tell: (text) => told.push(text) })
    opened.push(store)
    await store.sessions.begin({ id: 'x', account: 'a', proof: '', begun: 0, used: 0 })
    server.sql(`SET search_path TO t${schemas}; ALTER TABLE sessions RENAME TO kept;
      CREATE VIEW sessions AS SELECT kept.* FROM kept, (SELECT pg_sleep(17)) AS slow`)
    const found = await Promise.all(['x', 'x'].map((id) => store.sessions.find(id)))
    expect([found.map((each) => each?.account), told]).toEqual([['a', 'a'], []])
  }, 240_000)

  test('tells of a line that goes dead behind answers, however much was asked, and asks by another', async () => {
    const line = await LossyLine.to(server.port)
    try {
      const told: string[] = []
      const address = fresh().replace(`:${server.port}/`, `:${line.port}/`)
      const store = await openPostgresStore(address, { tell: (text) => told.push(text.replace(/,.*/, '')) })
      opened.push(store)
      await store.sessions.begin({ id: 'x', account: 'a', proof: '', begun: 0, used: 0 })
      await store.sessions.find('x')
      line.deadAfter(2_000)
      let answered = 0
      const found = Array.from({ length: 40 }, async () => {
        const session = await store.sessions.find('x')
        if (told.length === 0) answered += 1
        return session?.account
      })
      expect(new Set(await Promise.all(found))).toEqual(new Set(['a']))
      expect([line.cuts, told]).toEqual([1, ['The state store', 'The state store is back.']])
      expect([answered > 0, answered < 40]).toEqual([true, true])
    } finally {
      await line.close()
    }
  }, 120_000)

  test('takes ends of devices into the ledger with few questions, as the server may be far away', async () => {
    const line = await LossyLine.to(server.port)
    try {
      const store = await open(fresh().replace(`:${server.port}/`, `:${line.port}/`))
      const devices = Array.from({ length: 400 }, (_, n) => ({ device: `PL-0001/pos${n}`, state: 'in-sync' as const }))
      await store.append(recordRun(devices, { run: 'a' }))
      const before = line.turns
      await store.availability.takeIn(3_600_000)
      // One a device would be 400; the answers to what is only written come in as many pieces as the line likes.
      expect(line.turns - before).toBeLessThan(100)
    } finally {
      await line.close()
    }
  }, 60_000)

  test('keeps what is written while the server is down, and nobody takes over before a heartbeat after its return', async () => {
    const address = fresh()
    const told: string[] = []
    const store = await openPostgresStore(address, { tell: (text) => told.push(text) })
    const other = await openPostgresStore(address)
    opened.push(store, other)
    const ttlMs = 2_000
    await store.leases.beat('a', ttlMs)
    const lease = await store.leases.acquire(['device:f/d'], { run: 'a', controller: 'a' })
    if (!lease.granted) throw new Error('it is free')
    // As on another machine: nobody can look whether its process is there.
    server.sql(`UPDATE t${schemas}.controllers SET host = 'elsewhere', pid = 1`)
    await store.append(ofRun('away', 3).slice(0, 3))
    server.halt('immediate')
    const rest = ofRun('away', 3).slice(3) as NewEvent[]
    const kept = store.append(rest, () => [lease.token])
    await delay(2 * ttlMs)
    server.resume()
    const back = Date.now()
    const took = await other.leases.acquire(['device:f/d'], { run: 'b', controller: 'b' })
    // On a busy machine the answer may be of later than a heartbeat after its return.
    expect(took.granted && Date.now() - back < ttlMs / 4).toBe(false)
    expect((await kept).map((event) => event?.seq)).toEqual(rest.map((_, index) => index + 4))
    expect(told.map((text) => text.replace(/".*/, '…'))).toEqual([
      expect.stringMatching(/^The state store, database …/),
      'The state store is back.',
    ])
    await other.leases.beat('b', ttlMs)
    while (!(await other.leases.acquire(['device:f/d'], { run: 'b', controller: 'b' })).granted) await delay(50)
    expect(Date.now() - back).toBeGreaterThan(ttlMs / 4 - 100)
    expect(await store.append([rest[0] as NewEvent], () => [lease.token])).toEqual([undefined])
  })

  test('gives nothing away to a process that comes right after its start, before a heartbeat of the holder could have come', async () => {
    const address = fresh()
    const ttlMs = 12_000
    const store = await open(address)
    await store.leases.beat('a', ttlMs)
    expect(await store.leases.acquire(['device:f/d'], { run: 'a', controller: 'a' })).toMatchObject({ granted: true })
    server.halt()
    server.resume()
    // On another machine, which the server that was away has not heard of for long.
    const longOver = `host = 'elsewhere', pid = 1, until = until - ${10 * ttlMs}`
    server.sql(`UPDATE t${schemas}.controllers SET ${longOver}`)
    const other = await open(address)
    const back = performance.now()
    const take = async () => (await other.leases.acquire(['device:f/d'], { run: 'b', controller: 'b' })).granted
    expect((await take()) && performance.now() - back < ttlMs / 8).toBe(false)
    await other.leases.beat('b', ttlMs)
    while (!(await take())) await delay(100)
    // It began a little before.
    expect(performance.now() - back).toBeGreaterThan(ttlMs / 8)
    expect(performance.now() - back).toBeLessThan(10 * ttlMs)
  })

  test('availability is the same as with SQLite, however its rows have come to lie', async () => {
    const address = fresh()
    const schema = new URL(address).searchParams.get('schema')
    const inventory = inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n').replace(
      'closed',
      '06:00-22:00',
    )
    const projects = ['{postgres: "env:TILL_LEDGER"}', 'state.db'].map((state) => {
      const project = new TestProject({ 'tillwright.yaml': `state: ${state}\n` })
      project.write('inventory/fleet.yaml', inventory)
      return project
    })
    const [ours, other] = projects as [TestProject, TestProject]
    const stores = [await open(address), await openSqliteStore(other.path('state.db'))]
    const paper = { fault: 'paper-out', severity: 'sale-blocked', owner: 'store' } as const
    for (const [hour, state] of ['in-sync', 'unmet', 'in-sync', 'unmet', 'in-sync'].entries()) {
      const end = { state, answered: true, ...(state === 'unmet' && { classification: paper }) } as DeviceOutcome
      const run = recordRun([{ device: 'PL-0001/pos1', ...end }], {
        run: `run${hour}`,
        at: new Date(Date.UTC(2026, 9, 20, 8 + hour)).toISOString(),
      })
      for (const store of stores) await store.append(run)
    }
    await stores[1]?.close()
    process.env['TILL_LEDGER'] = address
    const report = async (project: TestProject) => {
      const days = ['--period', '2026-10', '--by', 'device']
      const { code, stdout, stderr } = await project.till('report', 'availability', ...days, '--json')
      expect([code, stderr]).toEqual([0, ''])
      return { ...JSON.parse(stdout), made_at: '' }
    }
    const told = await report(other)
    expect(told.groups[0].down_s).toBeGreaterThan(0)
    expect(await report(ours)).toEqual(told)
    // As updates and vacuum leave them in the end: what is oldest lies behind everything else.
    server.sql(`SET search_path = ${schema}; CREATE TEMP TABLE early AS SELECT * FROM availability_spans ORDER BY first LIMIT 4;
      DELETE FROM availability_spans s USING early e WHERE (s.month, s.device, s.track, s.first) = (e.month, e.device, e.track, e.first);
      INSERT INTO availability_spans SELECT * FROM early; ANALYZE availability_spans`)
    expect(await report(ours)).toEqual(told)
    delete process.env['TILL_LEDGER']
    for (const project of projects) await project.remove()
  })
})

/** A line to the server that is cut when so many bytes have come back. */
class LossyLine {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  port = 0
  connections = 0
  cuts = 0
  /** How often something was asked after an answer. */
  turns = 0
  #cut: { readonly word: string; readonly then: () => void } | undefined
  #left = Number.POSITIVE_INFINITY
  #isSilent = false

  constructor(target: (connection: number) => number) {
    this.#server = createServer((near) => {
      this.connections += 1
      const far = connect(target(this.connections), '127.0.0.1')
      let isAsking = false
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          near.destroy()
          far.destroy()
        })
      }
      near.on('data', (chunk) => {
        if (!isAsking) this.turns += 1
        isAsking = true
        const cut = this.#cut && chunk.includes(this.#cut.word) ? this.#cut.then : undefined
        if (!cut) {
          far.write(chunk)
          return
        }
        this.#cut = undefined
        this.cuts += 1
        near.destroy()
        cut()
      })
      far.on('data', (chunk) => {
        isAsking = false
        const left = this.#left
        this.#left -= chunk.length
        if (this.#left > 0) {
          near.write(chunk)
          return
        }
        this.cuts += 1
        this.#left = Number.POSITIVE_INFINITY
        if (!this.#isSilent) {
          near.destroy()
          return
        }
        near.write(chunk.subarray(0, left))
        far.pause()
      })
    })
  }

  static async to(target: number): Promise<LossyLine> {
    const line = new LossyLine(() => target)
    await line.listen()
    return line
  }

  async listen(): Promise<void> {
    this.port = await freePort()
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve))
  }

  /** Cuts the line when the client says this, which does not arrive, and does something before anybody may call again. */
  cutBefore(word: string, then: () => void): void {
    this.#cut = { word, then }
  }

  /** Passes on so much of the answers, and then nothing more by this connection, which stays. */
  deadAfter(bytes: number): void {
    this.#isSilent = true
    this.#left = bytes
  }

  cutAfter(bytes: number | undefined): void {
    this.#isSilent = false
    this.#left = bytes ?? Number.POSITIVE_INFINITY
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
