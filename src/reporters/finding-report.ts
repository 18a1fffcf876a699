import { createHash } from 'node:crypto'
import { counted } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import { type Finding, Findings } from '../core/findings.ts'
import type { Reporter } from '../core/ports.ts'
import { faultText } from './describe-device.ts'
import { DevicesInFlight } from './devices-in-flight.ts'
import type { Output } from './output.ts'
import { plainText } from './plain-text.ts'

/** A place in a file as it is named from the root of the repository. */
export interface Place {
  readonly path: string
  readonly line: number
}

/** Where what was found by a step stands, by `RUNBOOK/STEP`. */
export type PlaceOf = (cause: string | undefined) => Place

/** Writes the findings of a run, each once, when it is over, also where it did not come to its end. */
export function createFindingReporter(
  output: Pick<Output, 'write'>,
  textOf: (findings: readonly Finding[]) => string,
): Reporter {
  const inFlight = new DevicesInFlight()
  const findings = new Findings()
  let run: string | undefined
  let written = false
  const write = async (): Promise<void> => {
    if (written || run === undefined) return
    written = true
    for (const record of [...(await inFlight.lost()), ...(await inFlight.neverBegun())]) findings.add(record)
    await output.write(textOf(findings.list(run)))
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

const MOST_NAMES = 3

/** A finding in one line: what, on which devices, about what, for whom, and what mends it. */
export function findingText(finding: Finding): string {
  const { about, owner, remedy, count, devices } = finding
  const others = count > MOST_NAMES ? ' …' : ''
  const who = `${counted(count, 'device')} (${[...devices].sort().slice(0, MOST_NAMES).join(', ')}${others})`
  const parts = [`${faultText(finding)}: ${who}`, about && `about ${about}`, owner && `for ${owner}`, remedy]
  return plainText(parts.filter(Boolean).join(' · '))
}

/** The same for the same issue in every report, so that what is new and what is gone can be told. */
export function fingerprintOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
