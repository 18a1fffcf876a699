import type { JSONSchema } from 'json-schema-to-ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { Secret } from '../../core/secret.ts'
import { BAUDS, POSIX_PORT, WINDOWS_PORT } from '../line/endpoint.ts'
import { HOST_PATTERN } from '../probe/reach.ts'

/** What a step may use to get to a printer. */
export type Ways = Pick<ModuleContext, 'device' | 'store' | 'host' | 'gateway' | 'dial' | 'now' | 'history' | 'signal'>

/** Parameters that say where a printer is; null is as good as absent, so that an expression may leave one out. */
export interface Whereabouts {
  readonly protocol?: string
  readonly address?: string | null
  readonly port?: number | null
  readonly serial?: string | null
  readonly baud?: number | null
  readonly usb?: string | null
  readonly queue?: string | null
  readonly through?: 'controller' | 'host' | null
  readonly path?: string | null
  readonly tls?: boolean | null
  readonly community?: string | Secret | null
  readonly user?: string | null
  readonly password?: string | Secret | null
  readonly timeout_ms?: number
}

/** Of the modules that ask printers. */
export const WHEREABOUTS = {
  address: {
    type: ['string', 'null'],
    pattern: HOST_PATTERN,
    description: 'Default: the address of the device. Through a host, as that sees it.',
    examples: ['10.4.12.21'],
  },
  port: {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 65535,
    description: 'TCP or UDP port. Default: the usual one of the protocol.',
    examples: [9100],
  },
  serial: {
    type: ['string', 'null'],
    pattern: `${POSIX_PORT.source}|${WINDOWS_PORT.source}`,
    description:
      'Serial port of the till that the device hangs on; that of its first one (`/dev/ttyS0`, `COM1`) for a device without an address.',
    examples: ['/dev/ttyS0', 'COM1'],
  },
  baud: { enum: [...BAUDS, null], description: 'Speed of the serial port.', examples: [9600] },
  usb: {
    type: ['string', 'null'],
    pattern: POSIX_PORT.source,
    description: 'USB printer device of the Linux till that it hangs on. Under Windows its `queue` is asked.',
    examples: ['/dev/usb/lp0'],
  },
  queue: {
    type: ['string', 'null'],
    minLength: 1,
    description:
      'Queue of the till that it hangs on. Its spooler is asked where the printer itself cannot be: on USB under Windows, or where nothing else is said. It tells less: a queue that is idle is no proof that anything prints.',
    examples: ['Receipts'],
  },
  through: {
    enum: ['controller', 'host', null],
    description: 'Who asks: the controller, or the till that the device hangs on (`attached_to`).',
  },
  path: {
    type: ['string', 'null'],
    description: 'Path of its web service, or of its queue.',
    examples: ['/ipp/print'],
  },
  tls: { type: ['boolean', 'null'], description: 'It is spoken to over TLS.' },
  community: {
    anyOf: [{ type: 'string' }, { type: 'null' }],
    description: 'SNMP community that may read. Default: `public`.',
  },
  user: { type: ['string', 'null'], description: 'Account of its web service.' },
  password: {
    anyOf: [{ type: 'string' }, { type: 'null' }],
    description: 'Of the account, or of the operator of a fiscal device.',
  },
  timeout_ms: {
    type: 'integer',
    minimum: 200,
    maximum: 60000,
    description: 'For the whole visit. Default: 3000. One that takes connections and keeps silent is visited twice.',
  },
} as const satisfies Record<string, JSONSchema>

/** Where a printer is, decided. */
export interface Approach {
  readonly through: 'controller' | 'host'
  readonly place:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'serial'; readonly path: string; readonly baud: number }
    | { readonly kind: 'usb'; readonly path: string }
    | { readonly kind: 'queue'; readonly name: string }
}

const BAUD = 9_600

/** What a protocol has to say about where its devices are. */
export interface UsualPlace {
  readonly port: number
  readonly baud?: number
}

/** `missing`: the parameters do not fit, in a sentence. `unasked`: there is no way to ask it, and what to do. */
export type NoApproach = { readonly missing: string } | { readonly unasked: string }

/** Where to go; or why not. */
export function approachOf(where: Whereabouts, ways: Ways, usual: UsualPlace): Approach | NoApproach {
  const { device, host } = ways
  const address = where.address ?? device.address
  const byQueue = where.queue != null && (isWindows(ways) || (where.serial == null && where.usb == null))
  const isLocal = byQueue || where.serial != null || where.usb != null || address === ''
  const through = where.through ?? (isLocal ? 'host' : 'controller')
  if (through === 'host' && !host) {
    return {
      missing: `The inventory names no till that "${device.name}" hangs on. Give it an address, or \`attached_to\`.`,
    }
  }
  if (!isLocal) return { through, place: { kind: 'tcp', host: address, port: where.port ?? usual.port } }
  if (byQueue) return { through: 'host', place: { kind: 'queue', name: where.queue ?? '' } }
  return where.usb != null ? usbOf(where.usb, address, ways) : serialOf(where, ways, usual)
}

function isWindows({ host }: Pick<Ways, 'host'>): boolean {
  return host?.device.os.family === 'windows'
}

function usbOf(path: string, address: string, ways: Ways): Approach | NoApproach {
  const { device, host } = ways
  if (address !== '') {
    return {
      missing: `"${device.name}" has an address (${address}), and \`usb: ${path}\` is said too: only one can be right.`,
    }
  }
  if (isWindows(ways)) {
    return {
      unasked: `A printer on USB cannot be asked itself under Windows. Name its queue on ${host?.device.name} (\`queue: NAME\`), and the spooler is asked; or judge it by its receipts.`,
    }
  }
  return { through: 'host', place: { kind: 'usb', path } }
}

function serialOf(where: Whereabouts, ways: Ways, usual: UsualPlace): Approach | NoApproach {
  const [first, shape] = isWindows(ways) ? (['COM1', WINDOWS_PORT] as const) : (['/dev/ttyS0', POSIX_PORT] as const)
  const path = where.serial ?? first
  if (!shape.test(path)) {
    return { missing: `"${path}" is no serial port of ${ways.host?.device.name}; there they are named like ${first}.` }
  }
  const baud = where.baud ?? usual.baud ?? BAUD
  return { through: 'host', place: { kind: 'serial', path, baud } }
}

/** What the schema cannot say of parameters that exclude each other; undefined when all is well. */
export function validateWhereabouts(params: JsonObject): string | undefined {
  const given = ['address', 'serial', 'usb'].filter((name) => typeof params[name] === 'string' && params[name] !== '')
  const isWritten = given.every((name) => !String(params[name]).includes('${{'))
  if (given.length > 1 && isWritten)
    return `Say one of ${given.map((name) => `\`${name}\``).join(' and ')}: it is in one place.`
  if (typeof params['usb'] === 'string' && typeof params['port'] === 'number') {
    return '`port` is one of TCP: a printer on `usb` has none.'
  }
  return undefined
}

/** `10.4.12.21:9100`, `/dev/ttyS0 of PL-0001/pos1`. */
export function nameOf({ place, through }: Approach, ways: Pick<Ways, 'host'>): string {
  const by = through === 'host' ? ways.host?.device.name : undefined
  if (place.kind === 'queue') return `queue "${place.name}" of ${by}`
  if (place.kind !== 'tcp') return `${place.path} of ${by}`
  const endpoint = `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
  return by === undefined ? endpoint : `${endpoint} through ${by}`
}
