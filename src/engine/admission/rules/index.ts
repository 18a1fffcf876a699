import type { Rule } from '../rule.ts'
import { approval } from './approval.ts'
import { back } from './back.ts'
import { breaker } from './breaker.ts'
import { caps } from './caps.ts'
import { crossing } from './crossing.ts'
import { freeze } from './freeze.ts'
import { glass } from './glass.ts'
import { guards } from './guards.ts'
import { holds } from './holds.ts'
import { lastWorking } from './last-working.ts'
import { lease } from './lease.ts'
import { maxFailures } from './max-failures.ts'
import { queue } from './queue.ts'
import { rollback } from './rollback.ts'
import { runState } from './run-state.ts'
import { size } from './size.ts'
import { told } from './told.ts'
import { warnings } from './warnings.ts'
import { waves } from './waves.ts'
import { window } from './window.ts'

/** Every rule of admission; all of them must agree. Those about the run come first, so that they are told first. */
export const RULES: readonly Rule[] = [
  glass,
  size,
  runState,
  breaker,
  approval,
  rollback,
  lease,
  waves,
  maxFailures,
  back,
  holds,
  freeze,
  window,
  crossing,
  guards,
  lastWorking,
  caps,
  queue,
  told,
  warnings,
]
