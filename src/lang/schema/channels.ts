// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { CHAIN_UNTIL } from '../../core/escalation.ts'
import { duration, NAME_OF_PARTY, secret, text, url } from './input-forms.ts'

const count = (description: string, example: number) =>
  ({ description, type: 'integer', minimum: 1, maximum: 1_000, examples: [example] }) as const

const GATHERED =
  'So long a message waits for others to the same contact about the same store, which go out with it as one; 0s: each by itself.'

const SMTP = {
  title: 'E-mail',
  description: 'A mail server. A message that may have arrived is sent again under the same Message-ID.',
  type: 'object',
  additionalProperties: false,
  required: ['host', 'from'],
  dependencies: { user: ['password'], password: ['user'] },
  properties: {
    host: text('Name of the server.', 'mail.example'),
    port: {
      description: 'Default: 587 for starttls, 465 for tls, 25 for none.',
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      examples: [587],
    },
    security: {
      description: 'starttls, the default, and tls check its certificate; none is for a server on this machine.',
      enum: ['starttls', 'tls', 'none'],
      examples: ['tls'],
    },
    user: text('Who logs in. Default: nobody.', 'till'),
    password: secret('Where the password is.', 'env:TILL_SMTP_PASSWORD'),
    from: text('The sender.', 'Tillwright <till@example.com>'),
    gather: duration(`${GATHERED} Default: 2s.`, '1m'),
  },
} as const

const HTTP = {
  title: 'HTTP',
  description:
    'A service that takes JSON by POST: chat, SMS, tickets, calls by voice. Each attempt at a message has the same Idempotency-Key header.',
  type: 'object',
  additionalProperties: false,
  required: ['url', 'body'],
  not: { required: ['token', 'basic'] },
  properties: {
    url: url('Where to.', 'https://chat.example/hooks/till'),
    token: secret('Where the token is that goes as "Authorization: Bearer …".', 'env:TILL_CHAT_TOKEN'),
    basic: {
      description: 'User and password, as HTTP Basic sends them.',
      type: 'object',
      additionalProperties: false,
      required: ['user', 'password'],
      properties: {
        user: text('The user.', 'AC123'),
        password: secret('Where the password is.', 'env:TILL_VOICE_TOKEN'),
      },
      examples: [{ user: 'AC123', password: 'env:TILL_VOICE_TOKEN' }],
    },
    headers: {
      description: 'Headers beside; nothing secret.',
      type: 'object',
      additionalProperties: { type: 'string' },
      examples: [{ 'X-Channel': 'tills' }],
    },
    body: {
      description:
        'The JSON; ${{ }} sees incidents (those that it is about), incident (the first of them), store, contact (name, to) and message (id, ' +
        'kind, attempt, subject, text). A value is filled in as a value, never as JSON.',
      type: 'object',
      examples: [{ text: '${{ message.text }}' }],
    },
    gather: duration(`${GATHERED} Default: 2s, and 0s where the body sees incident.`, '1m'),
    per_second: {
      description: 'So many requests a second. Default: any number.',
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1_000,
      examples: [1],
    },
    attempts: count('So often it is tried before it is given up. Default: 10.', 10),
    trading_hours: {
      description:
        'Only while the store of the incident trades; what falls outside waits for it to open. Default: false.',
      type: 'boolean',
      examples: [true],
    },
    acknowledged: {
      description:
        'Somebody has to say that it was heard, by POST to /acknowledgements/MESSAGE of `till serve` (a sender with `acknowledges`); otherwise ' +
        'it is sent again. Default: not asked for.',
      type: 'object',
      additionalProperties: false,
      properties: {
        within: duration('So long is waited for it. Default: 10m.', '5m'),
        times: count('So often it is sent. Default: 3.', 3),
      },
      examples: [{ within: '5m', times: 3 }],
    },
  },
} as const

const JIRA = {
  title: 'Jira',
  description:
    'Issues of Jira. One is made once, whatever answer is lost; it is commented on and moved as the incident goes on.',
  type: 'object',
  additionalProperties: false,
  required: ['url', 'token', 'project', 'issue_type'],
  properties: {
    url: url('What stands before /rest.', 'https://chain.atlassian.net'),
    flavour: {
      description: 'cloud, the default; server is Data Center.',
      enum: ['cloud', 'server'],
      examples: ['server'],
    },
    user: text('Whose API token it is (Cloud). Default: the token goes as "Bearer" (Data Center).', 'till@example.com'),
    token: secret('Where the token is.', 'env:TILL_JIRA_TOKEN'),
    project: { description: 'Key of the project.', type: 'string', pattern: '^[A-Z][A-Z0-9_]+$', examples: ['TILL'] },
    issue_type: text('Name of the type of its issues.', 'Incident'),
    priority: text('Name of their priority. Default: that of the project.', 'High'),
    components: {
      description: 'Names of components. Default: none.',
      type: 'array',
      items: { type: 'string' },
      examples: [['Tills']],
    },
    close_by: text('Name of the transition that is made when the incident is closed. Default: none.', 'Done'),
    resolution: text('Resolution that goes with it. Default: none.', 'Fixed'),
    index: duration('How long its search may not show what was made a moment ago. Default: 1m.', '1m'),
  },
} as const

const ONE_CHANNEL = {
  title: 'Channel',
  description: 'A way to tell people: one of smtp, http, jira.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: { smtp: SMTP, http: HTTP, jira: JIRA },
} as const

export const CHANNELS = {
  description: 'Ways to tell people, by name.',
  type: 'object',
  propertyNames: NAME_OF_PARTY,
  additionalProperties: ONE_CHANNEL,
  examples: [{ mail: { smtp: { host: 'mail.example', from: 'till@example.com' } } }],
} as const

/** People by name; `hours` is the form of hours of contracts. */
export const contacts = (hours: object) =>
  ({
    description: 'Who can be told, by name.',
    type: 'object',
    propertyNames: NAME_OF_PARTY,
    additionalProperties: {
      title: 'Contact',
      description: 'Somebody, or a place, that can be told.',
      type: 'object',
      additionalProperties: false,
      required: ['channel'],
      properties: {
        channel: text('Name of the channel.', 'mail'),
        to: text('An address or number: what the channel takes. Default: none.', 'desk@example.com'),
        hours: {
          ...hours,
          description:
            'When somebody is there, by the clocks of time_zone; otherwise the next one is told. Default: always.',
        },
        time_zone: text('IANA name. Default: UTC.', 'Europe/Warsaw'),
      },
    },
    examples: [{ desk: { channel: 'mail', to: 'desk@example.com' } }],
  }) as const

export const CHAIN = {
  description: 'Who is told, one after the other. Default: nobody.',
  type: 'array',
  minItems: 1,
  items: {
    title: 'Step',
    description: 'One who is told, once.',
    type: 'object',
    additionalProperties: false,
    required: ['to'],
    properties: {
      to: text('Name of a contact.', 'desk'),
      after: duration('How long after the beginning, in the time of the contract. Default: at once.', '15m'),
      until: {
        description:
          'What makes it needless: that somebody has taken it, which is the default; that its cause is known; that it is over.',
        enum: CHAIN_UNTIL,
        examples: ['fixed'],
      },
    },
  },
  examples: [[{ to: 'desk' }, { to: 'ann', after: '15m' }, { to: 'boss', after: '1h', until: 'fixed' }]],
} as const
