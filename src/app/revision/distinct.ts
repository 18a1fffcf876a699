import type { Diagnostic } from '../../core/diagnostic.ts'

/** Each of them once: a runbook that is assigned is looked at several times. */
export function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Map<string, Diagnostic>()
  for (const diagnostic of diagnostics) {
    const { code, source, summary } = diagnostic
    seen.set(`${code} ${source?.file} ${source?.line} ${source?.column} ${summary}`, diagnostic)
  }
  return [...seen.values()]
}
