import { RECEIPTS_CLASSES } from '../../devices/sales/verdict.ts'
import { described, mapOf, mapOrNull, number, numberOrNull, oneOf, text, textOrNull, truth } from '../value-schema.ts'

/** JSON Schema of what `receipts` shows. Times are ISO 8601 in UTC. */
export const RECEIPTS_VALUE = mapOf({
  class: oneOf(RECEIPTS_CLASSES, 'How it is.'),
  why: text('The same in a sentence.'),
  last_receipt_at: textOrNull('When the last receipt was made.'),
  age_seconds: numberOrNull('How long ago that was.'),
  silence_seconds: numberOrNull('Trading time since then.'),
  count: numberOrNull('Receipts since the begin of the trading day; null where they could not be counted.'),
  since: text('The begin of the trading day.'),
  expected: numberOrNull('How many are usual by now.'),
  deviation_percent: numberOrNull('How far it is from that.'),
  weeks: number('Weeks that are known.'),
  span: described(
    'The span in which there were too few.',
    mapOrNull({
      from: text('Its begin.'),
      count: number('Receipts in it.'),
      expected: number('How many are usual in it.'),
    }),
  ),
  late_minutes: numberOrNull('How late they arrive.'),
  waiting: described(
    'Receipts that wait to be sent; null where that was not asked.',
    mapOrNull({ count: number('How many.'), oldest_seconds: numberOrNull('The age of the oldest.') }),
  ),
  evidence: described(
    'Where that was read.',
    mapOf({
      source: text('Where it was read.'),
      asked_at: text('When.'),
      as_of: textOrNull('When what was read was true, where the source says.'),
      data_age_seconds: number('How old that is.'),
      clock_skew_seconds: numberOrNull('By how much the clock of the source is ahead.'),
      partial: truth('There may be more than were counted.'),
    }),
  ),
})
