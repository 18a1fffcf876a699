import type { ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, renameSync, truncateSync } from 'node:fs'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorsOf } from '../cli/published.ts'
import { event, RULES, SourcesProject } from './sources-project.ts'

/** Deaths of the reader. */
const KILLS = Number(process.env['TILL_KILLS'] ?? 4)
const seed = Number(process.env['TILL_SEED'] ?? Date.now() % 1_000_000)

let project: SourcesProject
let server: ChildProcess | undefined

beforeEach(() => {
  project = new SourcesProject(`  tills:\n    files: {path: 'in/events*.ndjson'}\n${RULES}`)
  mkdirSync(project.path('in'))
})
afterEach(async () => {
  await kill()
  await project.remove()
})

function serve(): void {
  server = project.start('serve', '--listen', '127.0.0.1:0')
}

async function kill(): Promise<void> {
  const child = server
  server = undefined
  if (!child || child.exitCode !== null) return
  const end = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await end
}

function asked<Row>(query: string, ...values: unknown[]): Row[] {
  // Until the server has begun there is none.
  if (!existsSync(project.path('.till/state.db'))) return []
  const database = new Database(project.path('.till/state.db'), { readonly: true })
  try {
    return database.prepare(query).all(values) as Row[]
  } catch {
    return []
  } finally {
    database.close()
  }
}

/** How many receipts were counted, over all hours. */
function receipts(): number {
  const rows = asked<{ n: number | null }>(
    "SELECT sum(value) AS n FROM samples JOIN sample_series ON sample_series.id = samples.series WHERE sample_series.series = 'receipts'",
  )
  return rows[0]?.n ?? 0
}

const mark = (name: string): string | undefined =>
  asked<{ value: string }>('SELECT value FROM marks WHERE name = ?', name)[0]?.value

const counted = (many: number) => expect.poll(receipts, { timeout: 30_000, interval: 100 }).toBe(many)

describe('Files of events', () => {
  it('are followed through renaming, cutting, and lines that come in two pieces; each event counts once', async () => {
    project.append('in/events.ndjson', event('OPEN') + event('CLOSED', { number: 1 }))
    serve()
    await counted(1)
    expect(mark('receipt_open')).toBe('false')

    const line = event('CLOSED', { number: 2 })
    project.append('in/events.ndjson', line.slice(0, 30))
    // What is behind the piece waits for its end.
    project.append('in/events-b.ndjson', event('CLOSED', { number: 3 }))
    await counted(2)
    project.append('in/events.ndjson', line.slice(30))
    await counted(3)

    // Renamed to a name that does not match, with something in it that was not read yet.
    renameSync(project.path('in/events.ndjson'), project.path('in/old.1'))
    project.append('in/old.1', event('CLOSED', { number: 4 }))
    project.append('in/events.ndjson', event('CLOSED', { number: 5 }))
    await counted(5)

    // Copied away and cut: it is begun anew.
    copyFileSync(project.path('in/events.ndjson'), project.path('in/old.2'))
    truncateSync(project.path('in/events.ndjson'))
    project.append('in/events.ndjson', event('CLOSED', { number: 6 }))
    await counted(6)
    expect(mark('receipt')).toBe('6')
  })

  it(`are read once, whoever dies (seed ${seed}, ${KILLS} kills)`, async () => {
    let state = seed
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state % below
    }
    let many = 0
    for (let round = 0; round < KILLS; round += 1) {
      serve()
      const child = server
      const before = receipts()
      for (let piece = 0; piece < 20; piece += 1) {
        const lines = Array.from({ length: 1 + random(400) }, (_, at) => event('CLOSED', { number: many + at + 1 }))
        many += lines.length
        project.append('in/events.ndjson', lines.join(''))
        if (random(6) === 0) renameSync(project.path('in/events.ndjson'), project.path(`in/events-${many}.ndjson`))
      }
      // Somewhere in the middle of what is being taken in.
      await expect.poll(receipts, { timeout: 30_000, interval: 20 }).toBeGreaterThan(before)
      expect(child?.exitCode).toBeNull()
      await kill()
      expect(receipts()).toBeLessThanOrEqual(many)
    }
    serve()
    await counted(many)
  })

  it('say what recorded events would come to, and what nobody knows of them', async () => {
    const now = new Date()
    const pan = '4111 1111 1111 1111'
    project.write(
      'recorded.ndjson',
      [
        event('CLOSED', { number: 1 }, now),
        event('CLOSED', { number: pan }, now),
        event('ODD\u001b[31m', {}, now),
        event('TEMP', { value: 21.5 }, new Date(now.getTime() - 3_600_000)),
        event('OPEN', { till: '10.0.0.2' }, new Date(now.getTime() + 3_600_000)),
        event('OPEN', { till: 'PL-9999/pos1' }, now),
        '{broken\n',
      ].join(''),
    )
    const { stdout, code } = await project.till('sources', 'test', 'recorded.ndjson', '--json')
    const tried = JSON.parse(stdout) as {
      events: Record<string, number>
      devices: { device: string; marks: object[] }[]
      wrong: { line: number; what: string }[]
    }
    expect(errorsOf('sources-tried', tried)).toEqual([])
    expect(code).toBe(3)
    expect(tried.events).toMatchObject({
      ...{ taken: 5, unknown_kind: 1, unknown_device: 1, late: 1, ahead: 1, malformed: 1, card_number: 1 },
    })
    expect(tried.devices.map(({ device }) => device)).toEqual(['PL-0001/pos1', 'PL-0001/pos2'])
    expect(tried.wrong).toEqual(
      expect.arrayContaining([
        { line: 3, what: 'unknown_kind' },
        { line: 6, what: 'unknown_device' },
        { line: 7, what: 'malformed', why: 'it is no JSON' },
      ]),
    )
    const shown = await project.till('sources', 'test', 'recorded.ndjson')
    expect(shown.stdout).not.toContain('\u001b')
    expect(shown.stdout).toContain('  line 7: malformed: it is no JSON\n')
    expect(shown.stdout).toContain('unknown kind "ODD[31m": 1')
    expect(stdout + shown.stdout).not.toContain('4111')
    // Nothing was written.
    expect(asked('SELECT 1 FROM source_tallies')).toEqual([])
  })

  it('say where their description is wrong', async () => {
    project.settings(`  tills:\n    files: {path: in}\n    push: true\n    at: event.time +\n    device: event.till\n`)
    const { stderr, stdout, code } = await project.till('validate')
    expect(code).toBe(2)
    expect(stderr + stdout).toContain('comes from several places: push, files')
    expect(stderr + stdout).toContain('SOURCE_INVALID')
    project.settings(`  tills:\n    files: {path: in}\n    kind: event.kind +\n`)
    const more = await project.till('validate')
    expect(more.stderr + more.stdout).toContain('tillwright.yaml:6:')
    expect(more.stderr + more.stdout).toContain('does not say of which device an event is')
    project.settings(`  tills:\n    files: {path: in}\n${RULES}`)
    const unknown = await project.till('sources', 'test', 'tillwright.yaml', '--source', 'tils')
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('SOURCE_UNKNOWN')
  })
})
