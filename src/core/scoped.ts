import type { DeviceKind } from './fleet.ts'

/** Which devices a rule is about: all unless it says so. What it names must all hold. */
export interface Scoped {
  readonly regions?: readonly string[]
  readonly kinds?: readonly DeviceKind[]
  /** CEL over store, device and region. */
  readonly where?: string
}
