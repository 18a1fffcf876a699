import {
  anyMap,
  described,
  listOf,
  mapOf,
  mapOrNull,
  number,
  numberOrNull,
  oneOf,
  text,
  textOrNull,
  truth,
} from '../value-schema.ts'

const ACCEPTOR = mapOf({
  state: oneOf(['ok', 'quiet', 'jammed', 'full', 'off', 'absent', 'unknown'], 'How it is.'),
  since: textOrNull('The look at which that was first seen: ISO 8601.'),
  event: textOrNull('The code of the machine behind it.'),
})

/** JSON Schema of what `vending` shows. */
export const VENDING_VALUE = mapOf({
  fault: text('What is wrong: the worst that was found; `none`, or `not-known` when that cannot be told.'),
  cause: textOrNull('What is behind it.'),
  severity: oneOf(['sale-blocked', 'sale-at-risk', 'attention', 'unknown', 'none'], 'How bad it is.'),
  owner: textOrNull('Who is to act.'),
  remedy: textOrNull('What helps.'),
  why: textOrNull('What was read that says so.'),
  findings: listOf(
    mapOf(
      {
        fault: text('What is wrong.'),
        cause: textOrNull('What is behind it.'),
        severity: oneOf(['sale-blocked', 'sale-at-risk', 'attention'], 'How bad it is.'),
        owner: text('Who is to act.'),
        detail: text('What was read that says so.'),
        remedy: text('What helps.'),
      },
      { soon: truth('It will need somebody, and does not yet.') },
    ),
    'All that was found, worst first.',
  ),
  machine: described(
    'Which machine it is.',
    mapOf(
      { communication_id: textOrNull('Of its modem.'), currency: textOrNull('As it is set.') },
      { serial: text('Its serial number.'), model: text('What it is.'), asset: text('The number of its owner.') },
    ),
  ),
  sales: described(
    'How it sells.',
    mapOf({
      class: text('How it sells: as `class` of receipts.'),
      why: text('The same in a sentence.'),
      silence_seconds: numberOrNull('Trading time since the last sale.'),
      expected: numberOrNull('How many are usual by now.'),
      deviation_percent: numberOrNull('How far it is from that.'),
      weeks: number('Weeks that are known.'),
      today: numberOrNull('Sold since the begin of the trading day.'),
      last_seen_at: textOrNull('The look that had seen the last sale: ISO 8601.'),
      total: numberOrNull('Sold since the machine was made.'),
    }),
  ),
  stock: listOf(
    mapOf({
      column: text('Its name in the machine.'),
      product: textOrNull('What is sold from it.'),
      state: oneOf(['ok', 'low', 'out', 'unknown'], 'How full it is.'),
      left: numberOrNull('What is left.'),
      capacity: numberOrNull('What it holds.'),
      days_left: numberOrNull('How long it lasts, by what was sold in the last two weeks.'),
      why: textOrNull('What leaves it unknown.'),
    }),
    'Column by column.',
  ),
  acceptors: described(
    'What takes payments.',
    mapOf({
      coins: described('Coins.', ACCEPTOR),
      notes: described('Notes.', ACCEPTOR),
      card: described('Cards.', ACCEPTOR),
    }),
  ),
  card: described(
    'Payments by card.',
    mapOf({
      count: numberOrNull('How many.'),
      silent: truth('It has been silent for too long.'),
      last_seen_at: textOrNull('The look that had seen the last one: ISO 8601.'),
      not_before: textOrNull('The look before, which had not.'),
    }),
  ),
  temperature: described(
    'How warm it is inside; null where it does not say.',
    mapOrNull({
      state: oneOf(['ok', 'warm', 'too-warm', 'unit-doubtful', 'unknown'], 'How it is.'),
      celsius: numberOrNull('Degrees Celsius.'),
      since: textOrNull('Since when it has been over its limit: ISO 8601.'),
      why: textOrNull('What is in doubt.'),
    }),
  ),
  tubes: listOf(
    mapOf({}, { coin: number('Its coin.'), count: number('How many.'), full: truth('It is full.') }),
    'The tubes of its coins.',
  ),
  events: listOf(
    mapOf(
      { id: text('Its code.') },
      {
        since_reset: number('How often since the last reset.'),
        total: number('How often in all.'),
        active: truth('It lasts.'),
        last_at: text('When it last was, by the clock of the machine.'),
      },
    ),
    'What the machine says that happened.',
  ),
  power_outages: numberOrNull('How often it was without power.'),
  evidence: described(
    'Where that was read.',
    mapOf({
      asked_at: textOrNull('When it was read: ISO 8601.'),
      made_at: textOrNull('When the file was made.'),
      made_at_from: oneOf(['ID5', 'EA3', 'file', 'Last-Modified', 'none'], 'What says so.'),
      wholeness: oneOf(['whole', 'cut', 'damaged', 'no-audit'], 'Whether the file is whole.'),
      check: oneOf(['fits', 'wrong', 'absent'], 'Its check sum.'),
      framing: oneOf(['none', 'dex', 'ddcmp'], 'What the transfer left around it.'),
      bad_blocks: number('Blocks of the transfer whose check sum is wrong.'),
      unknown_segments: anyMap('Segments that nothing was read of, by name.'),
    }),
  ),
})
