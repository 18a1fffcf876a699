import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { event, RULES, SourcesProject } from './sources-project.ts'

let project: SourcesProject
let server: ChildProcess | undefined
let said = ''

beforeEach(() => {
  project = new SourcesProject(
    `  tills:\n    files: {path: share}\n${RULES}  others:\n    files: {path: 'in/events*'}\n${RULES}`,
  )
  mkdirSync(project.path('in'))
})
afterEach(async () => {
  await kill()
  await project.remove()
})

function serve(): void {
  server = project.start('serve', '--listen', '127.0.0.1:0')
  said = ''
  const hear = (piece: Buffer): void => {
    said += piece.toString()
  }
  server.stdout?.on('data', hear)
  server.stderr?.on('data', hear)
}

async function kill(): Promise<void> {
  const child = server
  server = undefined
  if (!child || child.exitCode !== null) return
  const end = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await end
}

function database<T>(use: (database: Database.Database) => T): T | undefined {
  // Until the server has begun there is none.
  if (!existsSync(project.path('.till/state.db'))) return undefined
  const found = new Database(project.path('.till/state.db'))
  try {
    return use(found)
  } catch {
    return undefined
  } finally {
    found.close()
  }
}

/** How many receipts were counted by a device, over all hours. */
const receipts = (device: string): number =>
  database((found) => {
    const query =
      "SELECT sum(value) AS n FROM samples JOIN sample_series s ON s.id = samples.series WHERE s.series = 'receipts' AND s.device = ?"
    return (found.prepare(query).get(device) as { n: number | null }).n ?? 0
  }) ?? 0

const counted = (many: number, device = 'PL-0001/pos1') =>
  expect.poll(() => receipts(device), { timeout: 30_000, interval: 100 }).toBe(many)

let others = 0
/** The other source has looked twice: so has the first. */
async function looked(): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    others += 1
    project.append('in/events', event('CLOSED', { till: 'PL-0001/pos2', number: others }))
    await counted(others, 'PL-0001/pos2')
  }
}

describe('Folders of events', () => {
  beforeEach(() => {
    others = 0
  })

  it('that are shares: not there yet, away for a while, and back under another number', {
    timeout: 120_000,
  }, async () => {
    serve()
    await looked()
    mkdirSync(project.path('share'))
    project.append('share/events.ndjson', event('CLOSED', { number: 1 }))
    await counted(1)

    // A share that is not mounted is an empty folder.
    mkdirSync(project.path('away'))
    renameSync(project.path('share/events.ndjson'), project.path('away/events.ndjson'))
    await looked()
    renameSync(project.path('away/events.ndjson'), project.path('share/events.ndjson'))
    project.append('share/events.ndjson', event('CLOSED', { number: 2 }))
    await counted(2)

    // Shares and volumes get their number when they are mounted.
    await kill()
    database((found) =>
      found.exec("UPDATE source_places SET part = '7-' || substr(part, instr(part, '-') + 1) WHERE source = 'tills'"),
    )
    serve()
    await looked()
    project.append('share/events.ndjson', event('CLOSED', { number: 3 }))
    await counted(3)
  })

  it('that are begun at their end are so once: what came while the server was away counts', {
    timeout: 60_000,
  }, async () => {
    project.settings(
      `  tills:\n    files: {path: share, begin: end}\n${RULES}  others:\n    files: {path: 'in/events*'}\n${RULES}`,
    )
    mkdirSync(project.path('share'))
    serve()
    await looked()
    await kill()
    project.append('share/events.ndjson', event('CLOSED', { number: 1 }))
    serve()
    await counted(1)
  })

  it('with a file that cannot be read: it is told, and the others are read', { timeout: 60_000 }, async () => {
    mkdirSync(project.path('share'))
    // Nobody can read it.
    symlinkSync('/proc/sys/vm/drop_caches', project.path('share/a.ndjson'))
    project.append('share/b.ndjson', event('CLOSED', { number: 1 }))
    serve()
    await counted(1)
    await expect.poll(() => said, { timeout: 10_000 }).toMatch(/source "tills" cannot read \S+a\.ndjson \(EACCES\)/)
  })
})
