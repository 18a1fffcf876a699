import type { Expression } from './runbook.ts'

/** An API of somebody else that lists devices, page by page. */
export interface DeviceListSettings {
  readonly name: string
  readonly url: string
  /** Reference to a secret. */
  readonly token?: string
  /** Of a page (`payload`): the list of devices. */
  readonly items: Expression
  /** Of a page: the address of the next one, or what its query parameter `cursor` takes; null, empty or no such key: it is the last. */
  readonly next?: Expression
  readonly cursor?: string
  /** Of a page: how many devices there are on all pages. */
  readonly total?: Expression
  /** Of a page: when it was made. */
  readonly asOf?: Expression
  readonly freshMs?: number
  /** Of a device (`item`): its full name. */
  readonly device: Expression
  /** Of a device: what it says, by field of the inventory. */
  readonly fields: readonly { readonly field: string; readonly value: Expression }[]
  /** Which devices of the inventory it answers for; absent: none is missed. */
  readonly where?: Expression
  readonly timeoutMs: number
}
