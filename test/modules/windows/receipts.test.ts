import { expect, test } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { dotnetPattern } from '../../../src/pattern/device-pattern.ts'
import { WindowsWorld } from '../windows-world.ts'

const answer = (more: object) => ({
  now: Date.now() / 1000,
  cut: false,
  matches: [],
  times: [],
  rows: [],
  waiting: null,
  oldest: null,
  waiting_missing: false,
  ...more,
})

test('reads a log and what waits in one question', async () => {
  const now = Math.floor(Date.now() / 1000)
  const matches = ['19.04.2016 10:00:00.000 RECEIPT']
  const world = new WindowsWorld({ 'receipts.look': answer({ matches, waiting: 3, oldest: now - 7200 }) })
  const params = {
    log: { path: 'C:\\Till\\r.log', pattern: '^([0-9.]+ [0-9:.]+) RECEIPT' },
    waiting: { path: 'C:\\Till\\out', max_minutes: 60 },
  }
  expect(await world.differs('receipts', params)).toEqual([
    expect.stringMatching(/^waiting: 3 to be sent, the oldest for 1(19|20) min -> at most 60 min$/),
  ])
  expect(world.valuesOf('receipts.look')).toEqual({
    source: 'log',
    path: 'C:\\Till\\r.log',
    pattern: dotnetPattern('^([0-9.]+ [0-9:.]+) RECEIPT'),
    lines: 5000,
    most: 1500,
    encoding: '',
    waiting_path: 'C:\\Till\\out',
    waiting_match: '*',
  })
})

test('asks SQL Server by sqlcmd, with its password in the environment of that alone', async () => {
  const world = new WindowsWorld({ 'receipts.look': answer({ rows: ['2016-04-19 10:00:00.123|41'] }) })
  const password = new Secret('hunter2-and-more') as unknown as string
  const database = {
    engine: 'sqlserver',
    host: '127.0.0.1',
    user: 'till',
    password,
    name: 'Till DB',
    since: 'epoch',
    query: 'SELECT MAX(at), COUNT(*) FROM receipts WHERE epoch >= {since}',
  }
  const seen = await world.observe('receipts', { database })
  expect(seen.ok && seen.value.value).toMatchObject({
    class: 'learning',
    count: 41,
    last_receipt_at: '2016-04-19T08:00:00.123Z',
  })
  const { line, env_name_1, program } = world.valuesOf('receipts.look') as Record<string, string>
  expect([program, env_name_1]).toEqual(['sqlcmd', 'SQLCMDPASSWORD'])
  expect(line).toMatch(
    /^-b -h -1 .* -U till -d "Till DB" -Q "SET NOCOUNT ON; SELECT MAX\(at\), COUNT\(\*\) FROM receipts WHERE epoch >= \d+"$/,
  )
  expect(line).not.toContain('hunter2')
})

test('does not trust the clock of a till that is ten minutes behind', async () => {
  const world = new WindowsWorld({ 'receipts.look': answer({ now: Date.now() / 1000 - 600, times: [1] }) })
  expect(await world.differs('receipts', { folder: { path: 'C:\\Till\\done' } })).toEqual([
    'unknown: unknown: The clock there is -600 s off, so its times say nothing.',
  ])
})
