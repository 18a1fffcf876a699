import { type Result, success } from '../../core/failure.ts'
import type { Dial } from '../line/dial.ts'
import { fiscalConditions } from '../printer/fiscal-conditions.ts'
import { missedReading } from '../printer/http-reading.ts'
import type { Asking } from '../printer/protocol.ts'
import { type Answer, CONDITIONS, type Condition, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { firstOfEach } from '../printer/visit.ts'
import { type AtolAnswer, AtolExchange, type AtolPlace } from './exchange.ts'
import { clockOf, fiscalFacts, identityOf, type Results, stateConditions } from './facts.ts'
import { READ_TASKS, STATE_TASKS } from './tasks.ts'

export type { AtolPlace } from './exchange.ts'

/**
 * Asks an ATOL device by the web server of its driver (version 10), which listens on 127.0.0.1:16732 of the till that
 * the device hangs on, unless its settings say another address. One request with all tasks. A failure only where the
 * way to it could not be used.
 */
export async function readAtol(dial: Dial, to: AtolPlace, asking: Asking): Promise<Result<PrinterReading>> {
  const exchange = new AtolExchange(dial, to, asking)
  const from = asking.now().getTime()
  try {
    const answer = await exchange.ask(asking.thorough ? READ_TASKS : STATE_TASKS)
    if (answer.state === 'missed') return missedReading('atol', answer.reply, exchange.evidence)
    const read = { from, to: asking.now().getTime() }
    const said = answer.state === 'refused' ? refusedReading(answer) : answeredReading(answer, read, asking)
    return success({ protocol: 'atol', line: 'open', ...said, evidence: exchange.evidence })
  } finally {
    exchange.close()
  }
}

type Said = Omit<PrinterReading, 'protocol' | 'line' | 'evidence'>

function refusedReading({ status, detail }: Extract<AtolAnswer, { readonly state: 'refused' }>): Said {
  const isOurs = status === 401 || status === 403
  return {
    answered: isOurs ? 'unknown' : 'no',
    busy: false,
    ready: 'unknown',
    conditions: [],
    guards: UNKNOWN_GUARDS,
    detail,
  }
}

function answeredReading(
  { results, blockedBy }: Extract<AtolAnswer, { readonly state: 'answered' }>,
  read: { readonly from: number; readonly to: number },
  asking: Asking,
): Said {
  const facts = { ...fiscalFacts(results, asking.timeZone), ...clockOf(results, read, asking.timeZone) }
  const conditions = firstOfEach([
    ...stateConditions(results, blockedBy),
    ...fiscalConditions(facts, asking.now(), asking.timeZone),
  ])
  const isWaiting = [...results.values()].some(({ status }) => status === 'wait' || status === 'inProgress')
  const busy = isWaiting && blockedBy === undefined
  return {
    answered: 'yes',
    busy,
    ready: readyOf(results, conditions),
    conditions,
    identity: identityOf(results),
    fiscal: facts,
    guards: { ...UNKNOWN_GUARDS, shift_open: shiftOpen(facts.shift?.state) },
    ...(busy && { detail: 'The driver is at work for somebody else: not all tasks were done in time.' }),
  }
}

function readyOf(results: Results, conditions: readonly Condition[]): Answer {
  if (conditions.some(({ name }) => CONDITIONS[name] === 'blocked')) return 'no'
  const state = results.get('getDeviceStatus')
  if (state?.status === 'error') return 'no'
  // A task that failed, or a phase that nobody knows, leaves open whether it sells.
  if (conditions.some(({ name }) => name === 'other-error')) return 'unknown'
  return state?.status === 'ready' && state.result ? 'yes' : 'unknown'
}

function shiftOpen(state: 'open' | 'closed' | 'expired' | undefined): Answer {
  if (state === undefined) return 'unknown'
  return state === 'closed' ? 'no' : 'yes'
}
