import { HOOK_MODES } from '../../core/hook-rule.ts'
import { duration, NAME, NAME_OF_SENDER, secret, text, url } from './input-forms.ts'

const count = (description: string, example: number) =>
  ({ description, type: 'integer', minimum: 1, maximum: 100_000, examples: [example] }) as const

const PARAM = {
  description: 'A value; or one that is taken from the alert, if it is in the list.',
  anyOf: [
    { type: ['string', 'number', 'boolean'] },
    {
      type: 'object',
      additionalProperties: false,
      required: ['from', 'one_of'],
      properties: {
        from: text('Where the value is: CEL over alert, device and store.', 'alert.labels.service'),
        one_of: {
          description: 'The values that are accepted. Another one is never used: people are told.',
          type: 'array',
          minItems: 1,
          items: { type: ['string', 'number', 'boolean'] },
          examples: [['cups', 'cups-browsed']],
        },
      },
    },
  ],
} as const

const RULE = {
  title: 'Hook rule',
  description: 'What to do about a fault that monitoring tells of.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'match'],
  properties: {
    name: {
      description:
        'Its name, by which episodes go. What fires when it is renamed goes by the rule that holds for its alert from then on, with the repairs ' +
        'that were made.',
      type: 'string',
      pattern: NAME,
      examples: ['spooler-stuck'],
    },
    match: text(
      'Which alerts: CEL over alert (source, id, state, name, severity, text, labels, started_at), device, store and region. The ' +
        'first rule that holds is the one. A label that the alert has not got makes it not hold.',
      "alert.name == 'SpoolerStuck' && device.kind == 'till'",
    ),
    fault: {
      description:
        'Fault class of the incident that it becomes where people are needed, unless the runbook has classified it. Default: the name ' +
        'of the rule.',
      type: 'string',
      pattern: NAME,
      examples: ['sale-blocked'],
    },
    sources: {
      description: 'Sources that may fire it. Default: all.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: NAME },
      examples: [['zabbix']],
    },
    about: {
      description:
        'device, the default: of that device alone. store: the fault is that of a whole store, such as a dead line; while it lasts, faults of the devices ' +
        'in it are its symptoms, and nothing is done about them.',
      enum: ['device', 'store'],
      examples: ['store'],
    },
    mode: {
      description:
        'shadow, the default: says what would be done, and does nothing. ask: does it once somebody approved. act: does it.',
      enum: HOOK_MODES,
      examples: ['act'],
    },
    runbook: {
      description: 'Name of the runbook that is applied to the device. Without one, people are told.',
      type: 'string',
      minLength: 1,
      examples: ['spooler-repair'],
    },
    params: {
      description:
        'Values for the parameters of the runbook. What is taken from the alert tells faults of one device apart, also where the rule names no runbook.',
      type: 'object',
      additionalProperties: PARAM,
      examples: [{ service: { from: 'alert.labels.service', one_of: ['cups', 'cups-browsed'] } }],
    },
    for: duration('How long it has to be firing before anything is done. Default: no time.', '2m'),
    often: {
      description:
        'How many times it has to begin anew within a time before anything is done, since the last repair; episodes that are closed count, too. Default: once.',
      type: 'object',
      additionalProperties: false,
      required: ['times', 'within'],
      properties: {
        times: count('So many occurrences.', 3),
        within: duration('Within so long.', '1h'),
      },
      examples: [{ times: 3, within: '1h' }],
    },
    settle: duration(
      'How long to wait after the first alert, so that a cause can show up before its symptoms are acted upon. Default: 30s.',
      '30s',
    ),
    cooldown: duration('How long a device is left alone after a repair, by whatever rule. Default: 15m.', '15m'),
    attempts: {
      description: 'How many repairs are made before people are told.',
      type: 'object',
      additionalProperties: false,
      properties: {
        episode: count('For one episode. Default: 1.', 2),
        day: count('At a device within 24 hours, by all rules. Default: 3.', 3),
        useless: count(
          'Repairs in a row by this rule that did not help on devices of one profile: the rest of them is left alone. Default: 3.',
          3,
        ),
      },
      examples: [{ episode: 2, day: 3 }],
    },
    per_hour: count('Repairs by this rule within an hour, over the whole fleet. Default: 20.', 20),
    clear_within: duration(
      'How long the alert may take to go out after a repair; then the repair did not help. Default: 10m.',
      '10m',
    ),
    held_for: duration(
      'How long a repair may be held back, by safety, because nobody approves it or because monitoring does not answer, until people are ' +
        'told; it goes on to be asked for. It counts while the store trades (always, where it never does). Default: 30m.',
      '2h',
    ),
    quiet: duration(
      'How long nothing may fire before the episode is closed. What fires again before that is the same one. Default: 5m.',
      '5m',
    ),
  },
} as const

const SOURCE = {
  title: 'Source',
  description:
    'A system that sends JSON of its own: where in it the parts of an alert are, as CEL over payload and item.',
  type: 'object',
  additionalProperties: false,
  required: ['id', 'firing', 'alert'],
  properties: {
    alerts: text('The list of alerts; each of them is `item`. Default: the payload is one alert.', 'payload.events'),
    id: text(
      'What tells this occurrence of the fault from others: the same in repeats and in the all-clear, another one next time; see `since` for others.',
      "item.key + ' ' + item.since",
    ),
    firing: text(
      'Whether it fires: true, or false for the all-clear. What is neither (somebody acknowledged it) `alerts` leaves out.',
      "item.state == 'open'",
    ),
    since: text(
      'When what is told began: the fault, or its end, which then ends all of that id that began before. For what has no id of its own for each occurrence, as a monitor that tells its state: with it `id` may be the same each time. A time as in ISO 8601 (UTC unless it says its zone), or seconds or milliseconds since 1970.',
      'payload.heartbeat.time',
    ),
    alert: text('The name of the fault: alert.name in rules.', 'item.problem'),
    severity: text('alert.severity in rules. Default: none.', 'item.level'),
    text: text('alert.text in rules. Default: none.', 'item.message'),
    device: text('Full name of the device. Default: it is found by `host`.', "item.shop + '/' + item.till"),
    store: text('Id of the store. Default: that of the device.', 'item.shop'),
    host: text('A name or address by which the device is found.', 'item.ip'),
    labels: text('A map: alert.labels in rules. Default: an empty one.', 'item'),
  },
} as const

const LASTS = duration(
  'How long it lasts unless it is renewed, which is done while work goes on: so soon it ends by itself where Tillwright was killed. Default: ' +
    '10m. 10s at least; Zabbix goes by whole minutes.',
  '10m',
)

export const HOOKS = {
  title: 'Hooks',
  description: 'What is done about faults that monitoring tells of.',
  type: 'object',
  additionalProperties: false,
  properties: {
    rules: {
      description: 'What to do about which faults, in order: the first rule that holds for an alert is the one.',
      type: 'array',
      items: RULE,
      examples: [[{ name: 'spooler-stuck', match: "alert.name == 'SpoolerStuck'", runbook: 'spooler-repair' }]],
    },
    sources: {
      description: 'Systems that send JSON of their own, by name. alertmanager, grafana and zabbix are known without.',
      type: 'object',
      propertyNames: NAME_OF_SENDER,
      additionalProperties: SOURCE,
      examples: [{ 'shop-desk': { id: 'payload.id', firing: "payload.state == 'open'", alert: 'payload.problem' } }],
    },
    systems: {
      description:
        'APIs of monitoring. Before a repair they are asked whether its alert is silenced or under maintenance, and nothing is done where it ' +
        'is, or where that cannot be known; afterwards they are told what came of it, where they have a place for that.',
      type: 'object',
      additionalProperties: false,
      properties: {
        zabbix: {
          description:
            'Zabbix 6.0 or later: it is asked for maintenance, and its problems are acknowledged and commented on.',
          type: 'object',
          additionalProperties: false,
          required: ['url', 'token'],
          properties: {
            url: url('Its api_jsonrpc.php.', 'https://zabbix.example/api_jsonrpc.php'),
            token: secret('Where an API token of it is.', 'env:TILL_ZABBIX_API_TOKEN'),
            hosts: {
              description: 'What hosts are like that till sync zabbix makes of devices.',
              type: 'object',
              additionalProperties: false,
              properties: {
                name: text(
                  "Technical name, CEL over device and store: letters, digits, spaces and ._- only. Default: device.store + '-' + device.id.",
                  "device.store + '.' + device.id",
                ),
                group: text(
                  "Host group that it is in, beside others; made where there is none. Default: 'Tillwright/' + device.region.",
                  "'Tills/' + device.region",
                ),
              },
              examples: [{ group: "'Tills/' + device.region" }],
            },
            silence: {
              description:
                'While a repair works on a device, or a run changes it, its host is in maintenance, with data collection. Default: it is not. ' +
                'The host is the one whose tag till.device is the full name of the device, or one that is named as hostnames say.',
              type: 'object',
              additionalProperties: false,
              properties: { lasts: LASTS },
              examples: [{ lasts: '10m' }],
            },
          },
          examples: [{ url: 'https://zabbix.example/api_jsonrpc.php', token: 'env:TILL_ZABBIX_API_TOKEN' }],
        },
        alertmanager: {
          description: 'Alertmanager: it is asked for silences and inhibitions.',
          type: 'object',
          additionalProperties: false,
          required: ['url'],
          properties: {
            url: url('What stands before /api/v2.', 'http://127.0.0.1:9093'),
            token: secret('Where a bearer token is. Default: it asks for none.', 'env:TILL_ALERTMANAGER_API_TOKEN'),
            silence: {
              description:
                'While a repair works on a device, or a run changes it, alerts of the device are silenced. Default: they are not.',
              type: 'object',
              additionalProperties: false,
              properties: {
                lasts: LASTS,
                matchers: {
                  description:
                    'Labels that an alert has to have, and their values: CEL over device and store. Default: the label device is its full name.',
                  type: 'object',
                  minProperties: 1,
                  propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' },
                  additionalProperties: { type: 'string', minLength: 1 },
                  examples: [{ instance: "device.address + ':9100'" }],
                },
              },
              examples: [{ lasts: '10m', matchers: { device: 'device.name' } }],
            },
          },
          examples: [{ url: 'http://127.0.0.1:9093' }],
        },
      },
      examples: [{ alertmanager: { url: 'http://127.0.0.1:9093' } }],
    },
    hostnames: {
      description:
        'How monitoring calls devices, beside their full names and addresses: CEL over device and store that gives a text. One that ' +
        'a device has no value for is left out.',
      type: 'array',
      items: { type: 'string', minLength: 1 },
      examples: [["device.store + '-' + device.id", 'device.vars.zabbix_host']],
    },
    breaker: {
      description: 'When so many faults begin at once that it must be one outage: nothing is done by itself then.',
      type: 'object',
      additionalProperties: false,
      properties: {
        episodes: count('More new episodes than so many. Default: 100.', 100),
        within: duration('Within so long. Default: 10m.', '10m'),
      },
      examples: [{ episodes: 100, within: '10m' }],
    },
  },
} as const
