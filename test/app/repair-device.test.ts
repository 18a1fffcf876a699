import { afterAll, beforeAll, expect, test } from 'vitest'
import { repairDevice } from '../../src/app/hooks/repair-device.ts'
import { openProject, type Project } from '../../src/app/project.ts'
import { openRunbook } from '../../src/app/revision/runbooks.ts'
import { type Diagnostic, InputError, RunBroken } from '../../src/core/diagnostic.ts'
import type { RunEvent } from '../../src/core/events.ts'
import type { DeviceOutcome } from '../../src/core/outcome.ts'
import { HookProject, STORE } from '../cli/hook-project.ts'

let repository: HookProject
let project: Project

beforeAll(async () => {
  repository = new HookProject()
  project = await openProject(repository.root)
})
afterAll(async () => {
  await project.close()
  await repository.remove()
})

const DEVICE = `${STORE}/pos1`
const STATE: Diagnostic = { code: 'STATE_UNUSABLE', severity: 'error', summary: 'no space', detail: '' }

/** What a repair is told of a run that ended so, or that threw. */
async function told(end: Error | { readonly outcome: DeviceOutcome; readonly steps?: readonly string[] }) {
  const fleet = await project.fleet()
  const head = { run: 'r', seq: 1, at: '2026-12-01T00:00:00.000Z', device: DEVICE, attempt: 1 }
  const place = { store: STORE, region: 'r', kind: 'till', duration_ms: 1 }
  async function* events(): AsyncGenerator<RunEvent> {
    if (end instanceof Error) return
    for (const state of end.steps ?? [])
      yield {
        ...head,
        type: 'step.finished',
        runbook: 'slow',
        step: 's',
        name: 's',
        module: 'command',
        state,
        duration_ms: 1,
      } as never
    yield { ...head, ...place, type: 'device.finished', ...end.outcome } as never
  }
  const hooks = {
    project,
    fleet,
    start: async () => {
      if (end instanceof Error) throw end
      return { run: 'r' }
    },
    runs: async () => ({ events }),
  } as unknown as Parameters<typeof repairDevice>[0]
  const device = fleet.devices.get(DEVICE)
  if (!device) throw new Error('there is no device')
  return repairDevice(hooks, { device, runbook: openRunbook(project, 'slow'), params: {} }, 'a test')
}

const failure = (code: string, phase: string) => ({ code, phase, message: 'why' }) as DeviceOutcome['failure'] & object

test.each<[string, Parameters<typeof told>[0], true | undefined]>([
  [
    'this machine was too busy to connect',
    { outcome: { state: 'failed', failure: failure('CONTROLLER_OVERLOADED', 'connect') } },
    true,
  ],
  [
    'the run was stopped before',
    { outcome: { state: 'cancelled', failure: failure('RUN_CANCELLED', 'resolve') } },
    true,
  ],
  ['no run came about', new InputError([STATE]), true],
  ['the run was stopped behind a change', { outcome: { state: 'cancelled' }, steps: ['changed'] }, undefined],
  ['the run broke off', new RunBroken([STATE]), undefined],
  [
    'this machine was too busy in the middle of it',
    { outcome: { state: 'failed', answered: true, failure: failure('CONTROLLER_OVERLOADED', 'converge') } },
    undefined,
  ],
  [
    'nobody reaches the device',
    { outcome: { state: 'unreachable', failure: failure('CONNECT_TIMEOUT', 'connect') } },
    undefined,
  ],
  ['it did not help', { outcome: { state: 'failed', failure: failure('COMMAND_FAILED', 'converge') } }, undefined],
])('a repair is made, or not: %s', async (_, end, unmade) => {
  expect((await told(end)).unmade).toBe(unmade)
})
