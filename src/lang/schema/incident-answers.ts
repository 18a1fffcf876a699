import { MESSAGE_KINDS, MESSAGE_STATES } from '../../core/escalation.ts'
import { INCIDENT_CLOCKS, INCIDENT_ORIGINS, INCIDENT_STATES } from '../../core/incident.ts'
import { closed, HEAD, open, TEXT, textOrNull } from './forms.ts'
import { CHANGE, OUTAGE_NOTE, TIME, timeOrNull } from './records.ts'

const milliseconds = (description: string) => ({ description, type: 'number', minimum: 0 }) as const
const DATE = { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', examples: ['2026-12-24'] } as const

const CLOCK = {
  title: 'Clock',
  description: 'One of the promises of its contract. Time is that of the contract, without pauses.',
  ...closed({
    clock: { description: 'Until somebody has it; the cause is known; the fault is gone.', enum: INCIDENT_CLOCKS },
    limit_ms: milliseconds('What is promised.'),
    elapsed_ms: milliseconds('What has run of it.'),
    state: {
      description: 'resting: outside of the hours of the contract. met: it has stopped for good, in time or not.',
      enum: ['running', 'resting', 'paused', 'met'],
    },
    late: { description: 'It took longer than promised.', type: 'boolean' },
    due_at: timeOrNull('When it runs out or ran out; null where that is not to be foreseen.'),
    stopped_at: timeOrNull('When it was met.'),
  }),
}

const ACTION = {
  description: 'What is to be done so that it does not come again; null: nothing was said.',
  anyOf: [
    { type: 'null' },
    closed({
      action: TEXT,
      owner: { description: 'Who does it.', ...TEXT },
      due: { description: 'Until when.', ...DATE },
      done_at: timeOrNull('null while it is not done.'),
    }),
  ],
}

/** What is known of an incident. */
export const INCIDENT_PROPERTIES = {
  incident: { description: 'Its id.', type: 'string', pattern: '^I[0-9a-f]{12}$' },
  state: {
    description: 'open: nobody has it. cleared: nothing of it fires any more, and it is to be closed.',
    enum: INCIDENT_STATES,
  },
  origin: {
    description:
      'What brought it about: a fault that needs people, too many at once, a revision that is not taken, somebody by hand.',
    enum: INCIDENT_ORIGINS,
  },
  fault: { description: 'Its fault class, by which people are found.', ...TEXT },
  severity: TEXT,
  title: TEXT,
  device: textOrNull('Full name of the device.'),
  store: textOrNull('Id of the store.'),
  region: textOrNull('Id of the region.'),
  vendor: { description: 'Empty where none is known.', ...TEXT },
  team: textOrNull('Who is responsible; null: nobody is named.'),
  partner: textOrNull('Whose eyes it is for besides our own.'),
  why: { description: 'Why that team.', ...TEXT },
  contract: textOrNull('What its clocks go by; null: none is named.'),
  time_zone: { description: 'Whose clocks count.', ...TEXT },
  opened_at: TIME,
  opened_by: TEXT,
  taken_at: timeOrNull('When the first one took it.'),
  owner: textOrNull('Who has it.'),
  diagnosed_at: timeOrNull('When its cause was said.'),
  cause: textOrNull('What it came from.'),
  cleared_at: timeOrNull('Since when nothing of it fires.'),
  closed_at: timeOrNull('null while it is open.'),
  closed_by: textOrNull('Who closed it.'),
  despite: textOrNull('Why it was closed although it fired.'),
  clocks: { description: 'What is promised, and how it stands.', type: 'array', items: CLOCK },
  known_outages: {
    description: 'What is known to be out of order there now; nobody is called meanwhile.',
    type: 'array',
    items: closed(OUTAGE_NOTE),
  },
  pauses: {
    description: 'When its clocks stood still, and why.',
    type: 'array',
    items: closed({ from: TIME, to: timeOrNull('null while they do.'), why: TEXT, by: TEXT }),
  },
  steps: {
    description: 'What has to be done before it may be closed.',
    type: 'array',
    items: closed({ step: TEXT, done_at: timeOrNull('null while it is not done.'), by: textOrNull('Who did it.') }),
  },
  action: ACTION,
}

const MESSAGE = {
  title: 'Message',
  description: 'What one contact is told.',
  ...closed({
    message: { description: 'Its name, the same in every attempt.', type: 'string', pattern: '^M[0-9a-f]{16}$' },
    batch: {
      description:
        'The name of the message that told it together with others about the same store; null: it had its own.',
      type: ['string', 'null'],
      pattern: '^M[0-9a-f]{16}$',
    },
    incident: TEXT,
    key: { description: 'The step of the chain; or what a ticket hears of after it.', ...TEXT },
    kind: { description: 'call: a step of the chain. The others follow a ticket.', enum: MESSAGE_KINDS },
    contact: TEXT,
    channel: TEXT,
    state: {
      description:
        'unheard: it was sent, and nobody has said yet that it was heard. given-up: it is not tried any more.',
      enum: MESSAGE_STATES,
    },
    attempts: { description: 'How often it was tried.', type: 'integer', minimum: 0 },
    created_at: TIME,
    next_at: timeOrNull('When it is seen to again; null: there is nothing to be done.'),
    sent_at: timeOrNull('When it was sent first.'),
    reference: textOrNull('What the other side calls it: the key of a ticket.'),
    why: textOrNull('Why it was not sent.'),
  }),
}

/** What happened to it. */
export const INCIDENT_STORY = {
  episodes: {
    description: 'Faults of monitoring that belong to it.',
    ...closed({
      episodes: { description: 'The first of them.', type: 'array', items: TEXT },
      count: { description: 'How many there are.', type: 'integer', minimum: 0 },
    }),
  },
  messages: { description: 'Who was told, or is to be.', type: 'array', items: MESSAGE },
  events: {
    description: 'What happened to it, in order.',
    type: 'array',
    items: open({
      seq: { type: 'integer', minimum: 1 },
      at: TIME,
      type: {
        enum: [
          'opened',
          'joined',
          'cleared',
          'taken',
          'called',
          'told',
          'acknowledged',
          'commented',
          'cause',
          'step',
          'action',
          'action.done',
          'paused',
          'continued',
          'closed',
        ],
      },
    }),
  },
}

const ITEM = {
  kind: { description: 'log, journal, event_log, file, package, service, process, disk, facts.', ...TEXT },
  name: { description: 'A path, a unit, a name; empty for facts.', ...TEXT },
  state: {
    description: 'cut: part of it. absent: the device has none. left-out: there was no room.',
    enum: ['whole', 'cut', 'absent', 'binary', 'unread', 'left-out'],
  },
  bytes: { description: 'In the bundle.', type: 'integer', minimum: 0 },
  note: textOrNull('What was left out, or why there is nothing.'),
}

/** What is known of a device beside a fault. */
export const EVIDENCE = {
  title: 'Evidence',
  description: 'What is known of the device beside the fault.',
  ...closed({
    collected: {
      description: 'Gathered since the fault began, newest first.',
      type: 'array',
      items: closed({
        run: TEXT,
        runbook: TEXT,
        step: TEXT,
        gathered_at: TIME,
        bytes: { type: 'integer', minimum: 0 },
        items: { type: 'array', items: closed(ITEM) },
        command: { description: 'Shows all of it.', ...TEXT },
      }),
    },
    changes: {
      description: 'Runs that changed it, newest first: since the fault began, and the last one before.',
      type: 'array',
      items: closed({
        run: TEXT,
        at: TIME,
        by: textOrNull('null: nothing is kept of it.'),
        steps: {
          type: 'array',
          items: closed({ runbook: TEXT, step: TEXT, module: TEXT, changes: { type: 'array', items: CHANGE } }),
        },
      }),
    },
  }),
}

const INCIDENTS_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/incidents/1',
  title: 'Incidents',
  description: 'Faults that people see to, newest first (`till incidents list`, `review` and `export`, with --json).',
  ...closed({
    schema: { const: 'till.incidents/1' },
    incidents: {
      type: 'array',
      items: { title: 'Incident', description: 'A fault that people see to.', ...closed(INCIDENT_PROPERTIES) },
    },
  }),
}

const INCIDENT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/incident/1',
  title: 'Incident',
  description: 'One incident with what happened to it (`till incidents show --json`, and what changes one).',
  ...closed({
    schema: { const: 'till.incident/1' },
    ...INCIDENT_PROPERTIES,
    ...INCIDENT_STORY,
    evidence: EVIDENCE,
  }),
}

const BUNDLE = {
  title: 'Bundle',
  description: 'What a step of the module collect has gathered, masked.',
  ...closed({
    run: TEXT,
    runbook: TEXT,
    step: TEXT,
    gathered_at: TIME,
    bytes: { type: 'integer', minimum: 0 },
    limit_bytes: { description: 'What it may have.', type: 'integer', minimum: 0 },
    redacted: {
      description: 'In how many places something was masked.',
      ...closed({ patterns: { type: 'integer', minimum: 0 }, card_numbers: { type: 'integer', minimum: 0 } }),
    },
    items: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'name', 'state', 'bytes', 'size_bytes', 'note'],
        properties: {
          ...ITEM,
          size_bytes: { description: 'On the device; null where that is not known.', type: ['integer', 'null'] },
          text: TEXT,
          value: { description: 'What another module reads, as `facts`.' },
        },
      },
    },
  }),
}

const INCIDENT_EXPORT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/incident-export/1',
  title: 'Incident with its evidence',
  description: 'One incident, whole (`till incidents export INCIDENT --json`).',
  ...closed({
    schema: { const: 'till.incident-export/1' },
    ...INCIDENT_PROPERTIES,
    ...INCIDENT_STORY,
    evidence: EVIDENCE,
    bundles: { description: 'What was gathered since the fault began, newest first.', type: 'array', items: BUNDLE },
  }),
}

const ROW_PLACE = {
  file: TEXT,
  line: { type: 'integer', minimum: 1 },
}

const INCIDENT_WHO_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/incident-who/1',
  title: 'Who is responsible',
  description: 'Whose a fault of a device is, and by which row of the matrix (`till incidents who --json`).',
  ...closed({
    schema: { const: 'till.incident-who/1' },
    device: { description: 'Full name of the device.', ...TEXT },
    fault: TEXT,
    vendor: { description: 'Empty where none is known.', ...TEXT },
    region: TEXT,
    contract: textOrNull('What its clocks go by; null: none is named.'),
    team: TEXT,
    partner: textOrNull('Whose eyes it is for besides our own.'),
    steps: { description: 'What has to be done before an incident may be closed.', type: 'array', items: TEXT },
    limits_ms: {
      description: 'What is promised.',
      ...closed(Object.fromEntries(INCIDENT_CLOCKS.map((clock) => [clock, milliseconds('In time of the contract.')]))),
    },
    row: { description: 'The row of the matrix.', ...closed(ROW_PLACE) },
    passed: {
      description: 'Rows before it, and why each is not the one.',
      type: 'array',
      items: closed({ ...ROW_PLACE, why: TEXT }),
    },
  }),
}

export const INCIDENT_ANSWER_SCHEMAS = {
  'incident-who': INCIDENT_WHO_JSON_SCHEMA,
  incidents: INCIDENTS_JSON_SCHEMA,
  incident: INCIDENT_JSON_SCHEMA,
  'incident-export': INCIDENT_EXPORT_JSON_SCHEMA,
}
