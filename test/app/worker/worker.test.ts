import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { openProject } from '../../../src/app/project.ts'
import { KEPT_VERSIONS } from '../../../src/app/run/kept/keep-work.ts'
import { Worker } from '../../../src/app/worker/worker.ts'
import type { HandedDevice, HandedJob, RunOrder, TakenJob } from '../../../src/core/handed-work.ts'
import { inventoryWith, TestProject } from '../../cli/project.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A worker whose store and queue say what the test says; devices are had by somebody else. `stuck`: run `stuck` is read no sooner than that. */
async function workerOf(
  controller: { epoch: number | undefined },
  { slots = 1, stuck }: { readonly slots?: number; readonly stuck?: Promise<undefined> } = {},
) {
  const files = new TestProject({ 'tillwright.yaml': '{}\n', 'inventory/fleet.yaml': inventoryWith('') })
  const project = await openProject(files.root)
  const jobs: TakenJob[] = []
  /** Devices of which the lease was asked for, and jobs that are over. */
  const [asked, done]: [string[], string[]] = [[], []]
  const standing: () => RunOrder = () => ({ stop: 0, epoch: controller.epoch })
  const order = { version: KEPT_VERSIONS.applies, till: '', runbooks: [], groups: [] }
  const worker = await Worker.start(
    {
      project,
      store: {
        kept: { of: (run: string) => (run === 'stuck' ? stuck : Promise.resolve({ order, files: {} })) },
        work: {
          present: async () => true,
          leave: async () => undefined,
          of: async () => ({ mode: 'apply', fleet: 'Test' }),
          async standings() {
            const said = new Map([['r', standing()]])
            await new Promise((resolve) => setTimeout(resolve, 300))
            return said
          },
        },
      },
      queue: {
        open: async () => undefined,
        take: async () => jobs.splice(0, 1),
        touch: async () => undefined,
        done: async (_queue: string, over: readonly TakenJob[]) => void done.push(...over.map(({ id }) => id)),
      },
      keeper: {
        async take(keys: readonly string[], _run: string, { under }: { under: { keys: readonly string[] } }) {
          asked.push(...keys)
          return { granted: false, holder: { run: 'r', key: under.keys[0] } }
        },
      },
      bell: { on: () => () => undefined, ring: () => undefined },
      secretsOf: () => ({ read: async () => '' }),
      // biome-ignore lint/suspicious/noExplicitAny: what a worker needs until it has a device.
    } as any,
    { name: 'hub', serve: 'all', slots, tell: () => undefined },
  )
  onTestFinished(async () => {
    await worker.stop()
    await project.close()
    await files.remove()
  })
  return { jobs, asked, done }
}

function jobOf(device: string, epoch: number, run = 'r'): TakenJob {
  const handed = { device: { name: device }, attempt: 1, runbooks: [], guards: [] } as unknown as HandedDevice
  const leave = { keys: [device], epoch: 1, fence: { lockName: '', authority: '' } }
  const job: HandedJob = {
    run,
    fleet: 'Test' as HandedJob['fleet'],
    epoch,
    devices: [{ ...handed, leave }],
    store: {},
    way: [],
    gateways: {},
  }
  return { id: `${device} ${epoch}`, data: job, tries: 0 }
}

/** What is over is told a moment later, by a clock that no test holds. */
async function over(done: readonly string[], jobs: number): Promise<void> {
  while (done.length < jobs) await new Promise((resolve) => setImmediate(resolve))
}

test('a job of a controller that is not heard of waits for a minute, and keeps no room', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const controller: { epoch: number | undefined } = { epoch: undefined }
  const { jobs, asked, done } = await workerOf(controller)
  jobs.push(jobOf('pos1', 1), jobOf('pos2', 1))
  await vi.advanceTimersByTimeAsync(58_000)
  // With one place, both were taken.
  expect([jobs.length, done, asked]).toEqual([0, [], []])
  await vi.advanceTimersByTimeAsync(5_000)
  await over(done, 2)
  expect([done, asked]).toEqual([['pos1 1', 'pos2 1'], []])
  // Whoever resumes the run comes later than that minute, and may be slow, too.
  jobs.push(jobOf('pos1', 2))
  await vi.advanceTimersByTimeAsync(5_000)
  expect([jobs.length, done.length, asked]).toEqual([0, 2, []])
  controller.epoch = 2
  await vi.advanceTimersByTimeAsync(4_000)
  await over(done, 3)
  expect([done.at(-1), asked]).toEqual(['pos1 2', ['pos1']])
})

test('a job of a controller that is newer than the one that a worker has heard of is worked on', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const controller: { epoch: number | undefined } = { epoch: 1 }
  const { jobs, asked, done } = await workerOf(controller)
  jobs.push(jobOf('pos1', 1))
  await vi.advanceTimersByTimeAsync(1_500)
  await over(done, 1)
  expect([done, asked]).toEqual([['pos1 1'], ['pos1']])
  controller.epoch = 2
  // They are taken before the answer is there of who has the run.
  jobs.push(jobOf('pos2', 2), jobOf('pos1', 1))
  await vi.advanceTimersByTimeAsync(3_000)
  await over(done, 3)
  expect([done.toSorted(), asked]).toEqual([
    ['pos1 1', 'pos1 1', 'pos2 2'],
    ['pos1', 'pos2'],
  ])
})

test('a run that does not open keeps others from nothing', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  const controller: { epoch: number | undefined } = { epoch: undefined }
  let letGo: (() => void) | undefined
  const stuck = new Promise<undefined>((resolve) => {
    letGo = () => resolve(undefined)
  })
  const { jobs, asked, done } = await workerOf(controller, { slots: 2, stuck })
  jobs.push(jobOf('pos9', 1, 'stuck'), jobOf('pos1', 1))
  await vi.advanceTimersByTimeAsync(5_000)
  expect([jobs.length, asked]).toEqual([0, []])
  // It is heard of, though the other run is not open yet.
  controller.epoch = 1
  await vi.advanceTimersByTimeAsync(3_000)
  await over(done, 1)
  expect([done, asked]).toEqual([['pos1 1'], ['pos1']])
  letGo?.()
  await over(done, 2)
  expect(done).toEqual(['pos1 1', 'pos9 1'])
})
