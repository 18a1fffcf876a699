import type { Condition, ConditionName } from '../printer/reading.ts'

/**
 * A queue that is idle, accepts jobs, and may print none of them (RFC 3998; `cupsdisable --hold`): CUPS 2.4 holds what
 * comes by Print-Job, and prints what comes by Create-Job.
 */
export const HOLDS_NEW_JOBS = 'hold-new-jobs'

/** What a keyword of `printer-state-reasons` means as an error, and as a warning (RFC 8011, 5.4.12). */
const KEYWORDS: Readonly<Record<string, readonly [ConditionName, ConditionName]>> = {
  'media-needed': ['paper-out', 'paper-low'],
  'media-empty': ['paper-out', 'paper-low'],
  'media-low': ['paper-low', 'paper-low'],
  'media-jam': ['paper-jam', 'paper-jam'],
  'moving-to-paused': ['paused', 'paused'],
  paused: ['paused', 'paused'],
  [HOLDS_NEW_JOBS]: ['queue-stuck', 'queue-stuck'],
  // RFC 3998.
  deactivated: ['paused', 'paused'],
  shutdown: ['offline', 'offline'],
  'timed-out': ['offline', 'other-warning'],
  'connecting-to-device': ['offline', 'other-warning'],
  offline: ['offline', 'offline'],
  'stopped-partly': ['other-error', 'other-warning'],
  'toner-low': ['toner-low', 'toner-low'],
  'toner-empty': ['toner-empty', 'toner-low'],
  'marker-supply-low': ['supply-low', 'supply-low'],
  'marker-supply-missing': ['toner-empty', 'other-warning'],
  'marker-supply-empty': ['toner-empty', 'supply-low'],
  'marker-waste-almost-full': ['supply-low', 'supply-low'],
  'marker-waste-full': ['waste-full', 'supply-low'],
  'developer-low': ['supply-low', 'supply-low'],
  'developer-empty': ['toner-empty', 'supply-low'],
  'opc-near-eol': ['service-requested', 'service-requested'],
  'opc-life-over': ['mechanism-error', 'service-requested'],
  'cover-open': ['cover-open', 'cover-open'],
  'door-open': ['cover-open', 'cover-open'],
  'interlock-open': ['cover-open', 'cover-open'],
  'input-tray-missing': ['tray-missing', 'other-warning'],
  'output-tray-missing': ['tray-missing', 'other-warning'],
  'output-area-almost-full': ['output-nearly-full', 'output-nearly-full'],
  'output-area-full': ['output-full', 'output-nearly-full'],
  'spool-area-full': ['other-error', 'other-warning'],
  'fuser-over-temp': ['overheated', 'other-warning'],
  'fuser-under-temp': ['mechanism-error', 'other-warning'],
  'trimmer-jam': ['cutter-error', 'other-warning'],
  'interpreter-resource-unavailable': ['other-error', 'other-warning'],
}

/**
 * What stands in the way of the next job, whatever a printer that has none calls it: CUPS's model of a printer reports an
 * open cover as `cover-open-report` while it is idle, and CUPS a device that it cannot reach as `offline-report`.
 */
const FACTS: ReadonlySet<string> = new Set([
  'offline',
  'shutdown',
  'media-jam',
  'media-empty',
  'media-needed',
  'cover-open',
  'door-open',
  'interlock-open',
])

/**
 * What a printer notes without that anybody has to do anything, with or without a suffix: that it sleeps (PWG 5100.22), that
 * something was closed, added, switched on, or that it is ready (PWG 5100.9, after the alerts of RFC 3805).
 */
const NOTES =
  /^(standby|suspend|hibernate|resuming|identify-printer-requested|configuration-change|power-up|printer-(ready-to-print|manual-reset|nms-reset)|alert-removal-of-binary-change-entry|.+-(added|closed|turned-on|power-saver|warming-up))$/

/** States on their way, which every job passes through: no errors although they have no suffix. */
const PASSING: ReadonlySet<string> = new Set([
  'none',
  'stopping',
  'connecting-to-device',
  'cups-waiting-for-job-completed',
])

/**
 * What a reason stands for; undefined for a mere report. A keyword without a suffix is an error; one that is not known
 * is passed on as an error or a warning of some other kind.
 */
export function conditionOf(reason: string): Condition | undefined {
  const [, keyword = reason, said] = /^(.+?)(?:-(report|warning|error))?$/.exec(reason) ?? []
  if (NOTES.test(keyword) || (PASSING.has(keyword) && said !== 'error')) return undefined
  const suffix = said ?? 'error'
  if (suffix === 'report' && !FACTS.has(keyword)) return undefined
  const [asError, asWarning] = KEYWORDS[keyword] ?? ['other-error', 'other-warning']
  return { name: suffix === 'error' ? asError : asWarning, evidence: `printer-state-reasons: ${reason}` }
}
