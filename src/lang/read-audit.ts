import { isMap, type JsonValue } from '../core/json.ts'

/** Who may sign heads and checkpoints of the audit log, and by which key this machine signs them. Files are as written. */
export interface AuditSettings {
  readonly signers: string
  readonly revocations?: string
  /** Absent: old rows are not cut off by runs, but by somebody who has a key. */
  readonly key?: string
}

/** `audit` of tillwright.yaml, of the form that its schema wants; undefined where there is none. */
export function readAudit(value: JsonValue | undefined): AuditSettings | undefined {
  if (!isMap(value)) return undefined
  const { signers, revocations, key } = value
  return {
    signers: String(signers),
    ...(typeof revocations === 'string' && { revocations }),
    ...(typeof key === 'string' && { key }),
  }
}
