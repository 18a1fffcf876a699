// JSON Schemas of what is shown of a device that was asked by its own protocol: printers, fiscal devices, payment terminals.
import type { JSONSchema } from 'json-schema-to-ts'
import { FAULTS } from '../devices/printer/verdict.ts'
import { TERMINAL_FAULTS } from '../devices/terminal/judge.ts'
import {
  anyMap,
  described,
  listOf,
  mapOf,
  number,
  numberOrNull,
  oneOf,
  text,
  textOrNull,
  truth,
} from './value-schema.ts'

type Fields = Readonly<Record<string, JSONSchema>>

const ANSWERS = ['yes', 'no', 'unknown'] as const

function answer(description: string): JSONSchema & object {
  return oneOf(ANSWERS, description)
}

const STAGE = mapOf({
  answer: answer('What it found.'),
  evidence: text('Why.'),
  age_s: number('How old that is, in seconds.'),
})

const REACH = described('It is there.', STAGE)
const PROTOCOL = described('Its own protocol answers with what makes sense.', STAGE)

function stages(found: Fields): JSONSchema & object {
  return described('What was found, from the line to its work.', mapOf(found))
}

const IDENTITY = described(
  'Who it says that it is.',
  mapOf(
    {},
    {
      vendor: text('Who made it.'),
      model: text('What it is.'),
      firmware: text('Its program.'),
      serial: text('Its serial number.'),
      unique_number: text('The number under which the tax office knows it.'),
    },
  ),
)

const CONDITIONS = listOf(
  mapOf(
    { name: text('What is the matter.'), evidence: text('What it said, in its own words or bits.') },
    { since: text('Reckoned from this date: ISO 8601.'), doubtful: truth('Not every model means this by it.') },
  ),
  'What it says is the matter with it.',
)

const EVIDENCE = listOf(
  mapOf({
    asked: text('What was asked.'),
    answered: text('What came: text as it is, other bytes in hexadecimal.'),
    at: text('When: ISO 8601.'),
  }),
  'What was asked and what came back.',
)

/** Where it was looked for, and what came of the way to it. */
const SEEN: Fields = {
  where: text('Where it was looked for.'),
  link: answer('Whether anything of the store can be reached.'),
  pings: truth('It answers to ping; asked only where its port kept silent.'),
  ms: number('How long the visit took.'),
  read_at: text('When it was asked: ISO 8601.'),
  protocol: text('What it was asked by.'),
  answered: answer('Whether it answered with what makes sense.'),
  busy: truth('Somebody else is using it.'),
  conditions: CONDITIONS,
  evidence: EVIDENCE,
}

const SEEN_OF_SOME: Fields = {
  line: text('What became of the connection.'),
  identity: IDENTITY,
  more: anyMap('Whatever else is worth knowing, under the names of the protocol.'),
  detail: text('Why `answered` is not `yes`, or what it leaves open.'),
}

const VERDICT: Fields = {
  cause: textOrNull('The condition behind the fault.'),
  severity: text('How bad it is.'),
  owner: textOrNull('Who is to act; null when nobody has to.'),
  remedy: textOrNull('What helps.'),
  about: text('What is at fault, where it is not the device.'),
}

const FISCAL_FACTS = mapOf(
  {},
  {
    fiscal_mode: truth('It is fiscal, and not in training.'),
    clock: text('Its clock at `clock_read_at`.'),
    clock_read_at: text('When its clock was read: ISO 8601.'),
    clock_skew_s: number('By how many seconds its clock is ahead for sure, negative when behind.'),
    last_receipt_at: text('When the last receipt was made.'),
    last_document_at: text('When the last document was made, a report too.'),
    last_receipt_number: number('The number of the last receipt.'),
    receipts_since_report: number('Receipts since the last report.'),
    last_report_at: text('When the last daily report was made.'),
    reports_left: number('Daily reports that its memory still has room for.'),
    ram_resets: number('How often its memory was reset.'),
    protected_memory: described(
      'Room in its protected memory.',
      mapOf({ free: number('Room that is left.') }, { unit: text('In what.'), capacity: number('Room in all.') }),
    ),
    unsent: described(
      'Documents that wait for the tax office.',
      mapOf({}, { count: number('How many.'), oldest_at: text('Since when the oldest waits.') }),
    ),
    transmission: described(
      'How sending to the tax office goes.',
      mapOf(
        {},
        {
          last_ok_at: text('When it last went well.'),
          last_failed_at: text('When it last failed.'),
          last_result: text('What came of it.'),
        },
      ),
    ),
    certificates: listOf(
      mapOf({ name: text('Which one.') }, { valid_until: text('Until when.'), ok: truth('It is in order.') }),
      'Its certificates.',
    ),
    licence: described(
      'Its licence.',
      mapOf({}, { warns_at: text('From when it warns.'), locks_at: text('From when it locks.') }),
    ),
    next_inspection_at: text('When the next inspection is due.'),
    storage_valid_until: text('When its fiscal storage has to be exchanged.'),
    shift: described(
      'Its shift.',
      mapOf(
        { state: oneOf(['open', 'closed', 'expired'], 'How it stands.') },
        { opened_at: text('Since when.'), number: number('Its number.') },
      ),
    ),
  },
)

const GUARDS = described(
  'What keeps others from changing something; only `no` is safe.',
  mapOf({
    receipt_open: answer('A receipt is open.'),
    transaction_running: answer('A payment is in flight.'),
    shift_open: answer('A shift is open.'),
    report_running: answer('A report is being made.'),
    transmission_running: answer('Documents are being sent.'),
    safe: answer('Something disruptive may be done.'),
  }),
)

const PRINTED: Fields = {
  ...SEEN,
  stages: stages({
    reach: REACH,
    protocol: PROTOCOL,
    work: described('It does its work: receipts come, the queue moves.', STAGE),
  }),
  ready: answer('Whether it prints or sells this moment.'),
  guards: GUARDS,
}

const PRINTED_BY_SOME: Fields = {
  ...SEEN_OF_SOME,
  counters: anyMap('Counters that rise when it works.'),
  queue: described(
    'Jobs that wait.',
    mapOf({ depth: number('How many.') }, { oldest_seconds: number('The age of the oldest.') }),
  ),
  supplies: listOf(
    mapOf(
      { name: text('What it is.') },
      { percent: number('How much is left.'), state: oneOf(['ok', 'low', 'empty'], 'In words.') },
    ),
    'Toner, ink, drums.',
  ),
  fiscal: described('What a fiscal device tells of itself, as far as it was asked.', FISCAL_FACTS),
  tokens_taken: number('Of those that it gives to everybody in an hour.'),
}

export const PRINTER_VALUE = mapOf(
  {
    fault: oneOf(FAULTS, 'What is wrong; `not-known` is not the same as well.'),
    ...VERDICT,
    can_issue: answer('Whether a receipt can be issued on it now.'),
    ...PRINTED,
  },
  PRINTED_BY_SOME,
)

export const FISCAL_VALUE = mapOf(
  {
    fault: text('What is wrong, or else the worst of what is due.'),
    ...VERDICT,
    why: text('What was read that says so.'),
    readiness: described(
      'Whether it can issue receipts, and until when.',
      mapOf({
        can_issue: answer('Whether a receipt can be issued on it now.'),
        until: textOrNull('Until when; null where nothing known ends it.'),
        days_left: numberOrNull('How many days that are.'),
        cause: textOrNull('What ends it.'),
      }),
    ),
    due: listOf(
      mapOf({
        condition: text('What is due.'),
        evidence: text('What was read that says so.'),
        due_at: textOrNull('By when: ISO 8601.'),
        days_left: numberOrNull('Days until then.'),
        within_days: numberOrNull('The nearest of 30, 14, 7 and 1 that it is within; 0 once it is past.'),
        blocks: truth('From then on nothing can be sold.'),
        severity: oneOf(['sale-blocked', 'sale-at-risk', 'attention', 'planned'], 'How bad it is.'),
        owner: text('Who is to act.'),
        remedy: text('What helps.'),
      }),
      'What is due, by when.',
    ),
    untold: listOf({ type: 'string' }, 'What it did not tell of itself.'),
    ...PRINTED,
  },
  PRINTED_BY_SOME,
)

export const TERMINAL_VALUE = mapOf(
  {
    fault: oneOf(TERMINAL_FAULTS, 'What is wrong; `not-known` is not the same as well.'),
    ...VERDICT,
    takes_cards: answer('Whether it takes cards now, as far as it says.'),
    stages: stages({ reach: REACH, protocol: PROTOCOL }),
    ...SEEN,
  },
  SEEN_OF_SOME,
)
