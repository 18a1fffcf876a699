import type { Condition, ConditionName } from './reading.ts'
import { firstOfEach } from './visit.ts'

export type Bit = readonly [byte: number, bit: number]
/** What a bit of the status stands for; `byte.bit` as in the manuals. */
export type BitRow = readonly [byte: number, bit: number, name: ConditionName, words: string]

/** What the bytes of a status say, the highest bit of which is always set. */
export interface StatusTable {
  readonly rows: readonly BitRow[]
  /** Bits that mean one thing in one family of devices and another in the next: whether it sells is not known then. */
  readonly doubtful: readonly BitRow[]
  /** Bits that say nothing bad. */
  readonly fine: readonly Bit[]
  /** A receipt is open, of whatever kind. */
  readonly receiptOpen: readonly Bit[]
  /** Any error at all. */
  readonly generalError?: Bit
  /** Of the errors of the fiscal memory one is set: open only where none of these is named. */
  readonly memoryError?: Bit
  /** A byte that is a number, where it is one of errors. */
  readonly errorCode?: number
  /** Whether it works in fiscal mode, where that can be told. */
  readonly fiscal?: Bit
}

export interface Understood {
  readonly conditions: readonly Condition[]
  /** Nothing stands in it that leaves open whether it sells. */
  readonly isSure: boolean
  readonly isReceiptOpen: boolean
  readonly isFiscal: boolean | undefined
}

/** What a status says. */
export function understood(status: Uint8Array, table: StatusTable): Understood {
  const { rows, doubtful, fiscal, generalError } = table
  const named = rows.filter((row) => has(status, row))
  const open = [
    ...doubtful.filter((row) => has(status, row)),
    ...doubtfulMemory(status, table),
    ...strange(status, table),
  ]
  const found: Condition[] = [...named, ...open].map(([byte, bit, name, words]) => told(name, [byte, bit], words))
  const code = errorIn(status, table)
  if (code !== 0) found.push({ name: 'other-error', evidence: `status ${table.errorCode}: error ${code}` })
  const hasError = generalError !== undefined && has(status, generalError)
  if (hasError && found.length === 0) found.push(told('other-error', generalError, 'an error without a name'))
  const isFiscal = fiscal && has(status, fiscal)
  if (fiscal && isFiscal === false) found.push(told('not-fiscal', fiscal, 'it does not work in fiscal mode'))
  return {
    conditions: firstOfEach(found),
    isSure: open.length === 0 && !hasError && code === 0,
    isReceiptOpen: table.receiptOpen.some((bit) => has(status, bit)),
    isFiscal,
  }
}

function told(name: ConditionName, [byte, bit]: Bit, words: string): Condition {
  return { name, evidence: `status ${byte}.${bit}: ${words}` }
}

function doubtfulMemory(status: Uint8Array, { rows, memoryError }: StatusTable): BitRow[] {
  if (!memoryError || !has(status, memoryError)) return []
  const isNamed = rows.some((row) => row[0] >= memoryError[0] && has(status, row))
  return isNamed ? [] : [[...memoryError, 'other-error', 'a fault of the fiscal memory']]
}

/** Bits that no table has. */
function strange(status: Uint8Array, table: StatusTable): BitRow[] {
  const { rows, doubtful, fine, receiptOpen, generalError, memoryError, errorCode } = table
  const all = [...rows, ...doubtful, ...fine, ...receiptOpen, generalError, memoryError]
  const known = new Set(all.flatMap((bit) => (bit ? [`${bit[0]}.${bit[1]}`] : [])))
  return [...status.keys()]
    .filter((byte) => byte !== errorCode)
    .flatMap((byte) => [0, 1, 2, 3, 4, 5, 6].map((bit) => [byte, bit] as const))
    .filter(([byte, bit]) => has(status, [byte, bit]) && !known.has(`${byte}.${bit}`))
    .map(([byte, bit]) => [byte, bit, 'other-warning', 'a bit that nothing here names'])
}

function errorIn(status: Uint8Array, { errorCode }: StatusTable): number {
  return errorCode === undefined ? 0 : (status[errorCode] ?? 0) & 0x7f
}

function has(status: Uint8Array, [byte, bit]: readonly [number, number, ...unknown[]]): boolean {
  return ((status[byte] ?? 0) & (1 << bit)) !== 0
}
