import { recordAfter, standingOf, type Warning, type WarningRecord } from '../../../core/warning.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { shownLength } from '../shown-time.ts'

/** Whoever does not know what is to be said to people is not let begin, and asks again after so long. */
const LOOK_AGAIN_MS = 15_000

/**
 * People at the device were told, and have had the time that they were told. What was begun goes on. Before a device takes a place it
 * is held back only while that time lasts, so that nobody is warned whose device would not be changed.
 */
export const warnings: Rule = {
  name: 'warnings',
  judge(asked, { now }) {
    const { question } = asked
    if (question.isTouched === true) return undefined
    const all = standings(asked, now)
    const ended = all.find(({ kind }) => kind === 'declined' || kind === 'failed' || kind === 'missed')
    if (ended && 'record' in ended) return refused(ended.warning, ended, question.device)
    const due = all.find(({ kind }) => kind === 'due')
    if (due && question.moment === 'change') return toBeSaid(due.warning, question.device, now)
    const waits = all.flatMap((one) => (one.kind === 'wait' ? [one] : []))
    const last = waits.reduce<(typeof waits)[number] | undefined>(
      (latest, one) => (latest && latest.until >= one.until ? latest : one),
      undefined,
    )
    return last && waiting(last.warning, last, question.device)
  },
}

/** What is to be said to people at the device before it is changed; of several of one name, the first. */
export function dueWarnings(asked: About, now: number): readonly Warning[] {
  const due = new Map<string, Warning>()
  for (const { kind, warning } of standings(asked, now)) {
    if (kind === 'due' && !due.has(warning.name)) due.set(warning.name, warning)
  }
  return [...due.values()]
}

/** For people: `will warn by "cashier", then wait 5 min ("not now" is heeded 3 times, then it is deferred)`. */
export function warningText({ name, waitMs, times, forMs, afterLimit }: Warning): string {
  const wait = waitMs === 0 ? '' : `, then wait ${shownLength(waitMs)}`
  const most = [...(forMs === undefined ? [] : [`for ${shownLength(forMs)}`]), times === 1 ? 'once' : `${times} times`]
  const then = afterLimit === 'defer' ? 'it is deferred' : 'it is changed'
  return `will warn by "${name}"${wait} ("not now" is heeded ${most.join(' or ')}, then ${then})`
}

/** Whether people at the device were told, and the time of all that they were told is over: it is its turn. */
export function isItsTurn(about: About, now: number): boolean {
  const all = standings(about, now)
  return all.length > 0 && all.every(({ kind }) => kind === 'done')
}

/** People are told again of one warning while another one is waited for; where that goes round for ever, nobody looks further. */
const MOST_ROUNDS = 8

/** When the change may begin if people are told now what is due, and agree. */
export function turnOf({ question, policy }: About, now: number): number {
  let [at, warned] = [now, question.warned ?? []]
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const about = { policy, question: { ...question, warned } }
    const due = dueWarnings(about, at)
    const waits = standings(about, at).flatMap((one) => (one.kind === 'wait' ? [one.until] : []))
    if (due.length === 0 && waits.length === 0) break
    if (due.length === 0) at = Math.max(...waits)
    warned = due.reduce((all, warning) => asIfAgreed(all, warning, at), warned)
  }
  return at
}

function asIfAgreed(all: readonly WarningRecord[], warning: Warning, at: number): readonly WarningRecord[] {
  const before = all.find((one) => one.warning === warning.name)
  const agreed = recordAfter(before, { warning: warning.name, says: 'warned' }, { warning, at })
  return [...all.filter((one) => one !== before), agreed]
}

type About = Pick<Asked, 'question' | 'policy'>

function standings({ question, policy }: About, now: number) {
  const purpose = question.purpose === 'rollback' ? 'rollout' : question.purpose
  return policy.warningsOf(question.device, purpose).map((warning) => {
    const record = question.warned?.find((one) => one.warning === warning.name)
    return { warning, ...standingOf(warning, record, now) }
  })
}

function byName({ name }: Warning): string {
  return `warning ${name}`
}

function toBeSaid(warning: Warning, device: string, now: Situation['now']): Objection {
  const message = `People at "${device}" were not told yet that it will be changed. The warning "${warning.name}" wants it.`
  return { kind: 'wait', code: 'WARNING_WAITING', message, by: byName(warning), until: now + LOOK_AGAIN_MS }
}

function waiting(
  warning: Warning,
  { record, until }: { readonly record: WarningRecord; readonly until: number },
  device: string,
): Objection {
  const common = { kind: 'wait', code: 'WARNING_WAITING', by: byName(warning), until, awaitsLooks: true } as const
  const isAskedAgain = record.says === 'not-now' && until === record.at + warning.againMs
  if (isAskedAgain) {
    const left = `heeded ${warning.times} times at the most, this is number ${record.notNow}`
    const message = `People at "${device}" said "not now" to the warning "${warning.name}" (${left}). They are asked again after ${shownLength(warning.againMs)}.`
    return { ...common, message, ...(record.detail !== undefined && { whom: record.detail }) }
  }
  const message = `People at "${device}" were warned by "${warning.name}"; it is changed after ${shownLength(warning.waitMs)}.`
  return { ...common, message }
}

function refused(
  warning: Warning,
  { kind, record }: { readonly kind: string; readonly record: WarningRecord },
  device: string,
): Objection {
  const common = { kind: 'refuse', by: byName(warning) } as const
  if (kind === 'missed') {
    const message = `People at "${device}" were told ${(record.missed ?? 0) + 1} times by the warning "${warning.name}", and each time something else held the change back for longer than ${shownLength(warning.holdsMs)} behind the waiting.`
    return { ...common, code: 'WARNING_MISSED', message }
  }
  const said = record.detail === undefined ? '' : ` (${record.detail})`
  if (record.says === 'failed') {
    const message = `Whether people at "${device}" know that it will be changed is not known: the warning "${warning.name}" failed${said}.`
    return { ...common, code: 'WARNING_FAILED', message }
  }
  const times = record.notNow === 1 ? 'once' : `${record.notNow} times`
  const message = `People at "${device}" said "not now" ${times} to the warning "${warning.name}"${said}.`
  return { ...common, code: 'WARNING_DECLINED', message }
}
