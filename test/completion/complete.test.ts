import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { complete } from '../../src/cli/complete.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { RECORDED_RUNS } from '../../src/testing/recorded-runs.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../oclif.manifest.json'), 'utf8'))
let project: TestProject

beforeAll(async () => {
  project = new TestProject({
    'tillwright.yaml': `runbooks: "books"  # here
assignments: [{runbook: agent-update, every: 1d}]
`,
    'books/agent-update.yaml':
      'name: agent-update\nparams: {version: {type: string}, path: {type: string}}\nsteps: [{facts: {}}]\n',
    'modules/own-one.yaml': 'name: own-one\n',
    'inventory/fleet.yaml': inventoryWith(
      '      pos1: {profile: till, address: 10.0.0.1}\n      pos2: {profile: till, address: 10.0.0.2}\n',
    ),
  })
  await project.till('inventory', 'list')
  const store = await openSqliteStore(project.path('.till/state.db'))
  await store.append(RECORDED_RUNS['every state']?.() ?? [])
  await store.close()
  await project.till('hold', 'PL-0001', '--until', '4h', '--because', 'a clerk counts')
  process.env['TILL_PROJECT'] = project.root
})
afterAll(async () => {
  delete process.env['TILL_PROJECT']
  await project.remove()
})

/** The values that are offered for a line that ends at the cursor. */
async function offered(line: string): Promise<readonly string[]> {
  const text = await complete(line.split(' '), manifest)
  const lines = text.split('\n').filter((one) => one !== '')
  return lines.map((one) => one.replace(/\t.*/, ''))
}

describe('completion offers', () => {
  test.each([
    ['pl', ['plan']],
    ['inv', ['inventory']],
    ['inventory s', ['show']],
    ['explain HOST_', ['HOST_KEY_UNKNOWN', 'HOST_KEY_MISMATCH']],
    ['plan ', ['agent-update']],
    ['plan nothing', [':files']],
    ['plan agent-update --sto', ['--store']],
    ['plan agent-update --store ', ['PL-0001']],
    ['plan agent-update --store=PL', ['--store=PL-0001']],
    ['plan agent-update -s ', ['PL-0001']],
    ['plan agent-update --device ', ['PL-0001/']],
    ['plan agent-update --device PL-0001/', ['PL-0001/pos1', 'PL-0001/pos2']],
    ['plan agent-update --region ', ['north']],
    ['plan agent-update --kind fis', ['fiscal-printer']],
    ['plan agent-update --from-run lat', ['latest']],
    ['plan agent-update --from-run latest:un', ['latest:unmet', 'latest:unreachable', 'latest:unknown']],
    ['plan agent-update --output ', [':files']],
    ['plan agent-update --json --ju', ['--junit']],
    ['plan --json ', ['agent-update']],
    ['plan agent-update more', []],
    ['inventory show PL-0001/pos2', ['PL-0001/pos2']],
    ['runs show 2026', ['20261122T034716Z-7f3a9c']],
    ['schema runb', ['runbook']],
    ['schedule ag', ['agent-update']],
    ['why PL-0001/', ['PL-0001/pos1', 'PL-0001/pos2']],
    ['why PL-0001/pos1 --runbook ', ['agent-update']],
    ['history PL', ['PL-0001/']],
    ['blame PL-0001/pos1', ['PL-0001/pos1']],
    ['hold PL', ['PL-0001', 'PL-0001/']],
    ['hold release ', ['PL-0001']],
    ['outages add PL-0001/', ['PL-0001/pos1', 'PL-0001/pos2']],
    ['rollback lat', ['latest']],
    ['report run lat', ['latest']],
    ['module show serv', ['service']],
    ['sandbox fault refu', ['refused=']],
    ['sandbox fault refused=', ['refused=all', 'refused=PL-0001/']],
    ['sandbox fault refused=PL-0001/pos2,PL-0001/pos1', ['refused=PL-0001/pos2,PL-0001/pos1']],
    ['sandbox fault refused=all slow', ['slow-start=', 'slow=']],
    ['sandbox up --fault none', ['none=']],
    ['assignments suspend ', ['agent-update']],
    ['plan agent-update --param ', ['version=', 'path=']],
    ['plan agent-update -P ver', ['version=']],
    ['plan x --fail-on failed,unre', ['failed,unreachable']],
    ['plan x --fail-on=failed,unre', ['--fail-on=failed,unreachable']],
    ['plan x --sign ', [':files']],
    ['apply x --signers ', [':files']],
    ['schedule x --html ', [':files']],
    ['hook test ', [':files']],
    ['sources test ', [':files']],
    ['inventory import csv ', [':files']],
    ['init --from-ansible ', [':files']],
    ['reconcile --folder ', [':folders']],
    ['exec --store PL-0001 -- ls ', []],
    ['nonsense ', []],
  ])('"%s"', async (line, wanted) => {
    expect(await offered(line)).toEqual(wanted)
  })

  test.each([
    ['sinks replay ', ['desk']],
    ['report send ', ['monday-north']],
    ['sync inventory ', ['terminals']],
  ])('"%s", of tillwright.yaml as far as it is written', async (line, wanted) => {
    const begun = new TestProject({
      'tillwright.yaml':
        'sinks: {desk: {}}\nreports:\n  monday-north: {every: week}\ndevice_lists: {terminals: {url: "https://x.example"}}\n',
    })
    onTestFinished(() => begun.remove())
    expect(await offered(`${line.trim()} --project ${begun.root} `)).toEqual(wanted)
  })

  test('a flag that was given is not offered again, unless it may be repeated', async () => {
    const flags = await offered('plan agent-update --json --store PL-0001 --')
    expect(flags).toContain('--store')
    expect(flags).not.toContain('--json')
    expect(flags).toContain('--help')
  })

  test('every command, every topic, once', async () => {
    const all = await offered('')
    expect(new Set(all).size).toBe(all.length)
    expect(all).toEqual(expect.arrayContaining(['apply', 'plan', 'inventory', 'runs', 'sandbox', 'completion']))
  })
})
