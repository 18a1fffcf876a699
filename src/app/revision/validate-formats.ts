import { relative, resolve, sep } from 'node:path'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { diagnosticsCodeQuality } from '../../reporters/code-quality.ts'
import { diagnosticsJunit } from '../../reporters/diagnostics-junit.ts'
import { diagnosticsSarif } from '../../reporters/diagnostics-sarif.ts'
import { jsonPage } from '../json-document.ts'
import { VERSION } from '../version.ts'
import type { RepositoryCheck } from './check-repository.ts'

export const VALIDATE_FORMATS = ['text', 'json', 'sarif', 'junit', 'code-quality'] as const
export type ValidateFormat = Exclude<(typeof VALIDATE_FORMATS)[number], 'text'>

/** A check for programs. Files are named from `root`, as pipelines know them. */
export function checkDocument(format: ValidateFormat, check: RepositoryCheck, root: string): string {
  const { diagnostics, checked } = check
  const nameOf = (file: string): string => relative(root, resolve(file)).replaceAll(sep, '/')
  if (format === 'junit') return diagnosticsJunit(diagnostics, nameOf)
  if (format === 'code-quality') {
    return jsonPage(diagnosticsCodeQuality(diagnostics, { nameOf, fallback: 'tillwright.yaml' }))
  }
  if (format === 'sarif') {
    return jsonPage(diagnosticsSarif(diagnostics, { version: VERSION, nameOf, fallback: 'tillwright.yaml' }))
  }
  return jsonPage({ schema: 'till.diagnostics/1', valid: isValid(diagnostics), checked, diagnostics })
}

/** Warnings do not count. */
export function isValid(diagnostics: readonly Diagnostic[]): boolean {
  return !diagnostics.some(({ severity }) => severity === 'error')
}
