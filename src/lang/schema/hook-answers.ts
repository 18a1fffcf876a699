import { EPISODE_NOTES } from '../../core/episode.ts'
import { HOOK_MODES } from '../../core/hook-rule.ts'
import { DEVICE_STATES } from '../../core/outcome.ts'
import { closed, HEAD, open, TEXT, textOrNull } from './forms.ts'
import { EVIDENCE } from './incident-answers.ts'
import { TIME, timeOrNull } from './records.ts'

const ALERT_STATE = { description: 'Whether the alert fires.', enum: ['firing', 'resolved'] } as const
const PARAMS = {
  description: 'Parameters of the runbook, as a command line would give them.',
  type: 'object',
  additionalProperties: TEXT,
} as const

const ATTEMPT = {
  title: 'Repair',
  description: 'One run of the runbook at the device.',
  ...closed({
    attempt: { description: 'Its number in the episode.', type: 'integer', minimum: 1 },
    started_at: TIME,
    finished_at: timeOrNull('null while it runs.'),
    result: {
      description:
        'held: safety, or something of ours, kept it from beginning, and it does not count. doubtful: whoever made it is gone; it counts as made. looked: its runbook only gathers evidence.',
      enum: ['running', 'helped', 'failed', 'held', 'doubtful', 'looked'],
    },
    run: textOrNull('The run, for `till runs show`; null where none came about.'),
    state: { description: 'How the device ended.', enum: [...DEVICE_STATES, null] },
    why: textOrNull('Why it did not help.'),
    fault: textOrNull('Fault class by the table of the runbook; null: it says none.'),
    held: { description: 'How often in a row safety kept it from beginning, up to it.', type: 'integer', minimum: 0 },
    not_before: timeOrNull('When safety lets it begin; null: it does not say, or did not keep it.'),
  }),
}

const EPISODE_PROPERTIES = {
  episode: { description: 'Its id.', type: 'string', pattern: '^E[0-9a-f]{12}$' },
  state: {
    description: 'What is being done about it. lost: monitoring does not see it any more.',
    enum: ['waiting', 'repairing', 'repaired', 'clear', 'lost', 'closed', ...EPISODE_NOTES],
  },
  rule: { description: 'Name of its rule.', ...TEXT },
  about: { description: 'What its fault is about.', enum: ['device', 'store'] },
  device: textOrNull('Full name of the device; null where it is about a store.'),
  store: textOrNull('Id of the store.'),
  alert: {
    description: 'The alert that it began with.',
    ...closed({ source: TEXT, name: TEXT, severity: TEXT, text: TEXT }),
  },
  opened_at: TIME,
  closed_at: timeOrNull('null while it is open.'),
  why: textOrNull('Why it is in its state.'),
  occurrences: { description: 'How many different alerts belong to it.', type: 'integer', minimum: 0 },
  flaps: { description: 'How often it fired again after it was clear.', type: 'integer', minimum: 0 },
  attempts: { description: 'The repairs, in order.', type: 'array', items: ATTEMPT },
}

const EPISODE = {
  title: 'Episode',
  description: 'One fault, from first alert to all-clear.',
  ...closed(EPISODE_PROPERTIES),
}

export const EPISODES_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/episodes/1',
  title: 'Episodes',
  description:
    'Faults that monitoring told of, newest first (`till episodes list --json`, `till episodes approve --json`, `till episodes close --json`).',
  ...closed({ schema: { const: 'till.episodes/1' }, episodes: { type: 'array', items: EPISODE } }),
}

export const EPISODE_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/episode/1',
  title: 'Episode',
  description: 'One fault with what happened to it (`till episodes show --json`).',
  ...closed({
    schema: { const: 'till.episode/1' },
    ...EPISODE_PROPERTIES,
    evidence: EVIDENCE,
    events: {
      description: 'What happened to it, in order.',
      type: 'array',
      items: open({
        at: TIME,
        type: {
          enum: [
            'alert',
            'attempt.started',
            'attempt.finished',
            'attempt.doubtful',
            'noted',
            'released',
            'told',
            'approved',
            'ruled',
            'closed',
          ],
        },
      }),
    },
  }),
}

/** What became of an alert. */
export const TOLD = closed({
  source: TEXT,
  alert: { description: 'Its name.', ...TEXT },
  id: { description: 'What tells it from other occurrences.', ...TEXT },
  state: ALERT_STATE,
  device: textOrNull('Full name of the device.'),
  store: textOrNull('Id of the store.'),
  rule: textOrNull('The rule that holds for it.'),
  episode: textOrNull('Id of its episode.'),
  why: textOrNull('Why it changed nothing.'),
})

/** Of a payload. */
export const LEFT_OUT = {
  description: 'Alerts that the payload says were left out of it (`truncatedAlerts`).',
  type: 'integer',
  minimum: 0,
} as const

export const HOOK_FIRE_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/hook-fire/1',
  title: 'Hook fired',
  description: 'What became of one payload (`till hook fire --json`).',
  ...closed({
    schema: { const: 'till.hook-fire/1' },
    entry: { description: 'Its place in the inbox.', type: 'string', pattern: '^[0-9a-f]{64}$' },
    worker: {
      description: 'The server that does the rest; null: this command did its part.',
      anyOf: [{ type: 'null' }, closed({ host: TEXT, pid: { type: 'integer' }, since: TIME })],
    },
    alerts: {
      description: 'Its alerts; empty where a server does the rest.',
      type: 'array',
      items: TOLD,
    },
    episodes: { description: 'The episodes that it belongs to, as they are now.', type: 'array', items: EPISODE },
    left_out: LEFT_OUT,
    waiting: {
      description: 'What is still to be decided, which nobody does without a server.',
      type: 'array',
      items: closed({ episode: TEXT, until: TIME, why: TEXT }),
    },
  }),
}

export const HOOK_TEST_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/hook-test/1',
  title: 'Hook test',
  description: 'What the rules make of recorded alerts (`till hook test --json`).',
  ...closed({
    schema: { const: 'till.hook-test/1' },
    alerts: {
      type: 'array',
      items: closed({
        source: TEXT,
        alert: { description: 'Its name.', ...TEXT },
        state: ALERT_STATE,
        device: textOrNull('Full name of the device.'),
        store: textOrNull('Id of the store.'),
        rule: textOrNull('The rule that holds for it.'),
        mode: { description: 'What the rule may do.', enum: [...HOOK_MODES, null] },
        runbook: textOrNull('What it would apply.'),
        params: PARAMS,
        why: textOrNull('Why nothing would be done.'),
      }),
    },
  }),
}

export const HOOK_DELIVERY_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/hook-delivery/1',
  title: 'Hook delivery',
  description: 'One payload as it came: a line of `till hook record`.',
  ...closed({
    schema: { const: 'till.hook-delivery/1' },
    at: TIME,
    source: { description: 'Whose payload it is.', ...TEXT },
    times: { description: 'How often it came.', type: 'integer', minimum: 1 },
    body: { description: 'The payload itself, as a text.', ...TEXT },
  }),
}

export const HOOKS_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/hooks/1',
  title: 'Hooks',
  description: 'The rules of hooks, in order (`till hook list --json`).',
  ...closed({
    schema: { const: 'till.hooks/1' },
    rules: {
      type: 'array',
      items: closed({
        name: TEXT,
        mode: { enum: HOOK_MODES },
        about: { enum: ['device', 'store'] },
        sources: { description: 'Empty: all.', type: 'array', items: TEXT },
        match: TEXT,
        runbook: textOrNull('null: people have to look.'),
      }),
    },
  }),
}

export const HOOK_ANSWER_SCHEMAS = {
  hooks: HOOKS_JSON_SCHEMA,
  'hook-fire': HOOK_FIRE_JSON_SCHEMA,
  'hook-test': HOOK_TEST_JSON_SCHEMA,
  'hook-delivery': HOOK_DELIVERY_JSON_SCHEMA,
  episodes: EPISODES_JSON_SCHEMA,
  episode: EPISODE_JSON_SCHEMA,
}
