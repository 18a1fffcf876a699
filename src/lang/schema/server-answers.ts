import { closed, HEAD } from './forms.ts'
import { LEFT_OUT, TOLD } from './hook-answers.ts'

const SERVING: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/serving/1',
  title: 'Serving',
  description: 'Where a server listens (`till serve --json`).',
  ...closed({
    schema: { const: 'till.serving/1' },
    url: { description: 'For requests; paths come behind it.', type: 'string' },
    address: { type: 'string' },
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
    pid: { description: 'Of the process, for signals.', type: 'integer', minimum: 1 },
  }),
}

const WORKING: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/working/1',
  title: 'Working',
  description: 'What a worker serves (`till worker --json`).',
  ...closed({
    schema: { const: 'till.working/1' },
    name: { description: 'What it is called among workers.', type: 'string' },
    serve: { description: 'Terms in order, or `all`.', type: 'string' },
    slots: { description: 'Devices at a time.', type: 'integer', minimum: 1 },
    pid: { description: 'Of the process, for signals.', type: 'integer', minimum: 1 },
  }),
}

const WORKER_TOKEN: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/worker-token/1',
  title: 'Token of a worker',
  description: 'A token that was made, and its key (`till worker token --json`).',
  ...closed({
    schema: { const: 'till.worker-token/1' },
    token: { description: 'The secret of the worker.', type: 'string', pattern: '^till-worker-[A-Za-z0-9_-]{43}$' },
    key: { description: 'For tillwright.yaml.', type: 'string', pattern: '^ed25519:[A-Za-z0-9_-]{43}$' },
  }),
}

const TAKEN: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/hook-taken/1',
  title: 'Hook taken in',
  description: 'The answer to a payload that is on disk (202 of /hooks/SOURCE).',
  ...closed({
    schema: { const: 'till.hook-taken/1' },
    entry: { description: 'Its place in the inbox.', type: 'string', pattern: '^[0-9a-f]{64}$' },
    alerts: {
      description: 'Its alerts and their episodes; null where they are still being placed.',
      anyOf: [{ type: 'null' }, { type: 'array', items: TOLD }],
    },
    left_out: LEFT_OUT,
  }),
}

const REFUSED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/hook-refused/1',
  title: 'Hook refused',
  description: 'The answer to a request that was not taken in.',
  ...closed({
    schema: { const: 'till.hook-refused/1' },
    status: { description: 'As in the head of the answer.', type: 'integer', minimum: 400, maximum: 599 },
    why: { description: 'For people.', type: 'string', minLength: 1 },
  }),
}

const READY: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/server-ready/1',
  title: 'Server ready',
  description: 'The answer of /readyz: 200 where it is ready, 503 where it is not.',
  ...closed({
    schema: { const: 'till.server-ready/1' },
    ready: { type: 'boolean' },
    works: {
      description: 'Whether it works alerts off; false where it stands by for another server of the same state.',
      type: 'boolean',
    },
    why: { description: 'What is in the way.', type: 'array', items: { type: 'string' } },
  }),
}

const ACKNOWLEDGED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/acknowledged/1',
  title: 'Message acknowledged',
  description: 'The answer of /acknowledgements/MESSAGE.',
  ...closed({
    schema: { const: 'till.acknowledged/1' },
    message: { type: 'string', minLength: 1 },
    heard: { type: 'boolean' },
  }),
}

export const SERVER_ANSWER_SCHEMAS = {
  acknowledged: ACKNOWLEDGED,
  serving: SERVING,
  working: WORKING,
  'worker-token': WORKER_TOKEN,
  'hook-taken': TAKEN,
  'hook-refused': REFUSED,
  'server-ready': READY,
}
