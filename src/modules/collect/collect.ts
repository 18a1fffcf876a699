import type { Bundle } from '../../core/collected.ts'
import { DURATION } from '../../core/duration.ts'
import { type Result, SessionLost, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { ENCODING_PROPERTY } from '../../core/windows-encodings.ts'
import { ANY_PATH } from '../../devices/file/windows-read.ts'
import { defineModule } from '../define.ts'
import { described, listOf, mapOf, number, numberOrNull, oneOf, text, textOrNull } from '../value-schema.ts'
import { type AskedItem, itemsFor } from './ask-items.ts'
import { bundleFrom } from './bundle.ts'
import { BUNDLE_BYTES, type CollectParams, ITEM_BYTES, MOST_ITEMS, type Raw } from './collect-params.ts'

const LINES = {
  type: 'integer',
  minimum: 1,
  maximum: 10_000,
  description: 'How many of the last lines, or entries. Default: 200.',
  examples: [500],
} as const

const textsParam = (description: string, pattern: string | undefined, ...examples: string[]) =>
  ({
    type: 'array',
    minItems: 1,
    maxItems: 20,
    items: { type: 'string', minLength: 1, ...(pattern !== undefined && { pattern }) },
    description,
    examples: [examples],
  }) as const

/** Names that no tool takes for a pattern, an option or a path. */
const UNIT = '^[A-Za-z0-9_][A-Za-z0-9_@:.\\\\-]*$'
const PACKAGE = '^[A-Za-z0-9_]([A-Za-z0-9+._:() -]*[A-Za-z0-9+_)])?$'
const SERVICE = '^[A-Za-z0-9_@]([A-Za-z0-9_@:.+ $()\\\\-]*[A-Za-z0-9_@:.+$)\\\\-])?$'

/** Value: `Bundle` of core/collected.ts. */
export const collect = defineModule({
  name: 'collect',
  summary:
    'Gathers evidence: ends of logs, versions, what runs, files of settings; bounded and masked; changes nothing',
  sides: { linux: { observe }, windows: { observe } },
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      logs: {
        type: 'array',
        minItems: 1,
        maxItems: 20,
        description: 'Log files, of which the end is taken. Paths of the other system are passed over, here and below.',
        items: {
          anyOf: [
            { type: 'string', pattern: ANY_PATH },
            {
              type: 'object',
              additionalProperties: false,
              required: ['path'],
              properties: {
                path: {
                  type: 'string',
                  pattern: ANY_PATH,
                  description: 'Of the log file, absolute.',
                  examples: ['/var/log/tillapp.log'],
                },
                lines: LINES,
                since: {
                  ...DURATION,
                  description: 'Only what was written so long ago at most, where its lines say a time.',
                  examples: ['2h'],
                },
                encoding: ENCODING_PROPERTY,
              },
            },
          ],
        },
        examples: [['/var/log/tillapp.log', { path: '/var/log/syslog', lines: 500, since: '2h' }]],
      },
      journal: {
        type: 'array',
        minItems: 1,
        maxItems: 20,
        description: 'Units, of which the last entries in the journal of systemd are taken. Passed over on Windows.',
        items: {
          anyOf: [
            { type: 'string', pattern: UNIT },
            {
              type: 'object',
              additionalProperties: false,
              required: ['unit'],
              properties: {
                unit: { type: 'string', pattern: UNIT, description: 'Of systemd.', examples: ['cups'] },
                lines: LINES,
                since: { ...DURATION, description: 'Entries of so long ago at most. Default: 24h.', examples: ['2h'] },
              },
            },
          ],
        },
        examples: [['till-agent.service', { unit: 'cups', since: '2h' }]],
      },
      event_logs: {
        type: 'array',
        minItems: 1,
        maxItems: 20,
        description: 'Windows: event logs, of which the last events are taken. Passed over on other systems.',
        items: {
          anyOf: [
            { type: 'string', minLength: 1 },
            {
              type: 'object',
              additionalProperties: false,
              required: ['name'],
              properties: {
                name: { type: 'string', minLength: 1, description: 'Of the event log.', examples: ['System'] },
                level: {
                  enum: ['critical', 'error', 'warning', 'information'],
                  description: 'Events of this level and of worse ones.',
                },
                lines: LINES,
                since: { ...DURATION, description: 'Events of so long ago at most. Default: 24h.', examples: ['2h'] },
              },
            },
          ],
        },
        examples: [['Application', { name: 'System', level: 'error' }]],
      },
      files: textsParam(
        'Files of settings, whole or, where they are too large, their beginning.',
        ANY_PATH,
        '/etc/zabbix/zabbix_agent2.conf',
      ),
      packages: textsParam('Packages, of which the version is taken.', PACKAGE, 'zabbix-agent2'),
      services: textsParam(
        'Services: whether they run and start at boot, and why one ended.',
        SERVICE,
        'zabbix-agent2',
      ),
      processes: textsParam(
        'File names of programs, of which the processes are taken, 20 at the most.',
        '^[^\\s/]+$',
        'java',
      ),
      disks: textsParam(
        'Paths, of which the file system is taken: how large it is, and how much is free.',
        ANY_PATH,
        '/var',
      ),
      facts: { type: 'boolean', description: 'Also what `facts` reads: system, memory, addresses, disks, uptime.' },
      redact: {
        type: 'array',
        minItems: 1,
        maxItems: 50,
        items: { type: 'string', minLength: 1 },
        description:
          'Regular expressions: what they find is masked; of one with groups, what the groups find. `^` and `$` are of each line. Numbers of cards and secrets that are known are masked always.',
        examples: [['(?i)password\\s*=\\s*(\\S+)']],
      },
      item_bytes: {
        type: 'integer',
        minimum: 256,
        maximum: ITEM_BYTES.most,
        description: 'Bytes that an item may have; it is cut at the end of a line. Default: 16384.',
      },
      bundle_bytes: {
        type: 'integer',
        minimum: 1024,
        maximum: BUNDLE_BYTES.most,
        description: 'Bytes that all of them may have together, in their order. Default: 65536.',
      },
    },
  },
  patterns: { 'redact.*': 'here' },
  validate,
  diff: (_params, { items }) => {
    const unread = items.filter(({ state }) => state === 'unread')
    if (items.length === 0) return { unknown: 'Nothing that it gathers is of the system of this device.' }
    if (unread.length === 0) return []
    const why = unread.map(({ kind, name, note }) => `${kind} ${name}: ${note}`).join(' ')
    return { unknown: `${unread.length} of ${items.length} items could not be read. ${why}` }
  },
  valueSchema: mapOf({
    gathered_at: text('When: ISO 8601 in UTC.'),
    bytes: number('The size of what was gathered.'),
    limit_bytes: number('How large it may be.'),
    redacted: described(
      'In how many places something was masked.',
      mapOf({ patterns: number('By a pattern of `redact`.'), card_numbers: number('Card numbers.') }),
    ),
    items: listOf(
      mapOf(
        {
          kind: text('`log`, `journal`, `event_log`, `file`, `package`, `service`, `process`, `disk`, `facts`.'),
          name: text('What it is of: a path, a unit, a name.'),
          state: oneOf(['whole', 'cut', 'absent', 'binary', 'unread', 'left-out'], 'What was to be had of it.'),
          bytes: number('Its bytes in the bundle.'),
          size_bytes: numberOrNull('Its bytes on the device; null where that is not known.'),
          note: textOrNull('What was left out, or why there is nothing.'),
        },
        { text: text('Of a text.'), value: { description: 'Of what is no text.' } },
      ),
      'What was gathered.',
    ),
  }),
  value: (bundle) => bundle as unknown as JsonValue,
  // By their times bundles are found again.
  samples: ({ gathered_at: at, bytes }) => [{ series: 'collected', at, value: bytes }],
})

const SOURCES = ['logs', 'journal', 'event_logs', 'files', 'packages', 'services', 'processes', 'disks'] as const

function validate(params: JsonObject): string | undefined {
  const counts = SOURCES.map((name) => (Array.isArray(params[name]) ? (params[name] as readonly unknown[]).length : 0))
  const count = counts.reduce((sum, one) => sum + one, 0)
  if (count === 0 && params['facts'] !== true)
    return `Say what to gather: \`facts: true\`, or one of ${SOURCES.join(', ')}.`
  return count > MOST_ITEMS ? `It gathers ${count} items; ${MOST_ITEMS} are the most.` : undefined
}

async function observe(context: ModuleContext, params: CollectParams): Promise<Result<Bundle>> {
  const {
    redact = [],
    item_bytes: itemBytes = ITEM_BYTES.usual,
    bundle_bytes: bundleBytes = BUNDLE_BYTES.usual,
  } = params
  const items = itemsFor(params, context.device.os.family)
  const most = Math.min(itemBytes, bundleBytes)
  const read = await Promise.all(items.map(async (asked) => ({ asked, raw: await rawOf(asked, context, most) })))
  return success(bundleFrom(read, { redact, itemBytes, bundleBytes }, context.now()))
}

/** What takes too long costs itself alone, not what else is gathered. */
async function rawOf(asked: AskedItem, context: ModuleContext, bytes: number): Promise<Raw> {
  try {
    return await asked.ask(context, bytes)
  } catch (error) {
    if (!(error instanceof SessionLost) || error.failure.code !== 'OBSERVE_TIMEOUT') throw error
    return { kind: 'unread', why: error.failure.message }
  }
}
