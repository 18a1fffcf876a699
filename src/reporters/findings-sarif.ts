import type { Finding } from '../core/findings.ts'
import type { Reporter } from '../core/ports.ts'
import { SARIF_SCHEMA, sarifUri } from './diagnostics-sarif.ts'
import { createFindingReporter, findingText, fingerprintOf, type PlaceOf } from './finding-report.ts'
import type { Output } from './output.ts'

/** What a fault without a class of its own is worth; a change that is wanted is no problem at all. */
const LEVELS: Readonly<Record<string, 'note' | 'error'>> = { drift: 'note', failed: 'error', indeterminate: 'error' }

/** The findings of a run as a log of SARIF 2.1.0 (OASIS), each once, at the step that found it. */
export function createSarifReporter(
  output: Pick<Output, 'write'>,
  { version, placeOf }: { readonly version: string; readonly placeOf: PlaceOf },
): Reporter {
  return createFindingReporter(output, (findings) => `${JSON.stringify(logOf(findings, version, placeOf), null, 2)}\n`)
}

function logOf(findings: readonly Finding[], version: string, placeOf: PlaceOf): object {
  const faults = [...new Set(findings.map(({ fault }) => fault))].sort()
  const driver = {
    name: 'tillwright',
    version,
    informationUri: 'https://tillwright.dev',
    rules: faults.map((id) => ({ id, shortDescription: { text: `Devices with ${id}.` } })),
  }
  const results = findings.map((finding) => {
    const { path, line } = placeOf(finding.cause)
    return {
      ruleId: finding.fault,
      ruleIndex: faults.indexOf(finding.fault),
      level: LEVELS[finding.fault] ?? 'warning',
      message: { text: findingText(finding) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: sarifUri(path), uriBaseId: '%SRCROOT%' },
            region: { startLine: line },
          },
        },
      ],
      partialFingerprints: { 'tillwright/v1': fingerprintOf(finding.key) },
      occurrenceCount: finding.count,
    }
  })
  return {
    $schema: SARIF_SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  }
}
