import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunEvent } from '../../src/core/events.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { RECORDED_RUNS, recordRun } from '../../src/testing/recorded-runs.ts'
import { inventoryWith, TestProject } from './project.ts'

const devices = Array.from(
  { length: 5 },
  (_, i) => `      pos${i + 1}: {profile: till, address: 10.0.0.${i + 1}}`,
).join('\n')
let project: TestProject

beforeAll(async () => {
  project = new TestProject({
    'tillwright.yaml': 'inventory: inventory/\n',
    'inventory/fleet.yaml': inventoryWith(`${devices}\n`),
  })
  const store = await openSqliteStore(project.path('.till/state.db'))
  await store.append(
    recordRun([{ device: 'PL-0001/pos1', state: 'in-sync' }], {
      run: '20261101T000000Z-aaaaaa',
      at: '2026-11-01T00:00:00.000Z',
    }),
  )
  await store.append(RECORDED_RUNS['every state']?.() ?? [])
  const [first, ...rest] = RECORDED_RUNS['killed in the middle of a change']?.() ?? []
  const killed = [{ ...first, host: hostname(), pid: 2 ** 22 + 1 } as RunEvent, ...rest]
  await store.append(
    killed.map((event) => ({ ...event, run: '20261123T000000Z-bbbbbb', at: event.at.replace('-22T', '-23T') })),
  )
  await store.close()
})
afterAll(() => project.remove())

async function answer(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await project.till(...args)
  return `${stdout}${stderr}exit ${code}`.replaceAll(`on ${hostname()}`, 'on HERE')
}

test('runs list', async () => {
  expect(await answer('runs', 'list')).toMatchInlineSnapshot(`
    "RUN                      STARTED               STATE         TOOK  EXIT  WHAT              DEVICES  RESULT                                                                                                                  BY
    20261123T000000Z-bbbbbb  2026-11-23 03:47:16Z  interrupted               Plan till-health        3                                                                                                                          ops@hq
    20261122T034716Z-7f3a9c  2026-11-22 03:47:16Z  finished     0.0 s   130  Plan till-health       10  1 in-sync, 1 drifted, 1 changed, 1 unmet, 1 failed, 1 unreachable, 1 unknown, 1 deferred, 1 cancelled, 1 indeterminate  ops@hq
    20261101T000000Z-aaaaaa  2026-11-01 00:00:00Z  finished     0.0 s     0  Plan till-health        1  1 in-sync                                                                                                               ops@hq
    exit 0"
  `)
  const { stdout } = await project.till('runs', 'list', '--json', '--limit', '1')
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'till.runs/1', runs: [{ state: 'interrupted', exit_code: null }] })
})

test('runs show finds a run by its beginning, and says what is missing', async () => {
  expect(await answer('runs', 'show', '20261101')).toMatchInlineSnapshot(`
    "Plan till-health: 1 device, revision 3f2a9c1, run 20261101T000000Z-aaaaaa
    Started 2026-11-01T00:00:00.000Z by ops@hq on controller.test, finished

    Plan till-health: 1 device in 0.0 s
      1 in-sync
    exit 0"
  `)
  expect(await answer('runs', 'show', 'latest')).toMatchInlineSnapshot(`
    "Plan till-health: 3 devices, revision 3f2a9c1, run 20261123T000000Z-bbbbbb
    Started 2026-11-23T03:47:16.000Z by ops@hq on HERE, interrupted

    cancelled     PL-0001/pos1  RUN_LOST (observe): The run ended before this device did.
      changed b "Step b" (config)
        keys.Server: "old.example" → "hq.example"
        keys.Password: "***" → "***"
        content:
          @@ -1,2 +1,3 @@
          | line one
          - line two
          + line three
          + xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (5000 characters)
        mode: (absent) → "0644"
        lines: [1,{"a":null}] → (absent)
        restart
    indeterminate PL-0001/pos2  RUN_LOST_CONVERGING (converge): The run ended while step "b" was being changed; whether it took effect is not known.
      → Resume it (\`till resume\`): it looks first, and does what is still missing. What cannot be seen is for you to look at.
    cancelled     PL-0001/pos3  RUN_LOST (observe): The run ended before this device did.

    RUN_LOST observe 2 devices: PL-0001/pos1, PL-0001/pos3
      → Run it again, or go on with an apply by \`till resume\`; either does what is still missing.
    RUN_LOST_CONVERGING converge 1 device: PL-0001/pos2
      → Resume it (\`till resume\`): it looks first, and does what is still missing. What cannot be seen is for you to look at.
    Plan till-health: 3 devices
      2 cancelled, 1 indeterminate
    Again, only what is indeterminate (likewise :cancelled): till plan till-health --param port=8443 --from-run 20261123T000000Z-bbbbbb:indeterminate
    exit 0"
  `)
  expect(await answer('runs', 'show', '202611')).toMatchInlineSnapshot(`
    "error "202611" is the beginning of 3 runs RUN_UNKNOWN
      Write more of its id.

    1 error.
    exit 2"
  `)
  expect(await answer('runs', 'show', '20261101T000000Z-aaaaab')).toMatchInlineSnapshot(`
    "error There is no run "20261101T000000Z-aaaaab" RUN_UNKNOWN
      See \`till runs list\` for those that there are.
      did you mean "20261101T000000Z-aaaaaa"?

    1 error.
    exit 2"
  `)
})

test('runs show filters by device and failure', async () => {
  expect(await answer('runs', 'show', '20261122', '--device', 'PL-0001/pos1')).toMatchInlineSnapshot(`
    "Plan till-health: 10 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    Started 2026-11-22T03:47:16.000Z by ops@hq on controller.test, finished

    in-sync       PL-0001/pos1

    Plan till-health: 10 devices in 0.0 s
      shown: 1 in-sync
    exit 0"
  `)
  expect(await answer('runs', 'show', '20261122', '--failed', '--device', 'PL-0002/pos2')).toMatchInlineSnapshot(`
    "Plan till-health: 10 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    Started 2026-11-22T03:47:16.000Z by ops@hq on controller.test, finished

    unreachable   PL-0002/pos2  CONNECT_TIMEOUT (connect): Something about "CONNECT_TIMEOUT" on port 1.
      → Off, disconnected, or a firewall drops packets: check the link of the store first.

    CONNECT_TIMEOUT connect 1 device: PL-0002/pos2
      → Off, disconnected, or a firewall drops packets: check the link of the store first.
    Plan till-health: 10 devices in 0.0 s
      shown: 1 unreachable
    Again, only what is unreachable: till plan till-health --param port=8443 --from-run 20261122T034716Z-7f3a9c:unreachable
    exit 0"
  `)
  expect(await answer('runs', 'show', '20261122', '--device', 'PL-0001/pos9')).toMatch(
    /No device of the run is like that\.\nexit 0$/,
  )
})

test('runs show gives the document and the events of a run', async () => {
  const document = JSON.parse((await project.till('runs', 'show', '20261122', '--json')).stdout)
  expect(document).toMatchObject({ schema: 'till.result/1', run: { run: '20261122T034716Z-7f3a9c' }, exit_code: 130 })
  expect(document.devices.length).toBe(10)
  const lost = JSON.parse((await project.till('runs', 'show', 'latest', '--json')).stdout)
  expect(lost.devices.map((device: { state: string }) => device.state)).toEqual([
    'cancelled',
    'indeterminate',
    'cancelled',
  ])
  const events = (await project.till('runs', 'show', '20261122', '--ndjson', '--failed')).stdout.trimEnd().split('\n')
  const failed = new Set(events.map((line) => JSON.parse(line).device).filter(Boolean))
  expect([...failed].sort()).toEqual([
    'PL-0001/pos2',
    'PL-0002/pos1',
    'PL-0002/pos2',
    'PL-0002/pos3',
    'PL-0002/pos4',
    'PL-0003/pos1',
    'PL-0003/pos2',
  ])
})

test('runs diff', async () => {
  expect(await answer('runs', 'diff', '20261101', '20261122')).toMatchInlineSnapshot(`
    "20261101T000000Z-aaaaaa  2026-11-01 00:00:00Z  Plan till-health, finished
    20261122T034716Z-7f3a9c  2026-11-22 03:47:16Z  Plan till-health, finished

    PL-0001/pos2  not there → unknown (unknown steps)
    PL-0001/pos3  not there → drifted
    PL-0001/pos4  not there → changed
    PL-0002/pos1  not there → failed (CONVERGE_FAILED)
    PL-0002/pos2  not there → unreachable (CONNECT_TIMEOUT)
    PL-0002/pos3  not there → deferred (LEASE_HELD)
    PL-0002/pos4  not there → unmet (CHECK_UNMET)
    PL-0003/pos1  not there → cancelled (RUN_CANCELLED)
    PL-0003/pos2  not there → indeterminate (CONVERGE_LOST)
    9 devices ended differently
    exit 0"
  `)
  expect(await answer('runs', 'diff', 'latest', 'latest')).toMatchInlineSnapshot(`
    "20261123T000000Z-bbbbbb  2026-11-23 03:47:16Z  Plan till-health, interrupted
    20261123T000000Z-bbbbbb  2026-11-23 03:47:16Z  Plan till-health, interrupted

    0 devices ended differently
    exit 0"
  `)
  const { stdout } = await project.till('runs', 'diff', '20261122', 'latest', '--json')
  expect(JSON.parse(stdout).devices[0]).toEqual({
    device: 'PL-0001/pos1',
    before: { state: 'in-sync', unknown: false, code: null },
    after: { state: 'cancelled', unknown: false, code: 'RUN_LOST' },
    steps: [{ runbook: 'till-health', step: 'b', before: null, after: 'changed' }],
  })
})

test('status knows every device of the inventory', async () => {
  const text = (await answer('status')).replace(/ +[\d.]+ (?:s|min|h|d)(?: \d+ (?:s|min|h))?(?= )| +AGE/g, (age) =>
    age.endsWith('AGE') ? ' AGE' : ' AGO',
  )
  expect(text).toMatchInlineSnapshot(`
    "DEVICE        STATE AGE  RUNBOOKS     RUN                      WHY
    PL-0001/pos1  in-sync AGO  till-health  20261122T034716Z-7f3a9c
    PL-0001/pos2  indeterminate AGO  till-health  20261123T000000Z-bbbbbb  RUN_LOST_CONVERGING: The run ended while step "b" was being changed; whether it took effect is not known.
    PL-0001/pos3  drifted AGO  till-health  20261122T034716Z-7f3a9c
    PL-0001/pos4  changed AGO  till-health  20261122T034716Z-7f3a9c
    PL-0001/pos5  never
    5 devices: 1 in-sync, 1 drifted, 1 changed, 1 indeterminate, 1 never
    exit 0"
  `)
  const { stdout } = await project.till('status', '--json', '--state', 'never', '--state', 'indeterminate')
  const document = JSON.parse(stdout)
  expect(document.devices.map(({ device, state }: Record<string, string>) => `${device} ${state}`)).toEqual([
    'PL-0001/pos2 indeterminate',
    'PL-0001/pos5 never',
  ])
  expect(document.counts.indeterminate).toBe(1)
})

test('status filters by age and state', async () => {
  const devicesOf = async (...args: string[]): Promise<string[]> =>
    (await project.till('status', '--ndjson', ...args)).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).device)
  expect(await devicesOf('--older-than', '0s', '--device', 'PL-0001/pos1')).toEqual(['PL-0001/pos1'])
  expect(await devicesOf('--older-than', '99999d')).toEqual(['PL-0001/pos5'])
  expect(await devicesOf('--state', 'unknown')).toEqual(['PL-0001/pos5'])
  expect(await devicesOf('--where', "device.id == 'pos3'")).toEqual(['PL-0001/pos3'])
  expect(await devicesOf('--limit', '2')).toEqual(['PL-0001/pos1', 'PL-0001/pos2'])
  expect(await answer('status', '--older-than', 'tomorrow')).toMatchInlineSnapshot(`
    "error "tomorrow" is no span of time SCHEMA_VALUE_INVALID
      Write a number with its unit, as 30m, 12h, 7d.

    1 error.
    exit 2"
  `)
  expect(await answer('status', '--store', 'PL-0002')).toMatchInlineSnapshot(`
    "error There is no store "PL-0002" in the inventory INV_REFERENCE_UNKNOWN
      did you mean "PL-0001"?

    1 error.
    exit 2"
  `)
})

test('a terminal that has no size is not taken for a narrow one', async () => {
  const till = fileURLToPath(new URL('../../bin/till', import.meta.url))
  const command = `'${process.execPath}' '${till}' runs list`
  const options = { cwd: project.root, encoding: 'utf8', input: '' } as const
  expect(spawnSync('script', ['-qec', command, '/dev/null'], options).stdout).toContain('20261101T000000Z-aaaaaa')
})
