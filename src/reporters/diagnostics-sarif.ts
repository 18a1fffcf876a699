import type { Diagnostic } from '../core/diagnostic.ts'
import { explainError } from '../core/explain-error.ts'

export const SARIF_SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

export interface SarifContext {
  readonly version: string
  /** A file as it is named from the root of the repository. */
  readonly nameOf: (file: string) => string
  /** Where what has no place of its own is shown: code scanning leaves out what has none. */
  readonly fallback: string
}

/** Diagnostics as a log of SARIF 2.1.0 (OASIS), for code scanning and annotations. */
export function diagnosticsSarif(diagnostics: readonly Diagnostic[], context: SarifContext): object {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort()
  const driver = {
    name: 'tillwright',
    version: context.version,
    informationUri: 'https://tillwright.dev',
    rules: codes.map((code) => {
      const { title, cause, advice } = explainError(code)
      return {
        id: code,
        shortDescription: { text: `${title}.` },
        fullDescription: { text: `${title}. ${cause}` },
        help: { text: advice },
      }
    }),
  }
  const failed = diagnostics.some(({ severity }) => severity === 'error')
  const run = {
    tool: { driver },
    columnKind: 'utf16CodeUnits',
    invocations: [{ executionSuccessful: true, exitCode: failed ? 2 : 0 }],
    results: diagnostics.map((diagnostic) => ({
      ruleId: diagnostic.code,
      ruleIndex: codes.indexOf(diagnostic.code),
      level: diagnostic.severity,
      message: { text: messageOf(diagnostic) },
      locations: [{ physicalLocation: placeOf(diagnostic, context) }],
    })),
  }
  return { $schema: SARIF_SCHEMA, version: '2.1.0', runs: [run] }
}

function messageOf({ summary, detail, hint }: Diagnostic): string {
  const sentence = /[.?!]$/.test(summary) ? summary : `${summary}.`
  return [sentence, ...[detail, hint].filter((part) => part !== undefined)].join(' ')
}

/** A path from the root of the repository as SARIF names it. */
export function sarifUri(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function placeOf({ source }: Diagnostic, { nameOf, fallback }: SarifContext): object {
  const name = source ? nameOf(source.file) : fallback
  const artifactLocation = { uri: sarifUri(name), uriBaseId: '%SRCROOT%' }
  if (!source) return { artifactLocation, region: { startLine: 1 } }
  const { line, column, endLine, endColumn } = source
  return { artifactLocation, region: { startLine: line, startColumn: column, endLine, endColumn } }
}
