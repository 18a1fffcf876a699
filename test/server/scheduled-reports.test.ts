import { readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import { processIdentity } from '../../src/stores/process-identity.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { errorsOf } from '../cli/published.ts'
import { SmtpSink } from '../peers/smtp-sink.ts'
import { NORTH, SECRETS, ServedProject, SOUTH } from './served-project.ts'

const sink = new SmtpSink()
let port = 0
let till: ServedProject

beforeAll(async () => {
  port = await sink.start()
  // Commands read it as the server does.
  process.env['T_NORTH'] = SECRETS.T_NORTH
})
afterAll(() => {
  delete process.env['T_NORTH']
  return sink.stop()
})
beforeEach(() => {
  sink.mails.length = 0
  sink.loses = () => false
  sink.answerTo = () => '250 ok'
})
afterEach(() => till?.remove())

const settings = (reports: string): string => `server:
  public_url: https://till.example
  accounts:
    acme: {role: viewer, token: "env:T_NORTH", devices: "store.id == '${NORTH}'", partner: acme}
responsibility:
  channels:
    mail: {smtp: {host: 127.0.0.1, port: ${port}, security: none, from: "till <till@example.com>"}}
    chat: {http: {url: "http://127.0.0.1:9", body: {x: 1}}}
  contacts:
    desk: {channel: mail, to: desk@example.com}
    acme: {channel: mail, to: acme@example.com}
    room: {channel: chat, to: "#room"}
  teams: {desk: {chain: [{to: desk}]}, acme: {partner: acme, chain: [{to: acme}]}}
  rows: [{fault: [storm], team: desk}, {fault: [drawer], team: acme}]
reports:
${reports}`

const MONDAY = 'every: week, at: "06:00", time_zone: Europe/Warsaw'
/** About the month that this day is in, into a folder. */
const TODAY = 'every: day, at: "00:00", time_zone: Europe/Warsaw, period: this-month, format: csv, folder: out'
const BOTH = `  monday: {report: availability, by: store, ${MONDAY}, to: [desk], folder: out}
  theirs: {report: availability, by: store, ${MONDAY}, to: [acme], as: acme, format: csv}
`

/** As if the server had been there before the last time that it was due, and then for long not. */
async function wasThereBefore(...keys: readonly string[]): Promise<void> {
  await till.till('state', 'status')
  const store = await openSqliteStore(till.path('.till/state.db'))
  for (const key of keys)
    await store.reportDeliveries.claim('Test' as FleetKey, key, {
      nominal: '2026-01-05T05:00:00.000Z',
      now: new Date(),
    })
  await store.close()
}

async function scheduled() {
  const answer = JSON.parse((await till.till('report', 'scheduled', '--json')).stdout)
  expect(errorsOf('scheduled-reports', answer)).toEqual([])
  return answer.reports as {
    place: string
    state: string
    sent_for: string | null
    due_last: string
    why: string | null
  }[]
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`not in time: ${what}\n${till.told}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The text of what is attached. */
function attached(mail: { readonly text: string } | undefined): string {
  const part = mail?.text.split(/^--.*$/m).find((one) => one.includes('attachment')) ?? ''
  return Buffer.from(part.slice(part.indexOf('\r\n\r\n')).replace(/\s/g, ''), 'base64').toString('utf8')
}

test('what was missed is sent once, whoever dies, under one name; a partner gets its own and nothing else', async () => {
  till = new ServedProject(settings(BOTH))
  await wasThereBefore('monday → desk', 'monday → folder out', 'theirs → acme')
  sink.loses = () => sink.mails.length === 1
  await till.serve()
  await until(() => sink.mails.length > 0, 'the first mail')
  await till.end('SIGKILL')
  // Whoever died had it under another name of the fleet.
  till.write('inventory/fleet.yaml', till.read('inventory/fleet.yaml').replace('name: Test', 'name: Renamed'))
  await till.serve()
  await until(async () => (await scheduled()).every(({ state }) => state === 'sent'), 'everything is sent')
  const names = new Set(sink.mails.map(({ id, to }) => `${id} ${to}`))
  expect([...names].map((one) => one.split(' ')[1]).sort()).toEqual(['acme@example.com', 'desk@example.com'])
  const rows = await scheduled()
  expect(rows.map(({ sent_for, due_last }) => sent_for === due_last)).toEqual([true, true, true])
  // What the killed one was writing stays beside it, under another name.
  const whole = readdirSync(till.path('out')).filter((name) => !name.includes('.partial-'))
  expect(whole).toEqual([expect.stringMatching(/^monday-\d{4}-\d\d-\d\d\.html$/)])

  const own = attached(sink.mails.find(({ to }) => to.includes('acme@example.com')))
  expect([own.includes(NORTH), own.includes(SOUTH)]).toEqual([true, false])
  const all = attached(sink.mails.find(({ to }) => to.includes('desk@example.com')))
  expect([all.includes(NORTH), all.includes(SOUTH)]).toEqual([true, true])

  expect(sink.mails.every(({ text }) => text.includes('https://till.example/sla'))).toBe(true)
  const count = sink.mails.length
  await till.end('SIGTERM')
  await till.serve()
  // A whole turn of the new server is over once it has looked at what is new.
  till.write('tillwright.yaml', settings(`${BOTH}  new: {report: availability, ${MONDAY}, to: [desk]}\n`))
  await until(async () => {
    const store = await openSqliteStore(till.path('.till/state.db'))
    const known = await store.reportDeliveries.list('Test' as FleetKey)
    await store.close()
    return known.get('new → desk')?.state === 'baseline'
  }, 'what is new is noted')
  expect([sink.mails.length, (await scheduled()).at(-1)?.state]).toEqual([count, 'never'])
}, 300_000)

test('incidents and the checklist are sent as other reports are, each with what its account sees', async () => {
  till = new ServedProject(
    settings(`  ours: {report: incidents, ${TODAY}}
  north: {report: incidents, store: [${NORTH}], ${TODAY}}
  theirs: {report: incidents, as: acme, ${TODAY}}
  places: {report: checklist, as: acme, ${TODAY}}
`),
  )
  const open = async (title: string, fault: string, store: string) =>
    expect(await till.till('incidents', 'open', title, '--fault', fault, '--device', `${store}/pos1`)).toMatchObject({
      code: 0,
    })
  await open('Drawer', 'drawer', NORTH)
  await open('Drawer', 'drawer', SOUTH)
  await open('Within the house', 'storm', NORTH)
  const sent = async (name: string) => {
    expect(await till.till('report', 'send', name)).toMatchObject({ code: 0 })
    const [file = ''] = readdirSync(till.path('out')).filter((one) => one.startsWith(name))
    const text = till.read(`out/${file}`)
    return [text.includes(NORTH), text.includes(SOUTH), text.includes('Within the house')]
  }
  expect(await sent('ours')).toEqual([true, true, true])
  expect(await sent('north')).toEqual([true, false, true])
  expect(await sent('theirs')).toEqual([true, false, false])
  expect(await sent('places')).toEqual([true, false, false])
}, 180_000)

test('what is refused for good is given up and told; by hand it is sent when it is asked for', async () => {
  till = new ServedProject(settings(`  monday: {report: availability, ${MONDAY}, to: [desk]}\n`))
  await wasThereBefore('monday → desk')
  sink.answerTo = () => '550 no such user'
  await till.serve()
  await until(async () => (await scheduled())[0]?.state === 'given-up', 'it is given up')
  expect((await scheduled())[0]?.why).toContain('550')
  expect(await till.till('report', 'send', 'monday')).toMatchObject({ code: 4 })
  sink.answerTo = () => '250 ok'
  const dry = await till.till('report', 'send', 'monday', '--dry-run', '-o', till.path('seen.html'))
  expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('monday → desk: would be sent')])
  expect([till.read('seen.html').startsWith('<!doctype html>'), sink.mails]).toEqual([true, []])
  expect(await till.till('report', 'send', 'monday')).toMatchObject({ code: 0 })
  expect(sink.mails.map(({ to }) => to)).toEqual([['desk@example.com']])
}, 180_000)

test('what came of a mail and could not be noted is noted later, and a sending without an end is made anew', async () => {
  till = new ServedProject(settings(`  monday: {report: availability, ${MONDAY}, to: [desk]}\n`))
  await wasThereBefore('monday → desk')
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  database.exec(`CREATE TRIGGER full BEFORE UPDATE ON state_facts WHEN NEW.value LIKE '%"state":"sent"%'
    BEGIN SELECT RAISE(ABORT, 'no space'); END`)
  await till.serve()
  await until(() => till.told.includes('Reports cannot be sent'), 'it cannot be noted')
  // Another turn.
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect([sink.mails.length, (await scheduled())[0]?.state]).toEqual([1, 'sending'])
  database.exec('DROP TRIGGER full')
  await until(async () => (await scheduled())[0]?.state === 'sent', 'it is noted')
  expect(sink.mails).toHaveLength(1)

  const pid = till.server?.pid ?? 0
  const read = database.prepare("SELECT value FROM state_facts WHERE name = 'reports Test'")
  const known = JSON.parse((read.get() as { value: string }).value)
  const sending = { state: 'sending', host: hostname(), pid, process: processIdentity(pid) }
  const value = JSON.stringify({ 'monday → desk': { ...known['monday → desk'], ...sending } })
  database.prepare("UPDATE state_facts SET value = ? WHERE name = 'reports Test'").run(value)
  database.close()
  await until(() => sink.mails.length === 2, 'it is sent anew')
  await until(async () => (await scheduled())[0]?.state === 'sent', 'it is sent')
  expect(new Set(sink.mails.map(({ id }) => id)).size).toBe(1)
}, 180_000)

test('a report names the days that it is about by the clocks that it is told by', async () => {
  const early = 'every: week, at: "00:30", time_zone: Europe/Warsaw'
  till = new ServedProject(
    settings(`  early: {report: availability, ${early}, to: [desk]}
  daily: {report: availability, every: day, at: "00:30", time_zone: Europe/Warsaw, to: [desk]}
`),
  )
  const dayAfter = (day = ''): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
  const [, first = '', last, made] =
    /, (\S+) – (\S+) \(early\): early-(\S+)\.html,/.exec(
      (await till.till('report', 'send', 'early', '--dry-run')).stdout,
    ) ?? []
  expect([new Date(first).getUTCDay(), Date.parse(last ?? '') - Date.parse(first)]).toEqual([1, 6 * 86_400_000])
  expect(made).toBe(dayAfter(last))
  const [, day, on] =
    /, (\S+) \(daily\): daily-(\S+)\.html,/.exec((await till.till('report', 'send', 'daily', '--dry-run')).stdout) ?? []
  expect(on).toBe(dayAfter(day))
})

test('what makes no sense is found when the repository is read', async () => {
  till = new ServedProject(settings(`  a: {report: availability, ${MONDAY}, to: [deks]}\n`))
  const refused = async (report: string): Promise<string> => {
    till.write('tillwright.yaml', settings(`  a: {${report}}\n`))
    const { code, stdout, stderr } = await till.till('validate')
    expect(code).toBe(2)
    return `${stdout}${stderr}`
  }
  expect(await refused(`report: availability, ${MONDAY}, to: [deks]`)).toContain('Did you mean "desk"?')
  expect(await refused(`report: availability, ${MONDAY}, to: [room]`)).toContain('not told by e-mail')
  expect(await refused(`report: availability, ${MONDAY}, to: [desk], as: acne`)).toContain('no account "acne"')
  expect(await refused(`report: availability, ${MONDAY}, to: [desk], region: [x]`)).toContain('no region "x"')
  expect(await refused(`report: availability, ${MONDAY}`)).toMatch(/to|folder/)
  expect(await refused(`report: nothing, ${MONDAY}, to: [desk]`)).toContain('nothing')
  expect(await refused('report: sla, every: month, on: mon, at: "06:00", time_zone: UTC, to: [desk]')).toContain(
    'no day of a month',
  )
  expect(await refused('report: sla, every: day, at: "06:00", time_zone: Mars, to: [desk]')).toContain(
    'no time zone "Mars"',
  )
  expect(await refused(`report: visits, ${MONDAY}, to: [desk], contract: [x]`)).toContain('about no contracts')
}, 120_000)
