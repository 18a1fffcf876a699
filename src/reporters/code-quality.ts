import { createHash } from 'node:crypto'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { RunEvent } from '../core/events.ts'
import { type Finding, Findings } from '../core/findings.ts'
import type { Reporter } from '../core/ports.ts'
import { faultText } from './describe-device.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import { formatCount } from './format-duration.ts'
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

/** A place in a file as it is named from the root of the repository. */
export interface Place {
  readonly path: string
  readonly line: number
}

const MOST_NAMES = 3

/** What a fault without a class of its own is worth; a change that is wanted is none at all. */
const SEVERITIES: Readonly<Record<string, QualityIssue['severity']>> = {
  drift: 'info',
  unreachable: 'minor',
  unknown: 'minor',
  deferred: 'minor',
  failed: 'critical',
  indeterminate: 'critical',
}

/** The findings of a run, each once, at the step that found them; `placeOf` knows it by `RUNBOOK/STEP`. */
export function createCodeQualityReporter(
  output: Pick<Output, 'write'>,
  placeOf: (cause: string | undefined) => Place,
): Reporter {
  const inFlight = new DevicesInFlight()
  const findings = new Findings()
  let run: string | undefined
  let written = false
  const write = async (): Promise<void> => {
    if (written || run === undefined) return
    written = true
    for (const record of [...(await inFlight.lost()), ...(await inFlight.neverBegun())]) findings.add(record)
    await output.write(
      `${JSON.stringify(
        findings.list(run).map((one) => issueOf(one, placeOf(one.cause))),
        null,
        2,
      )}\n`,
    )
  }
  return {
    async event(event: RunEvent) {
      run = event.run
      const record = await inFlight.add(event)
      if (record) findings.add(record)
      if (event.type === 'run.finished') await write()
    },
    close: write,
  }
}

function issueOf(finding: Finding, place: Place): QualityIssue {
  const { about, owner, remedy, count, devices, fault, key } = finding
  const others = count > MOST_NAMES ? ' …' : ''
  const who = `${formatCount(count)} ${count === 1 ? 'device' : 'devices'} (${[...devices].sort().slice(0, MOST_NAMES).join(', ')}${others})`
  const parts = [`${faultText(finding)}: ${who}`, about && `about ${about}`, owner && `for ${owner}`, remedy]
  return {
    description: plainText(parts.filter(Boolean).join(' · ')),
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

function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
