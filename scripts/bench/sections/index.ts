import { cores } from './cores.ts'
import { faulty } from './faulty.ts'
import { fleet } from './fleet.ts'
import { inFlight } from './in-flight.ts'
import { inventory } from './inventory.ts'
import { line } from './line.ts'
import { printers } from './printers.ts'
import { profile } from './profile.ts'
import { results } from './results.ts'
import type { Section } from './section.ts'
import { startUp } from './start-up.ts'
import { winrm } from './winrm.ts'

/** In the order in which they run. */
export const SECTIONS: readonly Section[] = [
  startUp,
  line,
  cores,
  profile,
  winrm,
  inFlight,
  results,
  inventory,
  faulty,
  printers,
  fleet,
]
