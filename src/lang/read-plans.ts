import { isMap, type JsonValue } from '../core/json.ts'
import { SIGNED_WHEN } from './schema/plans.ts'

/** When a change needs a plan that is signed. */
export type SignedWhen = (typeof SIGNED_WHEN)[number]

/** Whose signature a plan needs. Files are as written. */
export interface PlansSettings {
  readonly signers: string
  readonly revocations?: string
  readonly signed: SignedWhen
}

/** `plans` of tillwright.yaml or gitops.yaml, of the form that its schema wants; undefined where there is none. */
export function readPlans(value: JsonValue | undefined): PlansSettings | undefined {
  if (!isMap(value)) return undefined
  const { signers, revocations, signed } = value
  return {
    signers: String(signers),
    ...(typeof revocations === 'string' && { revocations }),
    signed: SIGNED_WHEN.find((one) => one === signed) ?? 'never',
  }
}
