// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Controller, openController } from '../../src/controller/controller.ts'
import type { RunEvent } from '../../src/core/events.ts'
import type { Reporter } from '../../src/core/ports.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'

const LOCAL = [1, 2, 3]
  .map((n) => `      pos${n}: {profile: till, address: 127.0.0.${n}, transport: {type: local}}\n`)
  .join('')

let project: TestProject
let controller: Controller

beforeEach(async () => {
  project = new TestProject({
    'tillwright.yaml': 'run: {workers: 0, parallel: 4}\npolicies: {default: {caps: [], rollout: {waves: false}}}\n',
    'inventory/stores.yaml': inventoryWith(LOCAL),
    'runbooks/mark.yaml': `params:
  word: {type: string, default: one}
steps:
  - file: {path: "\${{ '${'ROOT'}' + '/' + device.id + '-' + params.word }}", content: "\${{ params.word }}"}
`,
    'runbooks/tell.yaml': `steps:
  - {id: told, command: {run: 'cat "$TILL_TEST_FILE"', read_only: true, environment: {TILL_TEST_FILE: ROOT/told}}}
`,
    'runbooks/secret.yaml': `steps:
  - command: {run: ':', always: true, environment: {WORD: {secret: 'env:TILL_TEST_SECRET'}}}
`,
    told: 'the word is correct-horse-battery\n',
  })
  for (const name of ['mark', 'tell']) {
    project.write(`runbooks/${name}.yaml`, project.read(`runbooks/${name}.yaml`).replaceAll('ROOT', project.root))
  }
  controller = await openController(project.root, { warn: () => undefined })
})
afterEach(async () => {
  await controller.close()
  await project.remove()
})

/** Keeps what it is told. */
function keeping(events: RunEvent[], event: (event: RunEvent) => Promise<void> = async () => undefined): Reporter {
  return {
    event: async (one) => {
      await event(one)
      events.push(one)
    },
    close: () => undefined,
  }
}

describe('a controller', () => {
  it('runs what different people ask for at once, each with a journal, an end and a name of its own', async () => {
    const [one, two] = await Promise.all([
      controller.startRun({ mode: 'apply', runbook: 'mark', requestedBy: 'ann' }),
      controller.startRun({ mode: 'apply', runbook: 'mark', params: { word: 'two' }, requestedBy: 'hook:bob' }),
    ])
    const ends = await Promise.all([one.finished, two.finished])
    // One of them may have found a device in the hands of the other.
    for (const { counts } of ends) expect(counts.changed + counts.deferred).toBe(3)
    const runs = await (await controller.store()).runs()
    expect(runs.map(({ by, state }) => `${by} ${state}`).sort()).toEqual(['ann finished', 'hook:bob finished'])
  })

  it('divides what the project allows among its runs, and gives it back', async () => {
    const seen: number[] = []
    let [open, most] = [0, 0]
    const counting = keeping([], async (event) => {
      if (event.type === 'device.started') open += 1
      if (event.type === 'device.finished') open -= 1
      most = Math.max(most, open)
      seen.push(open)
    })
    const run = await controller.startRun({ mode: 'plan', runbook: 'mark', parallel: 1, reporters: () => [counting] })
    await run.finished
    expect([most, open]).toEqual([1, 0])
  })

  it('masks in every run what it has read for any of them', async () => {
    process.env['TILL_TEST_SECRET'] = 'correct-horse-battery'
    const devices = { device: ['PL-0001/pos1'] }
    await (await controller.startRun({ mode: 'apply', runbook: 'secret', devices })).finished
    const events: RunEvent[] = []
    const tell = { mode: 'plan', runbook: 'tell', devices, reporters: () => [keeping(events)] } as const
    await (await controller.startRun(tell)).finished
    expect(JSON.stringify(events)).toContain('the word is ***')
    expect(JSON.stringify(events)).not.toContain('correct-horse-battery')
  })

  it('holds no change up for a slow reporter, which misses nothing', async () => {
    const events: RunEvent[] = []
    let isSlow = true
    const slow = keeping(events, async (event) => {
      while (isSlow && event.type === 'run.started') await new Promise((resolve) => setTimeout(resolve, 5))
    })
    const run = await controller.startRun({ mode: 'apply', runbook: 'mark', reporters: () => [slow] })
    while (!existsSync(project.path('pos3-one'))) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(events).toEqual([])
    isSlow = false
    await run.finished
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.at(-1)?.type).toBe('run.finished')
  })

  it('stops what is in progress when it closes, and every device has an end', async () => {
    project.write(
      'runbooks/long.yaml',
      `steps:
  - {id: first, command: {run: 'echo begun >> ${project.root}/log; sleep 0.3', always: true}}
  - {id: then, command: {run: 'echo never >> ${project.root}/log', always: true}}
`,
    )
    const run = await controller.startRun({ mode: 'apply', runbook: 'long', devices: { device: ['PL-0001/pos1'] } })
    while (!existsSync(project.path('log'))) await new Promise((resolve) => setTimeout(resolve, 5))
    await controller.close()
    const end = await run.finished
    expect(end.exitCode).toBe(130)
    expect(readFileSync(project.path('log'), 'utf8')).toBe('begun\n')
  })

  it('refuses what makes no sense before anything is begun', async () => {
    await expect(controller.startRun({ mode: 'apply', runbook: 'nowhere' })).rejects.toMatchObject({
      diagnostics: [{ code: 'RUNBOOK_UNKNOWN' }],
    })
    expect(await (await controller.store()).runs()).toEqual([])
  })
})

it('two names of one machine exclude each other: one waits until the other is done', async () => {
  const store = await controller.store()
  const seen = ['pos1', 'pos2'].map((id) => ({
    device: `PL-0001/${id}`,
    state: 'in-sync' as const,
    steps: [{ step: 'a', state: 'ok' as const, marks: { serial: 'X-4711' } }],
  }))
  await store.append(recordRun(seen, { run: 'before' }))
  const events: RunEvent[] = []
  const request = { mode: 'apply', runbook: 'mark', reporters: () => [keeping(events)] } as const
  const end = await (await controller.startRun(request)).finished
  expect(end.counts.changed).toBe(3)
  const waited = events.find((event) => event.type === 'device.waiting')
  expect(waited).toMatchObject({
    device: 'PL-0001/pos2',
    failure: {
      message: 'This run is working on "PL-0001/pos1", which is the same machine: both gave the same serial.',
    },
  })
})
