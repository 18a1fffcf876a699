import type { Diagnostic } from '../core/diagnostic.ts'
import type { Finding } from '../core/findings.ts'
import type { Reporter } from '../core/ports.ts'
import { createFindingReporter, findingText, fingerprintOf, type Place, type PlaceOf } from './finding-report.ts'
import type { Output } from './output.ts'
import { plainText } from './plain-text.ts'

/** An issue of a Code Quality report, as GitLab reads it. */
export interface QualityIssue {
  readonly description: string
  readonly check_name: string
  /** The same for the same issue in every report, so that what is new and what is gone can be told. */
  readonly fingerprint: string
  readonly severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker'
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } }
}

/** What a fault without a class of its own is worth; a change that is wanted is none at all. */
const SEVERITIES: Readonly<Record<string, QualityIssue['severity']>> = {
  drift: 'info',
  unreachable: 'minor',
  unknown: 'minor',
  deferred: 'minor',
  failed: 'critical',
  indeterminate: 'critical',
}

/** The findings of a run, each once, at the step that found them. */
export function createCodeQualityReporter(output: Pick<Output, 'write'>, placeOf: PlaceOf): Reporter {
  return createFindingReporter(output, (findings) => {
    const issues = findings.map((finding) => issueOf(finding, placeOf(finding.cause)))
    return `${JSON.stringify(issues, null, 2)}\n`
  })
}

function issueOf(finding: Finding, place: Place): QualityIssue {
  const { fault, key } = finding
  return {
    description: findingText(finding),
    check_name: fault,
    fingerprint: fingerprintOf(key),
    severity: SEVERITIES[fault] ?? 'major',
    location: { path: place.path, lines: { begin: place.line } },
  }
}

/** What is wrong with a repository, as such a report. `fallback`: where what has no place of its own is shown. */
export function diagnosticsCodeQuality(
  diagnostics: readonly Diagnostic[],
  context: { readonly nameOf: (file: string) => string; readonly fallback: string },
): readonly QualityIssue[] {
  const seen = new Map<string, number>()
  return diagnostics.map(({ code, severity, summary, detail, source }) => {
    const path = source ? context.nameOf(source.file) : context.fallback
    // By its words and not by its line, which moves with whatever stands above it.
    const key = [code, path, summary].join('\n')
    const again = seen.get(key) ?? 0
    seen.set(key, again + 1)
    return {
      description: plainText([summary, detail].filter(Boolean).join('. ')),
      check_name: code,
      fingerprint: fingerprintOf(`${key}\n${again}`),
      severity: severity === 'error' ? 'blocker' : 'minor',
      location: { path, lines: { begin: source?.line ?? 1 } },
    }
  })
}
