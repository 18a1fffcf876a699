import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RunEvent } from '../../src/core/events.ts'
import { createJsonReporter } from '../../src/reporters/json.ts'
import { createLinesReporter } from '../../src/reporters/lines.ts'
import { createTerminalReporter } from '../../src/reporters/terminal.ts'
import { RECORDED_RUNS, type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { feedReporter } from '../../src/testing/reporter-contract.ts'

function recorded(kind: string): RunEvent[] {
  return RECORDED_RUNS[kind]?.() ?? []
}

test('lines of a run with every state', async () => {
  expect((await feedReporter(createLinesReporter, recorded('every state'))).text).toMatchInlineSnapshot(`
    "Plan till-health: 10 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    unknown       PL-0001/pos2
      unknown a "Step a" (config)
        It cannot be told.
    drifted       PL-0001/pos3  (agent-old, minor, for it)
    changed       PL-0001/pos4
    failed        PL-0002/pos1  CONVERGE_FAILED (converge): Something about "CONVERGE_FAILED" on port 6.
      → Look at number 6.
    unmet         PL-0002/pos4  CHECK_UNMET (connect): Something about "CHECK_UNMET" on port 1.
      → A check changes nothing: mend on the device what it found, or let a step before it do so.
    unreachable   PL-0002/pos2  CONNECT_TIMEOUT (connect): Something about "CONNECT_TIMEOUT" on port 1.
      → Off, disconnected, or a firewall drops packets: check the link of the store first.
    deferred      PL-0002/pos3  LEASE_HELD (identify): Something about "LEASE_HELD" on port 2.
      → Wait for it, or see \`till runs list\`.
    cancelled     PL-0003/pos1  RUN_CANCELLED (identify): Something about "RUN_CANCELLED" on port 2.
    indeterminate PL-0003/pos2  CONVERGE_LOST (converge): Something about "CONVERGE_LOST" on port 6.
      → Look at number 6.

    CONVERGE_FAILED converge 1 device: PL-0002/pos1
    CHECK_UNMET connect 1 device: PL-0002/pos4
    CONNECT_TIMEOUT connect 1 device: PL-0002/pos2
    LEASE_HELD identify 1 device: PL-0002/pos3
    RUN_CANCELLED identify 1 device: PL-0003/pos1
      → Run it again; it does what is still missing.
    CONVERGE_LOST converge 1 device: PL-0003/pos2
    agent-old, minor, for it, 1 device: PL-0001/pos3
    Slowest: PL-0001/pos4 0.4 s, PL-0002/pos3 0.4 s, PL-0001/pos3 0.3 s, PL-0002/pos2 0.3 s, PL-0001/pos2 0.2 s
    Plan till-health: 10 devices in 0.0 s
      1 in-sync, 1 drifted, 1 changed, 1 unmet, 1 failed, 1 unreachable, 1 unknown, 1 deferred, 1 cancelled, 1 indeterminate
    Details: till runs show 20261122T034716Z-7f3a9c
    Mend the drift: till apply till-health --param port=8443 --from-run 20261122T034716Z-7f3a9c:drifted
    Again, only what is failed (likewise :indeterminate, :unreachable, :unknown, :deferred, :cancelled, :unmet): till plan till-health --param port=8443 --from-run 20261122T034716Z-7f3a9c:failed
    "
  `)
})

test('lines of a run that changed something', async () => {
  const two = recordRun(
    [
      {
        device: 'PL-0412/pos1',
        state: 'changed',
        steps: [
          { step: 'package', state: 'ok' },
          { step: 'config', state: 'changed', changes: [{ path: 'keys.Server', before: 'a', after: 'b' }] },
          {
            step: 'restart',
            state: 'failed',
            failure: { code: 'NOT_CONVERGED', phase: 'verify', message: 'Still stopped.' },
          },
        ],
      },
      { device: 'PL-0412/pos2', state: 'in-sync', steps: [{ step: 'package', state: 'ok', value: { version: '1' } }] },
    ],
    { mode: 'apply' },
  )
  expect((await feedReporter(createLinesReporter, two)).text).toMatchInlineSnapshot(`
    "Apply till-health: 2 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    changed       PL-0412/pos1
      changed config "Step config" (config)
        keys.Server: "a" → "b"
      failed restart "Step restart" (config)
        NOT_CONVERGED (verify): Still stopped.
        → Something undoes it, or the step describes a state that cannot be.

    Slowest: PL-0412/pos2 0.2 s, PL-0412/pos1 0.1 s
    Apply till-health: 2 devices in 0.0 s
      1 in-sync, 1 changed
    Details: till runs show 20261122T034716Z-7f3a9c
    "
  `)
  const verbose = await feedReporter((output) => createLinesReporter(output, { verbose: true }), two)
  expect(verbose.text).toMatchInlineSnapshot(`
    "Apply till-health: 2 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    changed       PL-0412/pos1
      ok package "Step package" (config) 12 ms
      changed config "Step config" (config) 12 ms
        keys.Server: "a" → "b"
      failed restart "Step restart" (config) 12 ms
        NOT_CONVERGED (verify): Still stopped.
        → Something undoes it, or the step describes a state that cannot be.
    in-sync       PL-0412/pos2
      ok package "Step package" (config) 12 ms
        read: {"version":"1"}

    Slowest: PL-0412/pos2 0.2 s, PL-0412/pos1 0.1 s
    Apply till-health: 2 devices in 0.0 s
      1 in-sync, 1 changed
    Details: till runs show 20261122T034716Z-7f3a9c
    "
  `)
})

test('lines of a run that ends early name what was lost', async () => {
  const { text } = await feedReporter(createLinesReporter, recorded('killed in the middle of a change'))
  expect(text).toMatchInlineSnapshot(`
    "Plan till-health: 3 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
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
    Plan till-health: 3 devices
      2 cancelled, 1 indeterminate
    Details: till runs show 20261122T034716Z-7f3a9c
    Again, only what is indeterminate (likewise :cancelled): till plan till-health --param port=8443 --from-run 20261122T034716Z-7f3a9c:indeterminate
    "
  `)
})

test('many devices in sync are one summary, not many lines', async () => {
  const { text } = await feedReporter(createLinesReporter, recorded('in sync'))
  expect(text).toMatchInlineSnapshot(`
    "Plan till-health: 7 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c

    Slowest: PL-0000/pos4 0.4 s, PL-0000/pos3 0.3 s, PL-0001/pos2 0.3 s, PL-0000/pos2 0.2 s, PL-0001/pos1 0.2 s
    Plan till-health: 7 devices in 0.0 s
      7 in-sync
    "
  `)
})

test('lines tell of progress while devices are slow', async () => {
  const written: string[] = []
  const output = { write: (text: string) => void written.push(text), isTerminal: false, columns: 80, color: false }
  const reporter = createLinesReporter(output, { progressMs: 5 })
  for (const event of recorded('in sync').slice(0, 12)) await reporter.event(event)
  while (!written.some((text) => text.startsWith('…'))) await delay(5)
  expect(written.find((text) => text.startsWith('…'))).toMatch(/^… 3 of 7 devices.*: 3 in-sync\n$/)
  await reporter.close()
  const { length } = written
  await delay(30)
  expect(written.length).toBe(length)
})

test('lines say it less and less often where nothing moves', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const written: string[] = []
  const output = { write: (text: string) => void written.push(text), isTerminal: false, columns: 80, color: false }
  const reporter = createLinesReporter(output, { progressMs: 1000 })
  for (const event of recorded('in sync').slice(0, 12)) await reporter.event(event)
  const before = written.length
  const shownAfter: number[] = []
  for (let second = 1; second <= 200; second += 1) {
    const { length } = written
    await vi.advanceTimersByTimeAsync(1000)
    if (written.length > length) shownAfter.push(second)
  }
  // The first tick tells what has been done since the run began.
  expect(shownAfter).toEqual([1, 2, 3, 5, 9, 17, 33, 65, 129, 193])
  expect(new Set(written.slice(before + 1)).size).toBe(1)
  await reporter.close()
})

/** The lines on a screen after the escape codes that listr2 draws with. */
function screen(text: string): string[] {
  const lines = ['']
  let row = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  for (const [token] of text.matchAll(/\u001b\[[?0-9;]*[A-Za-z]|\n|[^\u001b\n]+/g)) {
    if (token === '\n') row += 1
    else if (token === '\u001b[2K') lines[row] = ''
    else if (token === '\u001b[1A') row -= 1
    else if (!token.startsWith('\u001b')) lines[row] = (lines[row] ?? '') + token
    lines[row] ??= ''
  }
  return lines
}

test('the live view shows progress by store, totals and problems, and goes away', async () => {
  let text = ''
  const write = (part: string): void => {
    text += part
  }
  const output = { write, isTerminal: true, columns: 60, color: false }
  const reporter = createTerminalReporter(output)
  const devices: RecordedDevice[] = Array.from({ length: 12 }, (_, i) => ({
    device: `PL-000${Math.floor(i / 4)}/pos${i % 4}`,
    state: i % 4 === 1 ? 'failed' : 'in-sync',
    ...(i % 4 === 1 && {
      failure: { code: 'CHECK_UNMET', phase: 'observe', message: 'Disk 99 % full, which is a lot more than 90 %.' },
    }),
  }))
  const events = recordRun(devices)
  const until = 1 + 8 + 4
  for (const event of events.slice(0, until)) await reporter.event(event)
  while (!text.includes('4 in progress')) await delay(10)
  const live = screen(text).map((line) =>
    line.replace(/^[⠀-⣿-] /, '* ').replace(/ {2}[\d,]+\/s.*?(?= {2}\d+ failed|…|$)/, ''),
  )
  expect(live.join('\n')).toMatchInlineSnapshot(`
    "Plan till-health: 12 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    * PL-0000: 4 done, 1 failed
    * PL-0001: 0 done, 4 in progress
    * Plan till-health  ██████░░░░░░░░░░░░░░  4 of 12  1 fail…
      PL-0000/pos1 CHECK_UNMET: Disk 99 % full, which is a lo…
    "
  `)
  for (const event of events.slice(until)) await reporter.event(event)
  await reporter.close()
  expect(screen(text).join('\n')).toMatchInlineSnapshot(`
    "Plan till-health: 12 devices, revision 3f2a9c1, run 20261122T034716Z-7f3a9c
    failed        PL-0000/pos1  CHECK_UNMET (observe): Disk 99 % full, which is a lot more than 90 %.
    failed        PL-0001/pos1  CHECK_UNMET (observe): Disk 99 % full, which is a lot more than 90 %.
    failed        PL-0002/pos1  CHECK_UNMET (observe): Disk 99 % full, which is a lot more than 90 %.

    CHECK_UNMET observe 3 devices: PL-0000/pos1, PL-0001/pos1, PL-0002/pos1
      → A check changes nothing: mend on the device what it found, or let a step before it do so.
    Slowest: PL-0000/pos3 0.4 s, PL-0001/pos3 0.4 s, PL-0002/pos3 0.4 s, PL-0000/pos2 0.3 s, PL-0001/pos2 0.3 s
    Plan till-health: 12 devices in 0.0 s
      9 in-sync, 3 failed
    Details: till runs show 20261122T034716Z-7f3a9c
    Again, only what is failed: till plan till-health --param port=8443 --from-run 20261122T034716Z-7f3a9c:failed
    "
  `)
})

test('the live view draws at most ten times a second, and a bounded number of rows', async () => {
  let drawings = 0
  let mostLines = 0
  const output = {
    write(text: string) {
      if (!text.includes('\u001b[2K')) return
      drawings += 1
      mostLines = Math.max(mostLines, text.split('\n').length)
    },
    isTerminal: true,
    columns: 80,
    rows: 24,
    color: true,
  }
  const reporter = createTerminalReporter(output)
  const began = performance.now()
  for (const [index, event] of recorded('ten thousand devices').entries()) {
    await reporter.event(event)
    if (index % 1000 === 0) await delay(20)
    if (event.type === 'run.finished') break
  }
  const seconds = (performance.now() - began) / 1000
  expect(drawings).toBeLessThanOrEqual(seconds * 10 + 2)
  expect(drawings).toBeGreaterThan(2)
  expect(mostLines).toBeLessThanOrEqual(24)
  await reporter.close()
})

test('the result document of 20,000 devices is written in memory that does not grow', async () => {
  let bytes = 0
  const reporter = createJsonReporter({
    write(text) {
      bytes += text.length
    },
  })
  const value = { text: 'x'.repeat(2000) }
  const heapAfter: number[] = []
  let seq = 0
  const head = () => ({ schema: 'till.event/1', run: 'r', seq: ++seq, at: '2026-01-01T00:00:00.000Z' }) as const
  const first = recordRun([], { run: 'r' })[0]
  if (first) await reporter.event(first)
  for (let i = 0; i < 20_000; i += 1) {
    const device = `PL-${i}/pos1`
    await reporter.event({ ...head(), type: 'device.started', device, store: `PL-${i}` })
    await reporter.event({
      ...head(),
      type: 'step.finished',
      device,
      runbook: 'r',
      step: 'a',
      name: 'a',
      module: 'facts',
      duration_ms: 1,
      state: 'ok',
      value: { ...value, i },
    })
    await reporter.event({
      ...head(),
      type: 'device.finished',
      device,
      store: `PL-${i}`,
      region: 'x',
      kind: 'till',
      state: 'in-sync',
      duration_ms: 1,
    })
    if (i % 10_000 === 9999) heapAfter.push(await liveHeapMiB())
  }
  await reporter.close()
  expect(bytes).toBeGreaterThan(40_000_000)
  expect((heapAfter[1] ?? 0) - (heapAfter[0] ?? 0)).toBeLessThan(5)
})

async function liveHeapMiB(): Promise<number> {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed / 2 ** 20
}
