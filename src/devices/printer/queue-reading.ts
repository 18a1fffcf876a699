import type { ShellChannel } from '../../core/channel.ts'
import { counted } from '../../core/counted.ts'
import { type Result, success } from '../../core/failure.ts'
import { conditionOf } from '../ipp/reasons.ts'
import { posixQueues } from '../spooler/posix-queues.ts'
import { isUnreachable, oldestOf, type SpooledQueue, type SpooledQueues } from '../spooler/spooled-queue.ts'
import { windowsQueues } from '../spooler/windows-queues.ts'
import type { Asking } from './protocol.ts'
import { type Condition, type ConditionName, type PrinterReading, UNKNOWN_GUARDS } from './reading.ts'
import { notReached } from './unanswered.ts'
import { readyBy } from './visit.ts'

const PROTOCOL = 'spooler'

/** What Windows says of a queue (MS-RPRN); the words of CUPS are those of IPP. */
const WINDOWS: Readonly<Record<string, ConditionName>> = {
  error: 'other-error',
  'paper-out': 'paper-out',
  'paper-jam': 'paper-jam',
  'paper-problem': 'other-warning',
  'output-bin-full': 'output-full',
  'not-available': 'offline',
  'no-toner': 'toner-empty',
  'user-intervention': 'waiting-for-user',
  'out-of-memory': 'other-error',
  'manual-feed': 'waiting-for-user',
}

/**
 * What the spooler of a till says of a printer by its queue, where the printer itself cannot be asked. An idle queue
 * proves nothing of the printer, so that it is never `ready` by that alone.
 */
export async function readQueue(shell: ShellChannel, name: string, { now }: Asking): Promise<Result<PrinterReading>> {
  const at = now().toISOString()
  const read = await (shell.dialect === 'powershell' ? windowsQueues(shell) : posixQueues(shell))
  if (!read.ok) return success(unasked(read.failure.message))
  return success(readingOf(read.value, name, at))
}

function unasked(detail: string): PrinterReading {
  return notReached(PROTOCOL, { state: 'unknown', replies: [], detail, ms: 0 })
}

function readingOf({ running, queues }: SpooledQueues, name: string, at: string): PrinterReading {
  const queue = queues.find((one) => one.name === name)
  if (running && !queue) {
    const names = queues.map((one) => `"${one.name}"`).join(', ')
    return unasked(`There is no queue "${name}" on the till; it has ${names || 'none'}.`)
  }
  const conditions = queue ? conditionsOf(queue) : [stuck('the spooler does not run')]
  const oldest = queue && oldestOf(queue)
  return {
    protocol: PROTOCOL,
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: running ? readyBy(conditions, 'unknown') : 'no',
    conditions,
    ...(queue && { queue: { depth: queue.jobs.length, ...(oldest !== undefined && { oldest_seconds: oldest }) } }),
    guards: UNKNOWN_GUARDS,
    evidence: [{ asked: `queue ${name}`, answered: wordsOf(running, queue), at }],
  }
}

function stuck(evidence: string): Condition {
  return { name: 'queue-stuck', evidence }
}

function wordsOf(running: boolean, queue: SpooledQueue | undefined): string {
  if (!running || !queue) return 'the spooler does not run'
  const { state, accepting, reasons, message, jobs } = queue
  const said = [state, ...reasons, ...(accepting ? [] : ['not accepting']), counted(jobs.length, 'job'), message ?? '']
  return said.filter((word) => word !== '').join(', ')
}

function conditionsOf(queue: SpooledQueue): Condition[] {
  const { state, accepting, reasons, message } = queue
  const all: Condition[] = reasons.flatMap((reason) => {
    const name = WINDOWS[reason]
    return name ? [{ name, evidence: `queue: ${reason}` }] : (conditionOf(reason) ?? [])
  })
  if (isUnreachable(queue)) all.push({ name: 'offline', evidence: `queue: ${message ?? reasons.join(', ')}` })
  if (state === 'stopped') all.push({ name: 'paused', evidence: 'queue: stopped' })
  if (!accepting) all.push({ name: 'paused', evidence: 'queue: accepts no jobs' })
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index)
}
