import type { Reply } from '../line/line.ts'
import { type Answer, CONDITIONS, type Condition, type Evidence } from './reading.ts'

/** What was asked and answered in one turn. */
export function evidenceOf(asked: string, reply: Reply | undefined, now: () => Date): Evidence {
  return { asked, answered: reply ? shown(reply.bytes) : '', at: now().toISOString() }
}

/** Text as it is, if all of it is text; other bytes in hexadecimal. Cut behind so many bytes. */
export function shown(bytes: Uint8Array, limit = 2_000): string {
  const some = Buffer.from(bytes.subarray(0, limit))
  const text = some.toString('latin1')
  const isText = /^[\t\r\n\f\x20-\x7e]*$/.test(text)
  const cut = bytes.length > limit ? '…' : ''
  return (isText ? text : (some.toString('hex').match(/../g) ?? []).join(' ')) + cut
}

/** Whether it can print: `no` where a condition blocks it, whatever else it says. */
export function readyBy(conditions: readonly Condition[], otherwise: Answer): Answer {
  return conditions.some(({ name }) => CONDITIONS[name] === 'blocked') ? 'no' : otherwise
}

/** `yes` and `no` by what says so; unknown where nothing does. */
export function answerOf(isSo: boolean, isNotSo: boolean): Answer {
  if (isSo) return 'yes'
  return isNotSo ? 'no' : 'unknown'
}

/** Each condition once, by its name, as it was told first. */
export function firstOfEach(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.filter(({ name }, at) => conditions.findIndex((other) => other.name === name) === at)
}

/** A condition for each bit that is set, in the order of the table. */
export function conditionsOf(
  word: number,
  table: readonly (readonly [mask: number, name: Condition['name'], words: string])[],
  where: string,
): Condition[] {
  return table
    .filter(([mask]) => (word & mask) !== 0)
    .map(([, name, words]) => ({ name, evidence: `${where}: ${words}` }))
}
