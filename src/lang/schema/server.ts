import { DURATION_PATTERN } from '../../core/duration.ts'

const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_-]*$'
/** The names of fields of HTTP that need no quoting (RFC 9110, 5.6.2). */
const HEADER_PATTERN = '^[A-Za-z0-9-]+$'

const secret = (description: string, example: string) =>
  ({ description, type: 'string', pattern: '^(env|file|command|age):.+$', examples: [example] }) as const

const path = (description: string, example: string) =>
  ({ description, type: 'string', minLength: 1, examples: [example] }) as const

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
          description: 'The header with the signature; X-Grafana-Alerting-Signature unless given.',
          type: 'string',
          pattern: HEADER_PATTERN,
          examples: ['X-Grafana-Alerting-Signature'],
        },
        time_header: {
          description: 'The header with the time that is signed; X-Grafana-Alerting-Timestamp unless given.',
          type: 'string',
          pattern: HEADER_PATTERN,
          examples: ['X-Grafana-Alerting-Timestamp'],
        },
        within: {
          description: 'How far that time may be from the clock of this machine; 5m unless given.',
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
      items: { type: 'string', pattern: NAME_PATTERN },
      examples: [['zabbix']],
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
      description: 'Requests a second, on average; 1000 unless given. More are refused with 429.',
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      examples: [50],
    },
  },
} as const

export const SERVER = {
  title: 'Server',
  description: 'What `till serve` listens by, and who may send to it.',
  type: 'object',
  additionalProperties: false,
  properties: {
    listen: {
      description: 'ADDRESS:PORT; 127.0.0.1:8455 unless given. --listen of `till serve` comes first.',
      type: 'string',
      pattern: '^(\\[[0-9a-fA-F:.]+\\]|[0-9.]+|localhost):[0-9]{1,5}$',
      examples: ['127.0.0.1:8455', '[::]:8455'],
    },
    tls: {
      description: 'Files for HTTPS, in PEM. Without them it is plain HTTP. They are read again on SIGHUP.',
      type: 'object',
      additionalProperties: false,
      required: ['certificate', 'key'],
      properties: {
        certificate: path('The certificate, with those between it and its authority.', '/etc/tillwright/server.pem'),
        key: path('Its private key.', '/etc/tillwright/server.key'),
        client_ca: path('Authorities that sign certificates of senders.', '/etc/tillwright/clients.pem'),
      },
      examples: [{ certificate: '/etc/tillwright/server.pem', key: '/etc/tillwright/server.key' }],
    },
    senders: {
      description: 'Who may send, by name. Nobody else is let in.',
      type: 'object',
      propertyNames: { pattern: NAME_PATTERN },
      additionalProperties: SENDER,
      examples: [{ alertmanager: { token: 'env:TILL_ALERTMANAGER_TOKEN', sources: ['alertmanager'] } }],
    },
  },
} as const
