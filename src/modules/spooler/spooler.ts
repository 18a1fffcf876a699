import type { Change } from '../../core/change.ts'
import { fail, type Result } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import { oldestOf, type SpooledQueue } from '../../devices/spooler/spooled-queue.ts'
import { defineModule, type Side } from '../define.ts'
import { listOf, mapOf, number, text, truth } from '../value-schema.ts'
import { onPosix } from './posix.ts'
import { ageless, isStuck, type SpoolerParams, type SpoolerState, whyNotSafe } from './spooler-state.ts'
import { onWindows } from './windows.ts'

export const spooler = defineModule({
  name: 'spooler',
  summary: 'Looks at print queues by the age of their oldest job, and restarts the spooler where its jobs are safe',
  sides: { linux: guarded(onPosix), windows: guarded(onWindows) },
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      queue: {
        type: 'string',
        minLength: 1,
        description: 'Only this queue. Default: all of them.',
        examples: ['receipts'],
      },
      max_age: {
        type: 'string',
        pattern: '^([0-9]+([.][0-9]+)?(ms|s|m|h))+$',
        description: 'From this age of its oldest job on a queue is stuck. Default: 10m. Held jobs do not count.',
        examples: ['10m', '90s'],
      },
      max_depth: { type: 'integer', minimum: 0, description: 'So many jobs may wait in a queue.' },
      restart: {
        enum: ['never', 'if-safe'],
        description:
          'Whether the spooler is restarted when a queue is stuck or the spooler does not run. Default: never. `if-safe`: only while no job is printing. No job is ever deleted.',
      },
      protected: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        description: 'On a device with one of these queues the spooler is never restarted.',
        examples: [['fiscal-duplicates']],
      },
    },
  },
  onlyChecks: (params: SpoolerParams) => params.restart !== 'if-safe',
  diff,
  valueSchema: mapOf({
    running: truth('Whether the spooler runs.'),
    queues: listOf(
      mapOf(
        {
          name: text('Its name.'),
          state: text('`idle`, `printing`, `stopped`, or what the system says.'),
          accepting: truth('Whether it takes jobs.'),
          depth: number('Jobs that wait.'),
          held: number('Jobs that somebody holds.'),
          reasons: listOf({ type: 'string' }, 'What is wrong, in the words of the system.'),
        },
        {
          oldest_seconds: number('The age of the oldest job.'),
          message: text('What the system says of it.'),
        },
      ),
      'The queues that the step is about.',
    ),
  }),
  value: ({ running, queues }) => ({ running, queues: queues.map(shown) }),
})

function guarded(side: Side<SpoolerParams, SpoolerState>): Side<SpoolerParams, SpoolerState> {
  return {
    observe: side.observe,
    converge: (context, params, changes, state) => {
      const why = cannot(params, changes, state)
      return why === undefined && side.converge ? side.converge(context, params, changes, state) : refused(why ?? '')
    },
  }
}

/** Why a restart is not made, or would mend nothing. */
function cannot(params: SpoolerParams, changes: readonly Change[], state: SpoolerState): string | undefined {
  const why = whyNotSafe(state, params)
  if (why !== undefined) return `The spooler was not restarted: ${why}.`
  const mendable = changes.some(({ path }) => path === 'running' || path.endsWith('.jobs'))
  return mendable
    ? undefined
    : 'A restart mends no queue that somebody stopped or that rejects jobs, nor one that is only long: look at the printer.'
}

async function refused(message: string): Promise<Result<void>> {
  return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message })
}

function diff(params: SpoolerParams, state: SpoolerState): readonly Change[] | { readonly unknown: string } {
  if (!state.running) return [{ path: 'running', before: false, after: true }]
  const { max_depth: maxDepth } = params
  const changes = state.queues.flatMap((queue): Change[] => [
    ...(queue.state === 'stopped' ? [{ path: `${queue.name}.state`, before: 'stopped', after: 'started' }] : []),
    ...(queue.accepting ? [] : [{ path: `${queue.name}.accepting`, before: false, after: true }]),
    ...(isStuck(queue, params) ? [{ path: `${queue.name}.jobs`, before: 'stuck', after: 'moving' }] : []),
    ...(maxDepth !== undefined && queue.jobs.length > maxDepth
      ? [{ path: `${queue.name}.depth`, before: queue.jobs.length, after: `at most ${maxDepth}` }]
      : []),
  ])
  const job = changes.length > 0 ? undefined : ageless(state)
  if (!job) return changes
  return {
    unknown: `Since when job ${job.id} of queue "${job.queue}" waits cannot be told: the spooler says a time that is yet to come.`,
  }
}

function shown(queue: SpooledQueue): JsonObject {
  const { name, state, accepting, reasons, message, jobs } = queue
  const oldest = oldestOf(queue)
  return {
    name,
    state,
    accepting,
    depth: jobs.length,
    ...(oldest !== undefined && { oldest_seconds: oldest }),
    held: jobs.filter(({ held }) => held).length,
    reasons: [...reasons],
    ...(message !== undefined && { message }),
  }
}
