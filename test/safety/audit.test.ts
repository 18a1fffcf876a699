// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

let project: TestProject

beforeEach(async () => {
  const device = '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'
  project = new TestProject({
    'tillwright.yaml': 'run: {workers: 0}\npolicies: {default: {breakers: [{failures: 1, within: 1h}]}}\n',
    'inventory/stores.yaml': inventoryWith(device)
      .replace('PL-0001', `Q-${process.pid}`)
      // By day its only till would be left alone.
      .replace('06:00-22:00', 'closed'),
    'runbooks/fine.yaml': 'purpose: repair\nsteps:\n  - {id: s, command: {run: "true", always: true}}\n',
    'runbooks/fails.yaml': 'purpose: repair\nsteps:\n  - {id: s, command: {run: "exit 1", always: true}}\n',
  })
  await project.till('apply', 'fine', '--yes', '--break-glass', 'nobody can sell')
  await project.till('plan', 'fine')
  await project.till('apply', 'fails', '--yes', '--break-glass', 'again')
  await project.till('breaker', '--close', 'the mirror is back')
}, 120_000)
afterEach(() => project.remove())

interface Row {
  readonly seq: number
  readonly entry: { readonly kind: string; readonly by: string; readonly about: Readonly<Record<string, unknown>> }
}

async function rows(): Promise<readonly Row[]> {
  const document = JSON.parse((await project.till('audit', 'list', '--json')).stdout)
  expect(errorsOf('audit', document)).toEqual([])
  return document.rows
}

async function verified(...args: string[]): Promise<{ code: number | null; faults: string[] }> {
  const { code, stdout } = await project.till('audit', 'verify', '--json', ...args)
  const document = JSON.parse(stdout)
  expect(errorsOf('audit-verified', document)).toEqual([])
  expect(document.whole).toBe(document.faults.length === 0)
  return { code, faults: document.faults }
}

function tamper(...statements: string[]): void {
  const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
  for (const statement of statements) database.exec(statement)
  database.close()
}

describe('the audit log', () => {
  it('holds runs that change something, broken glass, and who closed the breaker; it is whole', async () => {
    const log = await rows()
    expect(log.map(({ entry }) => entry.kind)).toEqual([
      'run.started',
      'run.finished',
      'run.started',
      'breaker.opened',
      'run.finished',
      'breaker.closed',
    ])
    expect(log[0]?.entry.about).toMatchObject({ break_glass: 'nobody can sell', mode: 'apply', devices: 1 })
    expect(log.at(-1)?.entry.about).toMatchObject({ why: 'the mirror is back' })
    expect(await verified()).toEqual({ code: 0, faults: [] })
    const store = `Q-${process.pid}`
    expect((await project.till('hold', store, '--because', 'cabling', '--until', '2h')).code).toBe(0)
    expect((await project.till('hold', 'release', store)).code).toBe(0)
    const held = (await rows()).slice(-2).map(({ entry }) => [entry.kind, entry.about['on']])
    expect(held).toEqual([
      ['hold.set', store],
      ['hold.released', store],
    ])
    const table = await project.till('audit', 'list', '--limit', '3')
    expect(table.stdout).toMatch(/ROW[\s\S]*breaker\.closed[\s\S]*the mirror is back/)
  }, 120_000)

  it('holds what people say about a run also where its journal cannot be written', async () => {
    const { runs } = JSON.parse((await project.till('runs', 'list', '--json')).stdout)
    tamper(
      "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.type = 'run.aborted' BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    expect((await project.till('abort', runs[0].run, '--because', 'withdrawn')).code).not.toBe(0)
    const { entry } = (await rows()).at(-1) as Row
    expect(entry).toMatchObject({ kind: 'run.aborted', about: { run: runs[0].run, why: 'withdrawn' } })
  }, 120_000)

  it('shows a row that was changed, removed, put elsewhere, or cut off at the end', async () => {
    const faultsAfter = async (...statements: string[]): Promise<string[]> => {
      tamper('PRAGMA wal_checkpoint(TRUNCATE)', ...statements)
      const { code, faults } = await verified()
      expect(code).toBe(4)
      return faults
    }
    tamper('CREATE TABLE kept_log AS SELECT * FROM audit_log')
    const restore = ['DELETE FROM audit_log', 'INSERT INTO audit_log SELECT * FROM kept_log']
    expect(await faultsAfter("UPDATE audit_log SET json = replace(json, 'nobody', 'somebody') WHERE seq = 1")).toEqual([
      'Row 1, or what stands before it, was changed.',
    ])
    expect(await faultsAfter(...restore, 'DELETE FROM audit_log WHERE seq = 3')).toEqual(['Rows 3 to 3 are missing.'])
    const swapped =
      'UPDATE audit_log SET seq = 9 WHERE seq = 4; UPDATE audit_log SET seq = 4 WHERE seq = 5; UPDATE audit_log SET seq = 5 WHERE seq = 9'
    expect((await faultsAfter(...restore, swapped)).length).toBeGreaterThan(0)
    expect(await faultsAfter(...restore, 'DELETE FROM audit_log WHERE seq = 6')).toEqual([
      'The log ended with row 6; it ends with row 5 now, or with another text.',
    ])
    tamper(...restore)
    expect(await verified()).toEqual({ code: 0, faults: [] })
  }, 120_000)

  it('made anew as a whole, it is told by a head that a file or a note of git has kept', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: project.root })
    git('init', '-q')
    git('add', 'runbooks')
    git('commit', '-qm', 'first')
    git('config', 'user.name', 'a')
    git('config', 'user.email', 'a@b')
    expect((await project.till('audit', 'anchor', '--file', 'heads')).stdout).toMatch(/^Row 6, [0-9a-f]{64}\n$/)
    expect(errorsOf('audit-anchor', JSON.parse(project.read('heads')))).toEqual([])
    expect((await project.till('audit', 'anchor', '--note')).code).toBe(0)
    expect(await verified('--anchors', 'heads')).toEqual({ code: 0, faults: [] })
    // Somebody who may write the file begins the log anew, with a chain that is right.
    tamper('DELETE FROM audit_log', "DELETE FROM state_facts WHERE name LIKE 'audit%'")
    for (let run = 0; run < 3; run += 1) await project.till('apply', 'fine', '--yes')
    expect(await verified('--anchors', 'heads')).toEqual({
      code: 4,
      faults: ['Row 6 is not what it was when its head was kept.', 'Row 6 is not what it was when its head was kept.'],
    })
    project.write('heads', 'no head\n')
    expect((await project.till('audit', 'verify', '--anchors', 'heads')).code).toBe(2)
  }, 120_000)

  it('takes no head for one that nobody of a list has signed', async () => {
    const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { cwd: project.root })
    for (const name of ['anna', 'eve']) keygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', name)
    const list = (more = '') => project.write('signers', `anna@example.com ${more}${project.read('anna.pub')}`)
    list('namespaces="till-audit" ')
    const by = ['--anchors', 'heads', '--signers', 'signers'] as const
    const none = { code: 4, faults: ['No head is signed by anybody of "signers".'] }
    for (const more of [[], ['--sign', 'eve']]) {
      expect((await project.till('audit', 'anchor', '--file', 'heads', ...more)).code).toBe(0)
      expect(await verified(...by)).toEqual(none)
    }
    expect((await project.till('audit', 'anchor', '--file', 'heads', '--sign', 'anna')).code).toBe(0)
    const lines = project.read('heads').trimEnd().split('\n')
    for (const line of lines) expect(errorsOf('audit-anchor', JSON.parse(line))).toEqual([])
    expect(await verified(...by)).toEqual({ code: 0, faults: [] })
    expect((await project.till('audit', 'verify', ...by)).stderr).toContain('not compared: 2 heads.')
    project.write('revoked', project.read('anna.pub'))
    expect(await verified(...by, '--revocations', 'revoked')).toEqual(none)
    list('namespaces="till-plan" ')
    expect(await verified(...by)).toEqual(none)
    list()
    // What was signed was another row.
    const { seq, ...rest } = JSON.parse(lines[2] ?? '')
    project.write('heads', `${JSON.stringify({ ...rest, seq: seq - 1 })}\n`)
    expect(await verified(...by)).toEqual(none)
    project.write('heads', `${lines.join('\n')}\n`)
    tamper('DELETE FROM audit_log', "DELETE FROM state_facts WHERE name LIKE 'audit%'")
    for (let run = 0; run < 3; run += 1) await project.till('apply', 'fine', '--yes')
    expect(await verified(...by)).toEqual({ code: 4, faults: ['Row 6 is not what it was when its head was kept.'] })
    expect((await project.till('audit', 'anchor', '--file', 'heads', '--sign', 'nobody')).code).toBe(2)
  }, 180_000)

  it('shows rows that are said to have been cut off, though a head that was kept elsewhere is too young for that', async () => {
    await project.till('audit', 'anchor', '--file', 'heads')
    const { at } = JSON.parse(project.read('heads'))
    // Somebody who may write the file cuts off what nobody is to see, and more than there was, as the store itself would.
    const cut = { seq: 1_000, hash: 'f'.repeat(64) }
    const entry = { at, kind: 'audit.cut', by: 'till', host: 'h', about: { ...cut, rows: 1_000 } }
    const json = JSON.stringify({ seq: 1_001, ...entry })
    const hash = createHash('sha256').update(`${cut.hash}\n${json}`).digest('hex')
    const fact = (name: string, head: object): string =>
      `UPDATE state_facts SET value = '${JSON.stringify(head)}' WHERE name = '${name}'`
    tamper(
      'DELETE FROM audit_log',
      `INSERT INTO audit_log (seq, json, hash) VALUES (1001, '${json}', '${hash}')`,
      `INSERT INTO state_facts (name, value) VALUES ('audit.cut', '${JSON.stringify(cut)}')`,
      fact('audit.head', { seq: 1_001, hash }),
    )
    const found = await verified('--anchors', 'heads')
    expect(found).toEqual({
      code: 4,
      faults: [`Row 6 was cut off. Its head was kept on ${at.slice(0, 10)}, and rows are kept for two years.`],
    })
    // One that is older than rows are kept is right, and was not compared with anything.
    project.write('heads', project.read('heads').replace(`"at":"${at.slice(0, 4)}`, '"at":"2020'))
    const past = await project.till('audit', 'verify', '--anchors', 'heads')
    expect([past.code, past.stdout]).toEqual([
      0,
      expect.stringContaining('; 0 heads compared, 1 is of what was cut off.'),
    ])
  }, 120_000)

  it('cuts off old rows only by a signature where the project file names signers, and takes no other checkpoint', async () => {
    const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { cwd: project.root })
    for (const name of ['anna', 'eve']) keygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', name)
    project.write('signers', `anna@example.com namespaces="till-audit" ${project.read('anna.pub')}`)
    const says = (key = '') =>
      project.write('tillwright.yaml', `run: {workers: 0}\naudit: {signers: ${project.path('signers')}${key}}\n`)
    says()
    const old = { at: '2020-01-01T00:00:00.000Z', kind: 'trust.recorded', by: 'anna', host: 'h', about: {} }
    const fill = async (count: number) => {
      const store = await openSqliteStore(project.path('.till/state.db'))
      for (let row = 0; row < count; row += 1) await store.audit.append(old)
      await store.close()
    }
    tamper('DELETE FROM audit_log', "DELETE FROM state_facts WHERE name LIKE 'audit%'")
    await fill(5)
    // Nobody on this machine can sign: they stay.
    await project.till('apply', 'fine', '--yes')
    expect((await rows()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
    const eve = await project.till('audit', 'cut', '--sign', 'eve', '--json')
    expect([eve.code, JSON.parse(eve.stdout).diagnostics]).toMatchObject([
      2,
      [{ code: 'AUDIT_UNSIGNED', detail: expect.stringContaining('nobody of') }],
    ])
    const done = await project.till('audit', 'cut', '--sign', 'anna', '--json')
    expect(errorsOf('audit-cut', JSON.parse(done.stdout))).toEqual([])
    expect(JSON.parse(done.stdout)).toMatchObject({ rows: 5, cut: { seq: 5 }, vouched: false })
    await project.till('audit', 'anchor', '--file', 'heads', '--sign', 'anna')
    expect(await verified('--anchors', 'heads')).toEqual({ code: 0, faults: [] })

    // By the key that the project file names, a run does it itself.
    tamper('DELETE FROM audit_log', "DELETE FROM state_facts WHERE name LIKE 'audit%'")
    await fill(3)
    says(`, key: ${project.path('anna')}`)
    await project.till('apply', 'fine', '--yes')
    const log = await rows()
    expect(log.at(-1)?.entry).toMatchObject({ kind: 'audit.cut', about: { seq: 3, rows: 3 } })
    expect(String(log.at(-1)?.entry.about['signature'])).toMatch(/^-----BEGIN SSH SIGNATURE-----/)
    await project.till('audit', 'anchor', '--file', 'fresh')
    expect(await verified('--anchors', 'fresh')).toEqual({ code: 0, faults: [] })

    // Who may write the store cuts off more, as the store would without a key: it is told, and no later run signs it for him.
    const cut = { seq: 100, hash: 'f'.repeat(64) }
    const json = JSON.stringify({ seq: 101, ...old, kind: 'audit.cut', about: { ...cut, rows: 97 } })
    const hash = createHash('sha256').update(`${cut.hash}\n${json}`).digest('hex')
    tamper(
      'DELETE FROM audit_log',
      `INSERT INTO audit_log (seq, json, hash) VALUES (101, '${json}', '${hash}')`,
      `UPDATE state_facts SET value = '${JSON.stringify(cut)}' WHERE name = 'audit.cut'`,
      `UPDATE state_facts SET value = '${JSON.stringify({ seq: 101, hash })}' WHERE name = 'audit.head'`,
    )
    const told = 'Rows up to 100 were cut off, and nobody who counts has signed that.'
    expect((await verified('--anchors', 'fresh')).faults).toContain(told)
    expect((await verified()).faults).toContain(told)
    says(`, key: ${project.path('anna')}`)
    const run = await project.till('apply', 'fine', '--yes')
    expect(run.stderr).toContain('nobody who counts has signed that')
    expect((await verified('--anchors', 'fresh')).faults).toContain(told)
    // Until somebody answers for it by name.
    const vouched = await project.till('audit', 'cut', '--vouch', 'compared with the backup of June')
    expect([vouched.code, vouched.stdout]).toEqual([
      0,
      expect.stringMatching(/is signed[\s\S]*Cut off: 1 row, up to 101/),
    ])
    const faults = (await verified('--anchors', 'fresh')).faults
    expect(faults.filter((fault) => fault.includes('signed'))).toEqual([])
  }, 240_000)

  it('forgets what is long past, and says so in a row', async () => {
    const store = await openSqliteStore(project.path('.till/state.db'))
    tamper('DELETE FROM audit_log', "DELETE FROM state_facts WHERE name LIKE 'audit%'")
    const old = { at: '2020-01-01T00:00:00.000Z', kind: 'trust.recorded', by: 'anna', host: 'h', about: {} }
    for (let row = 0; row < 5; row += 1) await store.audit.append(old)
    await store.close()
    await project.till('apply', 'fine', '--yes')
    const log = await rows()
    expect(log.map(({ seq, entry }) => [seq, entry.kind])).toEqual([
      [6, 'run.started'],
      [7, 'run.finished'],
      [8, 'audit.cut'],
    ])
    expect(log.at(-1)?.entry.about).toMatchObject({ seq: 5, rows: 5 })
    expect(await verified()).toEqual({ code: 0, faults: [] })
    tamper("UPDATE state_facts SET value = replace(value, '\"seq\":5', '\"seq\":4') WHERE name = 'audit.cut'")
    expect((await verified()).code).toBe(4)
  }, 120_000)
})
