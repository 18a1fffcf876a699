import { RIGHTS, ROLES } from '../../core/account.ts'
import { SELLS } from '../../core/can-sell.ts'
import { DEVICE_KINDS } from '../../core/fleet.ts'
import { INCIDENT_STATES } from '../../core/incident.ts'
import { DEVICE_STATES, STEP_STATES } from '../../core/outcome.ts'
import { COUNT, FLAG, HEAD, list, open, orNull, TEXT } from './forms.ts'
import { INCIDENT_PROPERTIES, INCIDENT_STORY } from './incident-answers.ts'
import { CHANGE, DEVICE_NAME, EXIT_CODE, FAILURE, FINDING, MODE, OUTAGE_NOTE, RUN_ID, TIME } from './records.ts'

const ANY_STATE = { description: 'never: no run has looked at it.', enum: [...DEVICE_STATES, 'never'] } as const
const STATE_COUNTS = {
  description: 'Devices by state; those that there are.',
  type: 'object',
  propertyNames: { enum: [...DEVICE_STATES, 'never', 'to-come'] },
  additionalProperties: COUNT,
} as const

const answer = (name: string, description: string, properties: Readonly<Record<string, object>>): object => ({
  ...HEAD,
  $id: `https://tillwright.dev/schemas/${name}/1`,
  title: name,
  description,
  ...open({ schema: { const: `till.${name}/1` }, ...properties }),
})

/** When the picture was made that the answer was read from. */
const AS_OF = { as_of: TIME }
const PAGE = {
  total: { ...COUNT, description: 'Entries on all pages.' },
  next: { description: 'Send it as `after` for the next page; null on the last one.', type: ['string', 'null'] },
}

const SELLS_VALUE = {
  description:
    'Whether the store can sell, as far as is known: with a till that works, and a fiscal printer where it has them.',
  enum: SELLS,
} as const
const SELLS_COUNTS = {
  ...open(Object.fromEntries(SELLS.map((each) => [each, COUNT]))),
  description: 'Stores that can sell.',
}

const STORE_ROW = {
  store: { ...TEXT, examples: ['PL-0412'] },
  name: TEXT,
  region: TEXT,
  city: TEXT,
  state: { ...ANY_STATE, description: 'The worst of its devices.' },
  sells: SELLS_VALUE,
  open: { ...FLAG, description: 'It trades at this time.' },
  devices: COUNT,
  counts: STATE_COUNTS,
}

const DEVICE_ROW = {
  device: DEVICE_NAME,
  store: TEXT,
  region: TEXT,
  kind: { enum: DEVICE_KINDS },
  profile: TEXT,
  state: ANY_STATE,
  unknown: { ...FLAG, description: 'At least one step could not be judged, or nothing is known.' },
  code: orNull(TEXT),
  message: orNull(TEXT),
  run: orNull(RUN_ID),
  at: { ...orNull(TIME), description: 'Of the look that counts.' },
  last_at: { ...orNull(TIME), description: 'When any run looked at it last.' },
  seen_at: { ...orNull(TIME), description: 'When it last answered.' },
  serials: list(TEXT),
}

const END_ROW = {
  run: RUN_ID,
  device: DEVICE_NAME,
  at: TIME,
  state: { enum: DEVICE_STATES },
  unknown: FLAG,
  code: orNull(TEXT),
  message: orNull(TEXT),
  hint: orNull(TEXT),
  fault: orNull(TEXT),
  cause: orNull(TEXT),
  severity: orNull(TEXT),
  not_before: { ...orNull(TIME), description: 'When a deferred device may be worked on, as far as that is known.' },
  duration_ms: { type: 'number' },
}

const CLOCK = open({
  zone: { ...TEXT, description: 'IANA name.' },
  local: { ...TEXT, description: 'Time by its clocks.', examples: ['2026-11-30T11:02'] },
  open: FLAG,
  opened: orNull(TIME),
  closes: orNull(TIME),
  opens: orNull(TIME),
})

const RUN_ROW = {
  run: RUN_ID,
  mode: MODE,
  runbooks: list(TEXT),
  started_at: TIME,
  finished_at: orNull(TIME),
  state: { enum: ['running', 'finished', 'interrupted'] },
  devices: { ...COUNT, description: 'Those that somebody sees.' },
  counts: STATE_COUNTS,
  exit_code: { ...orNull(EXIT_CODE), description: 'null for those who see a part of it.' },
  by: TEXT,
  resumed: COUNT,
}

const LOOK = open({
  state: { enum: DEVICE_STATES },
  unknown: FLAG,
  code: orNull(TEXT),
  message: orNull(TEXT),
  run: RUN_ID,
  runbooks: list(TEXT),
  about: list(TEXT),
  at: TIME,
  counts: { ...FLAG, description: 'It is part of what the device counts as.' },
})

const STEP = open(
  {
    runbook: TEXT,
    step: TEXT,
    name: TEXT,
    module: TEXT,
    state: { enum: STEP_STATES },
    duration_ms: { type: 'number' },
  },
  { changes: list(CHANGE), failure: FAILURE, reason: TEXT, may_be_mended: FLAG },
)

const OUTAGES = { ...list(open(OUTAGE_NOTE)), description: 'What is known to be out of order there now.' }

const DEVICE_HEAD = { ...DEVICE_ROW, attached_to: orNull(TEXT) }

export const API_ANSWER_SCHEMAS = {
  'api-problem': answer('api-problem', 'A question of the API that is refused.', {
    status: { type: 'integer', minimum: 400, maximum: 599 },
    why: { ...TEXT, description: 'For people.' },
  }),
  'api-session': answer('api-session', 'Who asks, and what that one may do (/api/v1/session).', {
    account: TEXT,
    role: { enum: ROLES },
    rights: list({ enum: RIGHTS }),
    sees: { description: 'The whole fleet, or some devices of it.', enum: ['all', 'some'] },
    csrf: { ...orNull(TEXT), description: 'For the header X-Till-CSRF; null with a token.' },
    until: { ...orNull(TIME), description: 'When the session ends if nothing is done.' },
    version: TEXT,
  }),
  'api-started': answer('api-started', 'A run was begun (POST /api/v1/plans).', { run: RUN_ID }),
  'api-awaits': answer('api-awaits', "What of a run waits for somebody's word (/api/v1/runs/RUN/awaits).", {
    run: TEXT,
    awaits: {
      ...list(TEXT),
      description:
        'To be sent along by who approves: what has changed meanwhile is not agreed to. Empty: nothing waits.',
    },
  }),
  'api-said': answer('api-said', 'A word about a run is on record (POST /api/v1/runs/RUN/approve, …/abort).', {
    run: RUN_ID,
    ready: { ...FLAG, description: 'Nobody else has to say anything for it to go on.' },
  }),
  'api-sign-in': answer('api-sign-in', 'How somebody can sign in (/api/v1/sign-in); everybody may ask it.', {
    passwords: { ...FLAG, description: 'There are accounts with passwords.' },
    provider: {
      ...orNull(open({ name: { ...TEXT, description: 'As people call it.' } })),
      description: 'The provider of OpenID Connect; null: there is none.',
    },
  }),
  'api-sign-in-begun': answer(
    'api-sign-in-begun',
    'A sign-in by the provider was begun (POST /api/v1/sign-in/provider).',
    {
      url: { ...TEXT, description: 'Where the browser goes to now.' },
    },
  ),
  'api-signed-out': answer('api-signed-out', 'A session was ended.', {}),
  'api-overview': answer('api-overview', 'The fleet in numbers (/api/v1/overview).', {
    ...AS_OF,
    stores: open({ total: COUNT, sells: SELLS_COUNTS }),
    devices: open({ total: COUNT, counts: STATE_COUNTS, unknown: COUNT }),
    regions: list(open({ region: TEXT, name: TEXT, stores: COUNT, sells: SELLS_COUNTS, counts: STATE_COUNTS })),
    kinds: list(open({ kind: { enum: DEVICE_KINDS }, devices: COUNT, counts: STATE_COUNTS })),
  }),
  'api-map': answer('api-map', 'Stores on the map (/api/v1/map).', {
    ...AS_OF,
    unmapped: { ...COUNT, description: 'Stores without `location` in the inventory.' },
    stores: {
      description: 'Each as its id, longitude, latitude, whether it can sell, and the worst state in it.',
      type: 'array',
      items: {
        type: 'array',
        minItems: 5,
        maxItems: 5,
        items: [TEXT, { type: 'number' }, { type: 'number' }, SELLS_VALUE, ANY_STATE],
      },
    },
  }),
  'api-stores': answer('api-stores', 'Stores, a page at a time (/api/v1/stores).', {
    ...AS_OF,
    ...PAGE,
    stores: list(open(STORE_ROW)),
  }),
  'api-store': answer('api-store', 'A store with its devices, the worst first (/api/v1/stores/STORE).', {
    ...AS_OF,
    ...STORE_ROW,
    address: open({ street: TEXT, postcode: TEXT, city: TEXT }),
    link: open({ type: TEXT }),
    owner: { type: 'object' },
    tags: list(TEXT),
    outages: OUTAGES,
    clock: CLOCK,
    device_list: list(open(DEVICE_HEAD)),
  }),
  'api-devices': answer('api-devices', 'Devices, a page at a time (/api/v1/devices).', {
    ...AS_OF,
    ...PAGE,
    devices: list(open(DEVICE_ROW)),
  }),
  'api-device': answer('api-device', 'What is known of a device (/api/v1/devices/STORE/DEVICE).', {
    ...AS_OF,
    ...DEVICE_HEAD,
    os: open({ family: TEXT }),
    address: TEXT,
    transport: TEXT,
    via: orNull(TEXT),
    attached: { ...list(DEVICE_NAME), description: 'What hangs on it.' },
    suffering: { ...list(open(DEVICE_ROW)), description: 'Other devices of the store that are not in order.' },
    tags: list(TEXT),
    note: orNull(TEXT),
    store_row: open(STORE_ROW),
    owner: { type: 'object' },
    outages: OUTAGES,
    clock: CLOCK,
    since: { ...orNull(TIME), description: 'By the looks of the last 14 days.' },
    looks: list(LOOK),
    findings: { ...list(FINDING), description: 'What is wrong, and what helps.' },
    timeline: {
      ...list(open({ ...END_ROW, from: TIME, times: COUNT })),
      description: 'Ends of runs on it, newest first; those that found the same are one, with their number.',
    },
  }),
  'api-incidents': answer(
    'api-incidents',
    'Faults that people see to, newest first, a page at a time (/api/v1/incidents).',
    {
      ...AS_OF,
      ...PAGE,
      counts: {
        description: 'Of all that were picked, by state; those that there are.',
        type: 'object',
        propertyNames: { enum: INCIDENT_STATES },
        additionalProperties: COUNT,
      },
      late: { ...COUNT, description: 'Of all that were picked, those with a clock that ran out.' },
      incidents: list(open(INCIDENT_PROPERTIES)),
    },
  ),
  'api-incident': answer(
    'api-incident',
    'A fault that people see to, with what is known of it (/api/v1/incidents/ID).',
    {
      ...AS_OF,
      ...INCIDENT_PROPERTIES,
      ...INCIDENT_STORY,
      firing: { ...FLAG, description: 'Monitoring has not told that it is over.' },
      evidence: {
        ...open({
          state: orNull(ANY_STATE),
          since: orNull(TIME),
          findings: list({ type: 'object' }),
          looks: list(open({ ...END_ROW, from: TIME, times: { ...COUNT, minimum: 1 } })),
        }),
        description: 'What runs have found at its device; empty where it has none.',
      },
    },
  ),
  'api-report': answer('api-report', 'A report, a page of its rows at a time (/api/v1/reports/NAME).', {
    report: TEXT,
    since: TIME,
    until: TIME,
    made_at: TIME,
    zone: { ...TEXT, description: 'IANA name of the clocks of most stores.' },
    by: orNull(TEXT),
    of: orNull(TEXT),
    notes: list(TEXT),
    count: { ...COUNT, description: 'Rows on all pages.' },
    next: PAGE.next,
    columns: {
      ...list(open({ key: TEXT, title: TEXT, type: TEXT, aside: FLAG })),
      description: 'What the rows have, as the schema of the report says: seconds, shares of 0 to 1.',
    },
    rows: list({ type: 'object' }),
    total: orNull({ type: 'object' }),
    charts: list(open({ title: TEXT, kind: { enum: ['bars', 'line'] }, type: TEXT, points: list({ type: 'object' }) })),
  }),
  'api-sla-closed': answer(
    'api-sla-closed',
    'Closed months of contracts, each with every version (/api/v1/sla/closed).',
    {
      months: list(
        open({
          contract: TEXT,
          month: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}$' },
          version: { ...COUNT, minimum: 1 },
          closed_at: TIME,
          by: TEXT,
          why: { ...orNull(TEXT), description: 'Why it was corrected; null: it is the first.' },
          hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        }),
      ),
    },
  ),
  'api-samples': answer('api-samples', 'What modules have noted of a device (/api/v1/devices/STORE/DEVICE/samples).', {
    ...AS_OF,
    device: DEVICE_NAME,
    days: { type: 'number' },
    series: list(
      open({
        series: TEXT,
        points: {
          ...list({ type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 }),
          description: 'Milliseconds since 1970 and the value, by time; of very many only some.',
        },
      }),
    ),
  }),
  'api-held': answer('api-held', 'A store or a device is held (POST /api/v1/holds).', {
    on: TEXT,
    until: TIME,
    by: TEXT,
    why: TEXT,
  }),
  'api-outages': answer('api-outages', 'Known outages that go on or are to come (/api/v1/outages).', {
    ...AS_OF,
    outages: list(
      open({
        ...OUTAGE_NOTE,
        state: { enum: ['coming', 'current'] },
        from: TIME,
        ended_by: orNull(TEXT),
        where: { type: 'object', description: 'Empty for those who see a part of the fleet.' },
        devices: { ...COUNT, description: 'Of those that somebody sees, how many it covers.' },
        stores: COUNT,
      }),
    ),
  }),
  'api-outage': answer(
    'api-outage',
    'An outage is known, or over (POST /api/v1/outages, DELETE …/OUTAGE).',
    OUTAGE_NOTE,
  ),
  'api-search': answer('api-search', 'What a text may mean (/api/v1/search).', {
    ...AS_OF,
    stores: list(open(STORE_ROW)),
    devices: list(open(DEVICE_ROW)),
    runs: list(open(RUN_ROW)),
    incidents: {
      ...list(open(INCIDENT_PROPERTIES)),
      description: 'That of this id, and those with a ticket of this number.',
    },
  }),
  'api-runs': answer('api-runs', 'Runs, newest first, a page at a time (/api/v1/runs).', {
    ...AS_OF,
    next: PAGE.next,
    runs: list(open(RUN_ROW)),
  }),
  'api-run': answer('api-run', 'A run with a page of its devices, the worst first (/api/v1/runs/RUN).', {
    ...AS_OF,
    paused: { ...orNull(open({ by: TEXT, why: TEXT, at: TIME })), description: 'Who holds it; null: nobody.' },
    appliable: { ...FLAG, description: 'It is a plan that was made here and may be applied: POST …/apply.' },
    ...RUN_ROW,
    ...PAGE,
    waves: list(open({ wave: COUNT, counts: STATE_COUNTS })),
    waiting: {
      ...list(open({ code: TEXT, message: TEXT, not_before: orNull(TIME), count: COUNT, devices: list(DEVICE_NAME) })),
      description: 'What devices wait for, and until when.',
    },
    approvals: list(open({ wave: orNull(COUNT), people: COUNT, four_eyes: FLAG, asked_by: TEXT, expires_at: TIME })),
    device_list: list(
      open({
        device: DEVICE_NAME,
        wave: COUNT,
        state: { ...orNull({ enum: DEVICE_STATES }), description: 'null: it has not ended yet.' },
        working: FLAG,
        end: orNull(open(END_ROW)),
      }),
    ),
  }),
  'api-run-device': answer(
    'api-run-device',
    'A device of a run, step by step (/api/v1/runs/RUN/devices/STORE/DEVICE).',
    {
      ...AS_OF,
      ...END_ROW,
      steps: list(STEP),
    },
  ),
}
