import { existsSync } from 'node:fs'
import { type AuditCutting, AuditUnsigned, type CheckpointSeal } from '../../core/audit.ts'
import { type DetachedSigners, signBytes, signersOf } from '../../gitops/detached-signature.ts'
import type { AuditSettings } from '../../lang/read-audit.ts'
import type { Project } from '../project.ts'
import { checkLists, withTool } from '../revision/plan-signature.ts'

/** What a signature of a head or of a checkpoint is for: one that was made for something else is none. */
export const AUDIT_NAMESPACE = 'till-audit'

/** What the project file says; a sandbox has a log that nobody answers for. */
export function auditSettings({ settings, isSandbox }: Project): AuditSettings | undefined {
  return isSandbox ? undefined : settings.audit
}

/** What runs of this machine do with old rows. */
export function auditCutting(project: Project): AuditCutting {
  const audit = auditSettings(project)
  if (audit === undefined) return 'unsigned'
  return audit.key === undefined || !existsSync(audit.key) ? 'elsewhere' : checkpointSeal(audit, audit.key)
}

/** Whether somebody of a list has signed a checkpoint. Throws InputError for a list that cannot be used. */
export function checkpointReader(by: DetachedSigners): Pick<CheckpointSeal, 'isSigned'> {
  checkLists(by)
  return {
    isSigned: async (text, signature) => {
      const of = { ...by, namespace: AUDIT_NAMESPACE }
      return (await withTool(() => signersOf(Buffer.from(text), Buffer.from(signature), of))).length > 0
    },
  }
}

/** Signs checkpoints by a key that has to be of somebody of the list: what nobody would take is not written. */
export function checkpointSeal(by: DetachedSigners, key: string): CheckpointSeal {
  return {
    isSigned: (text, signature) => checkpointReader(by).isSigned(text, signature),
    sign: async (text) => {
      const made = await withTool(() => signBytes(Buffer.from(text), { key, namespace: AUDIT_NAMESPACE }))
      if (!made.ok) throw new AuditUnsigned(`the audit log cannot be signed by "${key}": ${made.why}`)
      const signature = made.armored.toString()
      if (await checkpointReader(by).isSigned(text, signature)) return signature
      throw new AuditUnsigned(`nobody of "${by.signers}" signs by "${key}": put its public half on that list`)
    },
  }
}
