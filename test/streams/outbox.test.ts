import { createHmac } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compileExpression, EVENT_VARIABLES } from '../../src/lang/expression.ts'
import { FileSink } from '../../src/streams/file-sink.ts'
import { HttpSink } from '../../src/streams/http-sink.ts'
import { drain, keepSending, sendSome } from '../../src/streams/send.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { asHttp, EventServer, firstByKey, OutboxWorld, someEvents, someSink } from './outbox-world.ts'

let world: OutboxWorld
let server: EventServer
const database = new PostgresServer()
let schemas = 0
/** Where the state of the next test lies; a file unless it is said. */
let address: () => string | undefined = () => undefined
const never = new AbortController().signal

beforeEach(async () => {
  world = await new OutboxWorld().open(address())
  server = await new EventServer().open()
})
afterEach(async () => {
  server.close()
  await world.close()
})

const ids = (run: string, from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${run}/${from + index}`)

function expression(text: string) {
  const compiled = compileExpression(text, { variables: EVENT_VARIABLES, expect: 'bool' })
  if (!compiled.ok) throw new Error(compiled.problem.summary)
  return compiled.expression
}

async function position(sink = 'one') {
  return (await world.outbox.positions()).find((one) => one.sink === sink)
}

describe.each(['SQLite', 'PostgreSQL'] as const)('The outbox in %s', (kind) => {
  const isDatabase = kind === 'PostgreSQL'
  beforeAll(async () => {
    if (!isDatabase || !hasPostgres) return
    await database.start()
    address = () => `${database.url}?schema=o${++schemas}`
  })
  afterAll(() => {
    if (isDatabase && hasPostgres) database.stop()
    address = () => undefined
  })
  beforeEach(({ skip }) => skip(isDatabase && !hasPostgres, 'There is no PostgreSQL.'))

  it('misses nothing of what several write at a time', async () => {
    await world.outbox.register(['one'])
    const target = asHttp(server.url)
    const stopping = new AbortController()
    const sink = new HttpSink(target, { headers: {} })
    const sending = keepSending(world.sending(someSink(target), sink), stopping.signal)
    const others = await Promise.all([world.another(), world.another(), world.another()])
    await Promise.all(
      others.map(async (store, writer) => {
        for (let part = 0; part < 20; part++) await store.append(someEvents(`r${writer}`, 10))
      }),
    )
    await expect.poll(() => server.events.length, { timeout: 60_000 }).toBe(600)
    stopping.abort()
    await sending
    for (const writer of [0, 1, 2]) {
      const own = server.events.map(({ id }) => id).filter((id) => id.startsWith(`r${writer}/`))
      expect(own).toEqual(ids(`r${writer}`, 1, 200))
    }
  })

  it.runIf(isDatabase)(
    'does not pass over a number that is committed after a higher one',
    async () => {
      await world.outbox.register(['one'])
      const schema = `o${schemas}`
      database.sql(`CREATE FUNCTION ${schema}.rest() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_sleep(2); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON ${schema}.outbox DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.run = 'slow') EXECUTE FUNCTION ${schema}.rest()`)
      const target = asHttp(server.url)
      const stopping = new AbortController()
      const sink = new HttpSink(target, { headers: {} })
      const sending = keepSending(world.sending(someSink(target), sink), stopping.signal)
      const slow = world.store.append(someEvents('slow', 1))
      const sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
      await expect.poll(() => database.sql(sleeps), { timeout: 60_000, interval: 20 }).toBe('1')
      const other = await world.another()
      await other.append(someEvents('quick', 1))
      await slow
      await expect.poll(() => server.events.length, { timeout: 60_000 }).toBe(2)
      stopping.abort()
      await sending
      expect(server.events.map(({ id }) => id)).toEqual(['slow/1', 'quick/1'])
    },
    120_000,
  )

  it('holds what is journalled while there are sinks, and nothing of before', async () => {
    await world.store.append(someEvents('before', 3))
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 7))
    expect((await world.outbox.next('one', 100)).map(({ event }) => `${event.run}/${event.seq}`)).toEqual(
      ids('r', 1, 7),
    )
    expect(await position()).toMatchObject({ pending: 7, sent: 0 })
  })

  it('keeps a sink that somebody else may still name, and what waits for it', async () => {
    await world.outbox.register(['one'])
    await world.outbox.register(['two'])
    await world.store.append(someEvents('r', 3))
    expect((await world.outbox.positions()).map(({ sink, pending }) => [sink, pending])).toEqual([
      ['one', 3],
      ['two', 3],
    ])
  })

  it('sends in order, and lets go of what every sink has taken', async () => {
    await world.outbox.register(['one', 'two'])
    await world.store.append(someEvents('r', 120))
    const target = asHttp(server.url)
    await drain(world.sending(someSink(target), new HttpSink(target, { headers: {} })), never)
    expect(server.events.map(({ id }) => id)).toEqual(ids('r', 1, 120))
    expect(await position('one')).toMatchObject({ pending: 0, sent: 120 })
    expect(await position('two')).toMatchObject({ pending: 120, sent: 0 })
    const other = someSink(target, { name: 'two', include: expression("event.device == 'PL-0001/pos1'") })
    await drain(world.sending(other, new HttpSink(target, { headers: {} })), never)
    expect(await position('two')).toMatchObject({ pending: 0, sent: 24, skipped: 96 })
  })

  it('chooses by expressions; what they cannot judge is sent rather than lost', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 10))
    const target = asHttp(server.url)
    const chosen = someSink(target, {
      include: expression("event.store == 'PL-0001'"),
      exclude: expression("event.device == 'PL-0001/pos0' || event.data.nothing == 1"),
    })
    await drain(world.sending(chosen, new HttpSink(target, { headers: {} })), never)
    expect(server.events.map(({ subject }) => subject)).not.toContain('PL-0001/pos0')
    expect(server.events).toHaveLength(8)
  })

  it('keeps what a sink does not take, whatever it says, and goes on where it was', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 60))
    const target = asHttp(server.url, { timeoutMs: 300 })
    const send = () => drain(world.sending(someSink(target), new HttpSink(target, { headers: {} })), never)
    for (const status of [500, 503, 429, 401, 404, 301, undefined]) {
      server.answer = () => status
      expect((await send()).trouble).toMatch(
        status === undefined ? /no answer within 300 ms/ : new RegExp(`answered ${status}`),
      )
    }
    server.close()
    expect((await send()).trouble).toMatch(/ECONNREFUSED/)
    expect(await position()).toMatchObject({ pending: 60, sent: 0, trouble: expect.stringContaining('ECONNREFUSED') })
    server = await new EventServer().open()
    const back = asHttp(server.url)
    await drain(world.sending(someSink(back), new HttpSink(back, { headers: {} })), never)
    expect(server.events.map(({ id }) => id)).toEqual(ids('r', 1, 60))
    expect(await position()).toMatchObject({ pending: 0, sent: 60, trouble: null })
  })

  it('finds the messages that are refused, and holds nothing back for them', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 100))
    const poisoned = new Set(['r/13', 'r/14', 'r/77'])
    server.answer = (sent) => (sent.some((id) => poisoned.has(id)) ? 422 : 200)
    const target = asHttp(server.url)
    const settings = someSink(target)
    await drain(world.sending(settings, new HttpSink(target, { headers: {} })), never)
    expect(server.events.map(({ id }) => id)).toEqual(ids('r', 1, 100).filter((id) => !poisoned.has(id)))
    expect(await position()).toMatchObject({ pending: 0, sent: 97, refused: 3 })
    const listed = await world.outbox.refused('one', 10)
    expect(listed.map(({ seq, why }) => [seq, /answered 422: as the test wants it/.test(why)])).toEqual([
      [13, true],
      [14, true],
      [77, true],
    ])
    server.answer = () => 200
    expect(await world.outbox.replayRefused('one')).toEqual({ queued: 3, forgotten: 0 })
    await drain(world.sending(settings, new HttpSink(target, { headers: {} })), never)
    expect(server.events.slice(-3).map(({ id }) => id)).toEqual([...poisoned])
  })

  it('refuses what is too long before it is sent', async () => {
    await world.outbox.register(['one'])
    const [event] = someEvents('r', 1)
    await world.store.append([
      ...someEvents('r', 3),
      { ...event, store: 'x'.repeat(5000) } as never,
      ...someEvents('r', 3),
    ])
    const target = asHttp(server.url)
    await drain(world.sending(someSink(target, { maxBytes: 2000 }), new HttpSink(target, { headers: {} })), never)
    expect(server.events.map(({ id }) => id)).toEqual([...ids('r', 1, 3), ...ids('r', 5, 7)])
    expect((await world.outbox.refused('one', 10)).map(({ seq, why }) => [seq, why.replace(/^\d+/, 'N')])).toEqual([
      [4, 'N bytes are more than max_bytes (2000).'],
    ])
  })

  it('drops the oldest beyond its limits only where that is allowed, counted and told', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 500))
    const bytes = (await position())?.pending_bytes ?? 0
    const keep = { days: 7, megabytes: bytes / 2 / 1_000_000, whenFull: 'drop-oldest' as const }
    expect(await world.outbox.drop('one', { ...keep, megabytes: 100 })).toBe(0)
    const stopping = new AbortController()
    server.answer = () => 503
    const target = asHttp(server.url)
    const sending = keepSending(
      world.sending(someSink(target, { keep }), new HttpSink(target, { headers: {} })),
      stopping.signal,
    )
    await expect.poll(() => world.warnings.length, { timeout: 5_000 }).toBe(1)
    stopping.abort()
    await sending
    expect(world.warnings[0]).toMatch(
      /^The sink "one" was away for too long: 2[45]\d of the oldest events were let go of/,
    )
    const left = await position()
    expect((left?.dropped ?? 0) + (left?.pending ?? 0)).toBe(500)
  })

  it('lets others write while it drops much', async () => {
    await world.outbox.register(['one', 'two'])
    await world.store.append(someEvents('r', 9_000))
    const done: string[] = []
    const keep = { days: 7, megabytes: 0, whenFull: 'drop-oldest' as const }
    const dropping = world.outbox.drop('one', keep).then((count) => done.push(`dropped ${count}`))
    for (let write = 0; write < 4; write += 1) {
      await world.outbox.trouble('two', `write ${write}`)
      done.push('wrote')
    }
    await dropping
    expect(done.slice(0, 3)).toEqual(['wrote', 'wrote', 'wrote'])
    expect(done).toContain('dropped 9000')
    expect((await position('one'))?.pending).toBe(0)
    expect((await position('two'))?.pending).toBe(9_000)
    await world.outbox.drop('two', keep)
    await world.outbox.register(['one', 'two'])
    await world.outbox.register(['one', 'two'])
    expect(await world.outbox.next('two', 10)).toEqual([])
  }, 60_000)

  it('is worked off by one process at a time', async () => {
    await world.outbox.register(['one'])
    expect(await world.outbox.claim('one', 60_000)).toBe(true)
    expect(await world.outbox.claim('one', 60_000), 'again by the same').toBe(true)
    expect(await world.outbox.claim('two', 60_000), 'not known').toBe(false)
    await world.outbox.release('one')
    expect(await world.outbox.settle('one', { upTo: 5, sent: 5, skipped: 0, refused: [] })).toBe(false)
  })

  it('keeps events from being forgotten with their run while they wait', async () => {
    await world.outbox.register(['one'])
    const [first] = someEvents('old', 1)
    const begin = {
      ...first,
      type: 'run.started',
      mode: 'plan',
      runbooks: [],
      devices: 0,
      by: 'a',
      host: 'gone',
      pid: 1,
    }
    await world.store.append([begin, { ...first, type: 'run.finished', counts: {}, exit_code: 0 }] as never)
    const keep = { days: 0, megabytes: 0 }
    await world.store.forget('other', keep)
    expect((await position())?.pending).toBe(2)
    expect(await world.outbox.next('one', 10)).toHaveLength(2)
    const target = asHttp(server.url)
    const send = () => drain(world.sending(someSink(target), new HttpSink(target, { headers: {} })), never)
    server.answer = () => 422
    await send()
    const small = { days: 1, megabytes: 0 }
    await world.store.forget('other', small)
    expect(await world.store.runs(), 'what was refused').toHaveLength(1)
    server.answer = () => 200
    expect(await world.outbox.replayRefused('one')).toEqual({ queued: 2, forgotten: 0 })
    await send()
    expect(server.events).toHaveLength(2)
    await world.store.forget('other', small)
    expect(await world.store.runs()).toEqual([])
  })

  it('sends what the journal holds again where that is asked for, to that sink alone', async () => {
    await world.outbox.register(['one', 'two'])
    const device = { device: 'PL-0001/pos1', state: 'in-sync' } as const
    await world.store.append(recordRun([device], { run: 'before', at: '2026-10-30T10:00:00.000Z' }))
    // It has no end yet, as one that is going on.
    await world.store.append(recordRun([device, device], { run: 'r', at: '2026-11-30T10:00:00.000Z' }).slice(0, 5))
    const target = asHttp(server.url)
    for (const name of ['one', 'two'])
      await drain(world.sending(someSink(target, { name }), new HttpSink(target, { headers: {} })), never)
    expect(await world.outbox.replaySince('one', new Date('2026-11-30T09:00:00Z'))).toBe(5)
    expect([(await position('one'))?.pending, (await position('two'))?.pending]).toEqual([5, 0])
    expect(await world.outbox.replaySince('one', new Date('2026-12-30T09:00:00Z'))).toBe(0)
  })
})

describe('An HTTP sink', () => {
  it('signs as our own server wants it signed, and sends what readers of CloudEvents read', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 2))
    const hmac = { secret: 'env:KEY', header: 'X-Till-Signature', timeHeader: 'X-Till-Timestamp' }
    const target = asHttp(server.url, { hmac })
    const sink = new HttpSink(target, { headers: { Authorization: 'Bearer abc' }, key: 'a key that is long' })
    await drain(world.sending(someSink(target), sink), never)
    const [request] = server.requests
    const time = String(request?.headers['x-till-timestamp'])
    const mac = createHmac('sha256', 'a key that is long').update(`${time}:${request?.body}`).digest('hex')
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'x-till-signature': mac,
      'content-type': 'application/cloudevents-batch+json; charset=utf-8',
    })
    expect(JSON.parse(request?.body ?? '')[0]).toEqual({
      specversion: '1.0',
      id: 'r/1',
      source: `/tillwright/${world.outbox.id}`,
      type: 'till.device.started',
      time: '2026-11-30T10:00:00.000Z',
      subject: 'PL-0001/pos0',
      datacontenttype: 'application/json',
      partitionkey: 'PL-0001/pos0',
      data: {
        schema: 'till.event/1',
        run: 'r',
        seq: 1,
        at: '2026-11-30T10:00:00.000Z',
        type: 'device.started',
        device: 'PL-0001/pos0',
        store: 'PL-0001',
      },
    })
    expect(firstByKey(server.events).get('PL-0001/pos0')).toEqual(['r/1'])
  })
})

describe('A file sink', () => {
  it('rotates, keeps so many, and mends a line that was cut by a death', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 3_000))
    const path = join(world.folder, 'out', 'events.ndjson')
    const target = { kind: 'file', path, megabytes: 0.3, files: 2 } as const
    await drain(world.sending(someSink(target), new FileSink(path, target)), never)
    const sizes = [path, `${path}.1`, `${path}.2`].map((file) => statSync(file).size)
    expect(Math.max(...sizes)).toBeLessThan(600_000)
    expect(() => statSync(`${path}.3`)).toThrow('ENOENT')
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"specversion":"1.0","id":"r/9`)
    await world.store.append(someEvents('s', 2))
    await drain(world.sending(someSink(target), new FileSink(path, target)), never)
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id)
    expect(lines.slice(-3)).toEqual(['r/3000', 's/1', 's/2'])
  })

  it('that somebody has deleted or renamed is begun anew: nothing is written where nobody finds it', async () => {
    await world.outbox.register(['one'])
    const path = join(world.folder, 'out', 'events.ndjson')
    const target = { kind: 'file', path, megabytes: 1, files: 2 } as const
    const sink = new FileSink(path, target)
    const send = async (run: string): Promise<string> => {
      await world.store.append(someEvents(run, 1))
      await sendSome(world.sending(someSink(target), sink), never)
      return (JSON.parse(readFileSync(path, 'utf8')) as { id: string }).id
    }
    try {
      await world.outbox.claim('one', 60_000)
      expect(await send('r')).toBe('r/1')
      rmSync(path)
      expect(await send('s')).toBe('s/1')
      renameSync(path, join(world.folder, 'out', 'rotated'))
      expect(await send('t')).toBe('t/1')
    } finally {
      await sink.close()
    }
  })

  it('that cannot be written holds what is to be sent', async () => {
    await world.outbox.register(['one'])
    await world.store.append(someEvents('r', 2))
    const path = join(world.folder, 'state.db', 'events.ndjson')
    const target = { kind: 'file', path, megabytes: 1, files: 2 } as const
    const end = await drain(world.sending(someSink(target), new FileSink(path, target)), never)
    expect(end.trouble).toMatch(/ENOTDIR|EEXIST/)
    expect(await position()).toMatchObject({ pending: 2, sent: 0 })
  })
})
