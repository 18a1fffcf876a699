import type { JSONSchema } from 'json-schema-to-ts'
import type { ModuleContext } from '../../core/ports.ts'
import type { Secret } from '../../core/secret.ts'
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
    description: 'The address of the device unless told. Through a host, as that sees it.',
    examples: ['10.4.12.21'],
  },
  port: {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 65535,
    description: 'TCP or UDP port; the usual one of the protocol unless told.',
    examples: [9100],
  },
  serial: {
    type: ['string', 'null'],
    description:
      'Serial port of the till that the device hangs on; that of its first one (`/dev/ttyS0`, `COM1`) for a device without an address.',
    examples: ['/dev/ttyS0', 'COM1'],
  },
  baud: { type: ['integer', 'null'], minimum: 300, maximum: 921600, description: 'Speed of the serial port.' },
  usb: {
    type: ['string', 'null'],
    description: 'USB printer device of the till that it hangs on (Linux).',
    examples: ['/dev/usb/lp0'],
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
    description: 'SNMP community that may read; `public` unless told.',
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
    description: 'For the whole visit; 3000 unless told.',
  },
} as const satisfies Record<string, JSONSchema>

/** Where a printer is, decided. */
export interface Approach {
  readonly through: 'controller' | 'host'
  readonly place:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'serial'; readonly path: string; readonly baud: number }
    | { readonly kind: 'usb'; readonly path: string }
}

const BAUD = 9_600

/** What a protocol has to say about where its devices are. */
export interface UsualPlace {
  readonly port: number
  readonly baud?: number
}

/** Where to go; or, in a sentence, what is missing. */
export function approachOf(where: Whereabouts, ways: Ways, usual: UsualPlace): Approach | { readonly missing: string } {
  const { device, host } = ways
  const address = where.address ?? device.address
  const isLocal = where.serial != null || where.usb != null || address === ''
  const through = where.through ?? (isLocal ? 'host' : 'controller')
  if (through === 'host' && !host) {
    return {
      missing: `The inventory names no till that "${device.name}" hangs on. Give it an address, or \`attached_to\`.`,
    }
  }
  if (!isLocal) return { through, place: { kind: 'tcp', host: address, port: where.port ?? usual.port } }
  if (where.usb != null) return { through: 'host', place: { kind: 'usb', path: where.usb } }
  const first = host?.device.os.family === 'windows' ? 'COM1' : '/dev/ttyS0'
  const baud = where.baud ?? usual.baud ?? BAUD
  return { through: 'host', place: { kind: 'serial', path: where.serial ?? first, baud } }
}

/** `10.4.12.21:9100`, `/dev/ttyS0 of PL-0001/pos1`. */
export function nameOf({ place, through }: Approach, ways: Pick<Ways, 'host'>): string {
  const by = through === 'host' ? ways.host?.device.name : undefined
  if (place.kind !== 'tcp') return `${place.path} of ${by}`
  const endpoint = `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
  return by === undefined ? endpoint : `${endpoint} through ${by}`
}
