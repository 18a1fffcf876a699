import { counted } from '../../core/counted.ts'
import type { NewEvents } from './events.ts'
import type { Acceptor, AcceptorKind, CardPayments } from './payments.ts'
import type { SalesVerdict } from './sales.ts'
import type { ColumnStock } from './stock.ts'
import type { Temperature } from './temperature.ts'

/** What is wrong with a vending machine. */
export type VendingFault =
  | 'no-sales'
  | 'fewer-sales'
  | 'paid-not-dispensed'
  | 'too-warm'
  | 'acceptor'
  | 'card-silent'
  | 'column-jammed'
  | 'power-lost'
  | 'door-opened'
  | 'columns-out'
  | 'columns-low'
  | 'temperature-unit'

/** One thing that is wrong, and whose it is. */
export interface Finding {
  readonly fault: VendingFault
  readonly cause: string | null
  readonly severity: 'sale-blocked' | 'sale-at-risk' | 'attention'
  readonly owner: 'vending-service' | 'refill' | 'cash-collection' | 'payments' | 'monitoring'
  readonly detail: string
  readonly remedy: string
  /** It will need somebody, and does not yet. */
  readonly soon?: true
}

/** What was found of a machine. */
export interface Findings {
  readonly sales: SalesVerdict
  readonly stock: readonly ColumnStock[]
  readonly acceptors: Readonly<Record<AcceptorKind, Acceptor>>
  readonly card: CardPayments & { readonly silent: boolean }
  readonly temperature: Temperature | null
  readonly notDispensed: NewEvents
  readonly columnJams: NewEvents
  readonly doorOpened: NewEvents
  /** How often since the look before. */
  readonly powerLost: number
}

/** All that is wrong, worst first. Pure. */
export function judge(findings: Findings): readonly Finding[] {
  return [
    ...ofSales(findings.sales),
    ...ofDispensing(findings),
    ...ofTemperature(findings.temperature),
    ...ofSite(findings),
    ...Object.entries(findings.acceptors).flatMap(([kind, acceptor]) => ofAcceptor(kind as AcceptorKind, acceptor)),
    ...(findings.card.silent ? [CARD_SILENT] : []),
    ...ofStock(findings.stock),
  ].sort((one, other) => ORDER[one.severity] - ORDER[other.severity])
}

const ORDER = { 'sale-blocked': 0, 'sale-at-risk': 1, attention: 2 } as const

const CARD_SILENT: Finding = {
  fault: 'card-silent',
  cause: null,
  severity: 'sale-at-risk',
  owner: 'payments',
  detail: 'It sells for cash, and nobody has paid by card for too long.',
  remedy: 'See whether the card reader is on and gets to its host.',
}

function ofSales({ class: name, why }: SalesVerdict): Finding[] {
  if (name === 'none-since') {
    const remedy = 'Go there: it may be off, out of everything, or take no payments.'
    return [{ fault: 'no-sales', cause: null, severity: 'sale-at-risk', owner: 'vending-service', detail: why, remedy }]
  }
  if (name !== 'fewer-than-usual') return []
  const remedy = 'See what else is told of it: columns that are out, an acceptor that takes nothing.'
  return [{ fault: 'fewer-sales', cause: null, severity: 'attention', owner: 'vending-service', detail: why, remedy }]
}

function ofDispensing({ notDispensed, columnJams }: Findings): Finding[] {
  const found: Finding[] = []
  if (notDispensed.count > 0) {
    found.push({
      fault: 'paid-not-dispensed',
      cause: notDispensed.codes.join(', '),
      severity: 'sale-at-risk',
      owner: 'vending-service',
      detail: `Paid and not dispensed ${counted(notDispensed.count, 'time')} since the look before.`,
      remedy: 'Give the money back, and see to the columns and the sensor of the delivery.',
    })
  }
  if (columnJams.count > 0 || columnJams.isActive) {
    found.push({
      fault: 'column-jammed',
      cause: columnJams.codes.join(', '),
      severity: 'attention',
      owner: 'vending-service',
      detail: columnJams.isActive
        ? 'A column is jammed.'
        : `A column jammed ${counted(columnJams.count, 'time')} since the look before.`,
      remedy: 'Free the column.',
    })
  }
  return found
}

function ofTemperature(temperature: Temperature | null): Finding[] {
  if (temperature?.state === 'too-warm') {
    const remedy = 'Sell nothing that spoils from it; see to the cooling and the door.'
    const detail = temperature.why ?? ''
    return [{ fault: 'too-warm', cause: null, severity: 'sale-at-risk', owner: 'vending-service', detail, remedy }]
  }
  if (temperature?.state !== 'unit-doubtful') return []
  const remedy = 'Set the machine to °C, or say which scale it has.'
  const detail = temperature.why ?? ''
  return [{ fault: 'temperature-unit', cause: null, severity: 'attention', owner: 'monitoring', detail, remedy }]
}

/** Whoever fills it up opens the door, too. */
function ofSite({ doorOpened, powerLost }: Findings): Finding[] {
  const found: Finding[] = []
  if (powerLost > 0) {
    found.push({
      fault: 'power-lost',
      cause: 'EA7',
      severity: 'attention',
      owner: 'vending-service',
      detail: `It lost its power ${counted(powerLost, 'time')} since the look before.`,
      remedy: 'See to its plug and its circuit; what it cools may have been warm meanwhile.',
    })
  }
  if (doorOpened.count > 0 || doorOpened.isActive) {
    found.push({
      fault: 'door-opened',
      cause: doorOpened.codes.join(', '),
      severity: 'attention',
      owner: 'vending-service',
      detail: doorOpened.isActive
        ? 'The door is open.'
        : `The door was opened ${counted(doorOpened.count, 'time')} since the look before.`,
      remedy: doorOpened.isActive ? 'Have it closed.' : 'Where nobody was to be there, see who was.',
      soon: true,
    })
  }
  return found
}

const NAMES: Readonly<Record<AcceptorKind, string>> = {
  coins: 'coin acceptor',
  notes: 'note acceptor',
  card: 'card reader',
}

function ofAcceptor(kind: AcceptorKind, { state, event }: Acceptor): Finding[] {
  if (state !== 'jammed' && state !== 'full' && state !== 'off') return []
  return [
    {
      fault: 'acceptor',
      cause: `${kind}-${state}`,
      severity: 'sale-at-risk',
      owner: state === 'full' ? 'cash-collection' : kind === 'card' ? 'payments' : 'vending-service',
      detail: `The ${NAMES[kind]} is ${state}${event === null ? '' : ` (${event})`} and has taken nothing since.`,
      remedy: state === 'full' ? 'Empty its box.' : `See to the ${NAMES[kind]}.`,
    },
  ]
}

function ofStock(stock: readonly ColumnStock[]): Finding[] {
  const named = (state: ColumnStock['state']): readonly ColumnStock[] =>
    stock.filter((column) => column.state === state)
  const [out, low] = [named('out'), named('low')]
  const list = (columns: readonly ColumnStock[]): string =>
    columns.map(({ column, product }) => (product === null ? column : `${column} ${product}`)).join(', ')
  const remedy = 'Fill it up.'
  if (out.length > 0) {
    const isAll = out.length === stock.length
    const severity = isAll ? 'sale-blocked' : 'attention'
    const detail = isAll ? 'All columns are out.' : `Out: ${list(out)}.${low.length > 0 ? ` Low: ${list(low)}.` : ''}`
    return [
      {
        fault: 'columns-out',
        cause: out.map(({ column }) => column).join(', '),
        severity,
        owner: 'refill',
        detail,
        remedy,
      },
    ]
  }
  if (low.length === 0) return []
  const cause = low.map(({ column }) => column).join(', ')
  return [
    {
      fault: 'columns-low',
      cause,
      severity: 'attention',
      owner: 'refill',
      detail: `Low: ${list(low)}.`,
      remedy,
      soon: true,
    },
  ]
}
