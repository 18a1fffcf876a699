import type { Secret } from '../../core/secret.ts'
import type { Endpoint } from '../line/dial.ts'
import type { LineState } from '../line/line.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Evidence, PrinterReading } from '../printer/reading.ts'
import { type AgentState, type Column, SnmpAgent } from './agent.ts'
import { GROUPS, SYSTEM } from './objects.ts'
import { mibState } from './printer-mib.ts'

export interface SnmpPlace extends Endpoint {
  /** Default: `public`. */
  readonly community?: Secret
}

/**
 * Asks a printer's SNMP agent over UDP, from this machine only: UDP goes through no gateway and no till, so a printer
 * that hangs behind one cannot be asked this way. One that does not answer is unknown, not down: a wrong community is
 * met with silence too.
 */
export async function readSnmp(to: SnmpPlace, asking: Asking): Promise<PrinterReading> {
  const agent = new SnmpAgent({
    host: to.host,
    port: to.port,
    community: to.community?.reveal() ?? 'public',
    budgetMs: asking.budgetMs,
    ...(asking.signal && { signal: asking.signal }),
  })
  const at = asking.now().toISOString()
  try {
    const state = await agent.open(SYSTEM.description)
    if (state !== 'answered') return unanswered(state, to, at)
    const read = await Promise.all(GROUPS.map((group) => agent.columns(group)))
    const tables = new Map(read.flatMap(({ columns }) => [...columns]))
    const isWhole = read.every(({ whole }) => whole)
    const evidence = [evidenceOf(tables, { asked: `SNMP ${agent.version} ${to.host}:${to.port}`, at })]
    const mib = mibState(tables)
    if (!mib) return { ...NOTHING, answered: 'unknown', line: 'open', evidence, detail: detailOf(isWhole) }
    return {
      ...NOTHING,
      answered: 'yes',
      line: 'open',
      ...mib,
      evidence,
      ...(!isWhole && { detail: 'Not all tables came in time.' }),
    }
  } finally {
    agent.close()
  }
}

const NOTHING = { protocol: 'snmp', busy: false, ready: 'unknown', conditions: [] } as const

function detailOf(isWhole: boolean): string {
  return isWhole
    ? 'An SNMP agent answers, and tells of no printer: it is another machine, or a printer without Printer-MIB.'
    : 'An SNMP agent answers, but its tables did not come in time.'
}

const LINES: Readonly<Record<Exclude<AgentState, 'answered'>, LineState>> = {
  silent: 'timed-out',
  refused: 'refused',
  unreachable: 'unreachable',
  'name-not-found': 'name-not-found',
}

function unanswered(state: Exclude<AgentState, 'answered'>, { host, port }: SnmpPlace, at: string): PrinterReading {
  const where = `${host}:${port}`
  const detail = {
    silent: `No SNMP agent answers at "${where}": off, filtered, switched off in the printer, or another community.`,
    refused: `Nothing listens for SNMP at "${where}"; the machine itself says so.`,
    unreachable: `There is no route to "${host}".`,
    'name-not-found': `The name "${host}" does not resolve.`,
  }[state]
  const evidence = [{ asked: `SNMP ${where}`, answered: state, at }]
  return { ...NOTHING, answered: 'unknown', line: LINES[state], evidence, detail }
}

/** Every value by its identifier, octets that are not text in hexadecimal. */
function evidenceOf(tables: ReadonlyMap<string, Column>, about: Omit<Evidence, 'answered'>): Evidence {
  const lines = [...tables].flatMap(([name, column]) =>
    [...column].map(([index, value]) => `${name}.${index}=${said(value)}`),
  )
  return { ...about, answered: lines.join(' ').slice(0, 4000) }
}

function said(value: number | Uint8Array | { readonly oid: string } | null): string {
  if (!(value instanceof Uint8Array)) return typeof value === 'object' ? (value?.oid ?? '') : String(value)
  const bytes = Buffer.from(value)
  return /^[\x20-\x7e]*$/.test(bytes.toString('latin1'))
    ? JSON.stringify(bytes.toString('latin1'))
    : `0x${bytes.toString('hex')}`
}
