import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import Database from 'libsql'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../peers/free-port.ts'
import { hasMosquitto, Mosquitto } from '../peers/mosquitto.ts'
import { SourcesProject } from './sources-project.ts'

interface Events {
  readonly [what: string]: number
}

describe.skipIf(!hasMosquitto)('Brokers and lines of tills', () => {
  const broker = new Mosquitto()
  let project: SourcesProject
  let server: ChildProcess | undefined
  let line: number

  beforeAll(async () => {
    await broker.start()
    line = await freePort()
    project = new SourcesProject(`  machines:
    mqtt: {url: 'mqtt://127.0.0.1:${broker.port}', topics: ['vending/+/+/+']}
    format: any
    device: about.topic.split("/")[1] + "/" + about.topic.split("/")[2]
    silence: {after: 1h}
    rules:
      - {when: about.topic.endsWith("/state") && event == "gone", facts: {online: false}, alive: false}
      - {when: about.topic.endsWith("/telemetry"), samples: {temperature: double(event.temperature), column_1: double(event.columns.c1)}, facts: {online: true}}
      - {when: about.topic.endsWith("/sales"), count: [sales]}
  kept:
    mqtt: {url: 'mqtt://127.0.0.1:${broker.port}', topics: ['kept/#'], client: 'kept-${process.pid}'}
    format: any
    device: "'PL-0001/pos1'"
    at: event.time
    silence: {after: 1h}
    rules: [{count: [kept_sales], samples: {kept_temperature: double(event.temperature)}}]
  topics:
    kafka: {brokers: ['127.0.0.1:1'], topics: [events]}
    device: event.till
  tills:
    set_events: {listen: '127.0.0.1:${line}'}
    like: set-events
    device: "'PL-000' + string(event.shop) + '/pos' + string(event.cash)"
`)
  })
  afterAll(async () => {
    await kill()
    await broker.close()
    await project.remove()
  })

  const serve = (): void => {
    server = project.start('serve', '--listen', '127.0.0.1:0')
  }
  async function kill(): Promise<void> {
    const child = server
    server = undefined
    if (!child) return
    const end = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await end
  }
  async function events(source: string): Promise<Events & { trouble?: string }> {
    const { stdout } = await project.till('sources', 'status', '--json')
    const { sources } = JSON.parse(stdout) as { sources: { source: string; events: Events; trouble: string | null }[] }
    const found = sources.find((one) => one.source === source)
    return { ...found?.events, ...(found?.trouble && { trouble: found.trouble }) } as Events & { trouble?: string }
  }
  const taken = (source: string, many: number) =>
    expect.poll(async () => (await events(source))['taken'], { timeout: 30_000, interval: 1_500 }).toBe(many)

  it('by MQTT: what was published while nobody was here comes, each once, and a broker that is gone is told', async () => {
    serve()
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 })
    // The session of the server has to be there first.
    const sale = (): Promise<unknown> => client.publishAsync('vending/PL-0001/pos1/sales', '{"column":1}', { qos: 1 })
    await expect
      .poll(
        async () => {
          await sale()
          return (await events('machines'))['taken'] ?? 0
        },
        { timeout: 30_000, interval: 1_500 },
      )
      .toBeGreaterThan(0)
    await kill()
    const before = (await events('machines'))['taken'] ?? 0
    // As many as a broker keeps unless told.
    const telemetry = JSON.stringify({ temperature: 4.5, columns: { c1: 7 } })
    for (let many = 0; many < 900; many += 1) client.publish('vending/PL-0001/pos1/telemetry', telemetry, { qos: 1 })
    await client.publishAsync('vending/PL-0001/pos9/telemetry', telemetry, { qos: 1 })
    await client.publishAsync('vending/PL-0001/pos1/state', 'gone', { qos: 1 })
    serve()
    await expect
      .poll(async () => (await events('machines'))['taken'] ?? 0, { timeout: 30_000, interval: 1_500 })
      .toBeGreaterThanOrEqual(before + 901)
    expect((await events('machines'))['unknown_device']).toBe(1)
    await client.endAsync()
    await broker.stopBroker()
    await expect
      .poll(async () => (await events('machines')).trouble, { timeout: 30_000, interval: 1_500 })
      .toContain(`mqtt://127.0.0.1:${broker.port}`)
  })

  it('by MQTT: two servers of one machine, each with a state of its own, do not take events from each other', async () => {
    await broker.start()
    await kill()
    const other = new SourcesProject(`  machines:
    mqtt: {url: 'mqtt://127.0.0.1:${broker.port}', topics: ['vending/+/+/+']}
    format: any
    device: about.topic.split("/")[1] + "/" + about.topic.split("/")[2]
    rules: [{when: about.topic.endsWith("/sales"), count: [sales]}]
`)
    const second = other.start('serve', '--listen', '127.0.0.1:0')
    const ended = new Promise((resolve) => second.once('exit', resolve))
    serve()
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 })
    const takenThere = async (): Promise<number> => {
      const { sources } = JSON.parse((await other.till('sources', 'status', '--json')).stdout)
      return sources[0]?.events.taken ?? 0
    }
    const before = (await events('machines'))['taken'] ?? 0
    try {
      // Each begins to listen when it is ready to: one of these is heard by both.
      const sale = () => client.publishAsync('vending/PL-0001/pos1/sales', '{"column":1}', { qos: 1 })
      await expect
        .poll(
          async () => {
            await sale()
            return ((await events('machines'))['taken'] ?? 0) > before && (await takenThere()) > 0
          },
          { timeout: 30_000, interval: 1_500 },
        )
        .toBe(true)
      const [here, there] = [(await events('machines'))['taken'] ?? 0, await takenThere()]
      for (let many = 0; many < 200; many += 1) await sale()
      await expect
        .poll(async () => [((await events('machines'))['taken'] ?? 0) - here, (await takenThere()) - there], {
          timeout: 30_000,
          interval: 1_500,
        })
        .toEqual([200, 200])
    } finally {
      await client.endAsync()
      second.kill('SIGTERM')
      await ended
      await other.remove()
    }
  })

  it('by MQTT: what the broker has kept tells how a machine was, not that it lives, and is no event', async () => {
    await broker.start()
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 })
    const [before, now] = [new Date(Date.now() - 7_200_000), new Date()]
    const telemetry = (time: Date): string => JSON.stringify({ time: time.toISOString(), temperature: 4.5 })
    await client.publishAsync('kept/a', telemetry(before), { qos: 1, retain: true })
    await client.publishAsync('kept/b', '{"temperature":5}', { qos: 1, retain: true })
    await kill()
    // A session of which the broker knows nothing any more gets them again.
    for (const many of [2, 4]) {
      const gone = { protocolVersion: 5, clientId: `kept-${process.pid}`, clean: true } as const
      await (await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, gone)).endAsync()
      serve()
      await expect.poll(async () => (await events('kept'))['retained'], { timeout: 30_000, interval: 1_500 }).toBe(many)
      await kill()
    }
    const { stdout } = await project.till('sources', 'status', '--json')
    const found = JSON.parse(stdout).sources.find(({ source }: { source: string }) => source === 'kept')
    expect(found).toMatchObject({ devices: 0, last_at: null, events: { taken: 0, retained: 4, no_time: 2 } })
    // One of the session that goes on: what it is sent is new.
    serve()
    await expect
      .poll(
        async () => {
          await client.publishAsync('kept/a', telemetry(now), { qos: 1, retain: true })
          return (await events('kept'))['taken']
        },
        { timeout: 30_000, interval: 1_500 },
      )
      .toBe(1)
    expect(await events('kept')).toMatchObject({ retained: 4, repeated: expect.any(Number) })
    const database = new Database(project.path('.till/state.db'), { readonly: true })
    const samples = database
      .prepare(
        "SELECT series.series, count(*) AS times, max(value) AS value FROM samples JOIN sample_series AS series ON series.id = samples.series WHERE series.series LIKE 'kept%' GROUP BY series.series ORDER BY series.series",
      )
      .all()
    database.close()
    expect(samples).toEqual([
      { series: 'kept_sales', times: 1, value: 1 },
      { series: 'kept_temperature', times: 2, value: 4.5 },
    ])
    await client.endAsync()
  })

  it('by the line of SetEvents: objects that are cut anywhere, with clocks of the store', async () => {
    const now = new Date()
    // As a till in Warsaw writes it.
    const parts = Object.fromEntries(
      new Intl.DateTimeFormat('de-DE', {
        ...{ timeZone: 'Europe/Warsaw', hourCycle: 'h23', day: '2-digit', month: '2-digit', year: 'numeric' },
        ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
      })
        .formatToParts(now)
        .map(({ type, value }) => [type, value]),
    )
    const dateTime = `${parts['day']}.${parts['month']}.${parts['year']} ${parts['hour']}:${parts['minute']}:${parts['second']}.000`
    const said = (mode: number, purchase: number): string =>
      JSON.stringify({ event: { prefix: 'KKM', shop: 1, cash: 2, mode, purchase, cashier: 'Иванов {И.', dateTime } })
    const text = Buffer.from([said(4, 1), said(6, 1), said(5, 1), said(999, 1), said(5, 2), said(5, 2)].join(''))
    const socket = connect(line, '127.0.0.1')
    for (let at = 0; at < text.length; at += 37) socket.write(text.subarray(at, at + 37))
    socket.end()
    await taken('tills', 5)
    // The library is not installed with this program.
    expect((await events('topics')).trouble).toMatch(/npm install --global node-rdkafka.*SOURCE_LIBRARY_MISSING/)
    expect(await events('tills')).toMatchObject({ repeated: 1, unknown_kind: 1, late: 0 })
  })
})
