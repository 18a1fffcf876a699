import { ROLES } from '../../core/account.ts'
import { DURATION_PATTERN } from '../../core/duration.ts'
import { duration, NAME, NAME_OF_SENDER, secret, text } from './input-forms.ts'
import { OIDC } from './oidc.ts'

/** Also addresses of mail. */
const ACCOUNT_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}$'
/** The names of fields of HTTP that need no quoting (RFC 9110, 5.6.2). */
const HEADER_PATTERN = '^[A-Za-z0-9-]+$'

const SENDER = {
  title: 'Sender',
  description:
    'Somebody who may tell of faults, and how it proves that it is that one: exactly one of token, basic, hmac and certificate.',
  type: 'object',
  additionalProperties: false,
  properties: {
    token: secret(
      'Where its token is, which it sends as "Authorization: Bearer …". At least 16 characters.',
      'env:TILL_ALERTMANAGER_TOKEN',
    ),
    basic: {
      description: 'A user and a password, as HTTP Basic sends them.',
      type: 'object',
      additionalProperties: false,
      required: ['user', 'password'],
      properties: {
        user: { description: 'The user.', type: 'string', pattern: '^[^:\\x00-\\x1f]+$', examples: ['grafana'] },
        password: secret('Where the password is. At least 16 characters.', 'env:TILL_GRAFANA_PASSWORD'),
      },
      examples: [{ user: 'grafana', password: 'env:TILL_GRAFANA_PASSWORD' }],
    },
    hmac: {
      description:
        'A signature: HMAC-SHA256 over the time (seconds since 1970), a colon and the body, in hexadecimal digits, as Grafana makes it. ' +
        'Each is taken once.',
      type: 'object',
      additionalProperties: false,
      required: ['secret'],
      properties: {
        secret: secret('Where the key is. At least 16 characters.', 'env:TILL_DESK_KEY'),
        header: {
          description: 'The header with the signature. Default: X-Grafana-Alerting-Signature.',
          type: 'string',
          pattern: HEADER_PATTERN,
          examples: ['X-Grafana-Alerting-Signature'],
        },
        time_header: {
          description: 'The header with the time that is signed. Default: X-Grafana-Alerting-Timestamp.',
          type: 'string',
          pattern: HEADER_PATTERN,
          examples: ['X-Grafana-Alerting-Timestamp'],
        },
        within: {
          description: 'How far that time may be from the clock of this machine. Default: 5m.',
          type: 'string',
          pattern: DURATION_PATTERN,
          examples: ['5m'],
        },
      },
      examples: [{ secret: 'env:TILL_DESK_KEY' }],
    },
    certificate: {
      description:
        'A name in its client certificate (common name or DNS name), which an authority of tls.client_ca has signed.',
      type: 'string',
      minLength: 1,
      examples: ['zabbix.hq.example'],
    },
    sources: {
      description: 'Sources that it may send as; for it there are no others. Default: all.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: NAME },
      examples: [['zabbix']],
    },
    acknowledges: {
      description:
        'Channels of `responsibility` of which it may say that a message was heard (POST /acknowledgements/MESSAGE). It tells no alerts then, ' +
        'unless it names sources. Default: none.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      examples: [['voice']],
    },
    devices: {
      description:
        'Devices that it may tell of: CEL over store, device and region. What lies outside does not exist for it. Faults of a whole store ' +
        'are taken only where all its devices are among them. Default: all devices.',
      type: 'string',
      minLength: 1,
      examples: ["region == 'north'"],
    },
    rate: {
      description: 'Requests a second, on average. Default: 1000. More are refused with 429.',
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      examples: [50],
    },
  },
} as const

/** `scrypt:N:r:p:salt:key`, as `till account hash` makes it, or where that is. */
const HASH_PATTERN = '^((env|file|command|age):.+|scrypt:[0-9]+:[0-9]+:[0-9]+:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+)$'

const ACCOUNT = {
  title: 'Account',
  description:
    'Somebody who may sign in to the dashboard (password), or a program that may ask the API (token): exactly one of the two.',
  type: 'object',
  additionalProperties: false,
  required: ['role'],
  properties: {
    role: {
      description:
        'What it may do: viewer sees; helpdesk also has devices looked at; operator also has them changed, and ends runs; approver ' +
        'also approves; admin may do everything.',
      enum: ROLES,
      examples: ['helpdesk'],
    },
    password: {
      description:
        'What `till account hash` makes of the password, or where that is. The password itself is kept nowhere.',
      type: 'string',
      pattern: HASH_PATTERN,
      examples: ['env:TILL_ANNA_HASH'],
    },
    token: secret(
      'Where its token is, which it sends as "Authorization: Bearer …". At least 16 characters.',
      'env:TILL_BI_TOKEN',
    ),
    devices: {
      description:
        'Devices that exist for it: CEL over store, device and region. Of everything else it learns nothing. Default: all devices.',
      type: 'string',
      minLength: 1,
      examples: ["device.kind == 'fiscal-printer'"],
    },
    partner: {
      description:
        'The partner that it is of, as `responsibility.teams` name it: of incidents it sees those that the matrix gives to it. Default: those ' +
        'about devices, and about whole stores, that exist for it.',
      type: 'string',
      minLength: 1,
      examples: ['acme'],
    },
  },
  dependencies: { partner: ['devices'] },
} as const

export const SERVER = {
  title: 'Server',
  description: 'What `till serve` listens by, who may send to it, and who may look at its dashboard.',
  type: 'object',
  additionalProperties: false,
  properties: {
    listen: {
      description: 'ADDRESS:PORT. Default: 127.0.0.1:8455. --listen of `till serve` comes first.',
      type: 'string',
      pattern: '^(\\[[0-9a-fA-F:.]+\\]|[0-9.]+|localhost):[0-9]{1,5}$',
      examples: ['127.0.0.1:8455', '[::]:8455'],
    },
    tls: {
      description:
        'Files for HTTPS, in PEM. Without them it is plain HTTP. They are read again when they change, and on SIGHUP; that there is TLS, or a client_ca where there was none, takes effect at the next start.',
      type: 'object',
      additionalProperties: false,
      required: ['certificate', 'key'],
      properties: {
        certificate: text('The certificate, with those between it and its authority.', '/etc/tillwright/server.pem'),
        key: text('Its private key.', '/etc/tillwright/server.key'),
        client_ca: text('Authorities that sign certificates of senders.', '/etc/tillwright/clients.pem'),
      },
      examples: [{ certificate: '/etc/tillwright/server.pem', key: '/etc/tillwright/server.key' }],
    },
    senders: {
      description: 'Who may send, by name. Nobody else is let in.',
      type: 'object',
      propertyNames: NAME_OF_SENDER,
      additionalProperties: SENDER,
      examples: [{ alertmanager: { token: 'env:TILL_ALERTMANAGER_TOKEN', sources: ['alertmanager'] } }],
    },
    accounts: {
      description: 'Who may look at the dashboard and ask the API, by name. Nobody else may.',
      type: 'object',
      propertyNames: { pattern: ACCOUNT_PATTERN },
      additionalProperties: ACCOUNT,
      examples: [{ anna: { role: 'operator', password: 'env:TILL_ANNA_HASH' } }],
    },
    proxies: {
      description:
        'Addresses and networks of proxies that requests come through. What they say in X-Forwarded-For is believed, and of nobody else: the last ' +
        'entry that is no proxy is who asks, by whom tries are counted and what is on record. Name networks that hold proxies alone: who comes directly from one chooses its address. Default: none; everybody is its peer.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^[0-9a-fA-F:.]+(/[0-9]{1,3})?$' },
      examples: [['127.0.0.1', '10.1.0.8/30']],
    },
    public_url: {
      description:
        'What browsers call the server by, without a path. With https cookies go by TLS alone, also where a proxy ends it. It is needed for oidc, ' +
        'which leads back to it, whatever a request says of its host.',
      type: 'string',
      pattern: '^https?://[^/?#@\\s]+/?$',
      examples: ['https://till.example'],
    },
    oidc: OIDC,
    sessions: {
      description: 'When somebody who has signed in has to do so again.',
      type: 'object',
      additionalProperties: false,
      properties: {
        idle: duration('After so long without a click. Default: 1h.', '1h'),
        whole: duration('After so long in any case. Default: 12h.', '12h'),
      },
      examples: [{ idle: '30m', whole: '10h' }],
    },
  },
} as const
