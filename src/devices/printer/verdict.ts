import { type Answer, CONDITIONS, type Condition, type ConditionName } from './reading.ts'

/** What is wrong with a printer; `not-known` when it cannot be told, which is never the same as well. */
export const FAULTS = [
  'none',
  'not-known',
  'link-down',
  'printer-down',
  'silent-printer',
  'other-printer',
  'sale-blocked',
  'printer-blocked',
  'monitoring-defect',
  'attention-soon',
] as const
export type PrinterFault = (typeof FAULTS)[number]

/** Worst first: no sale is possible; one may fail at any moment; nothing is sold with it; somebody should see to it. */
export type Severity = 'sale-blocked' | 'sale-at-risk' | 'work-blocked' | 'attention' | 'unknown' | 'none'

/** What the three stages found, and what else is known. */
export interface Findings {
  /** 1: the printer, or the port that it hangs on, is there. */
  readonly reach: Answer
  /** 2: its own protocol answers with what makes sense. */
  readonly protocol: Answer
  /** 3: it does its work: receipts come, the queue moves, by its own account or that of others. */
  readonly work: Answer
  /** The store can be reached at all. */
  readonly link: Answer
  /** Somebody else is using it. */
  readonly busy: boolean
  /** It can print or sell now, as far as it says itself. */
  readonly ready: Answer
  readonly conditions: readonly Condition[]
  /** A receipt came since this condition holds; without one: so lately that it counts against what the printer says of now. */
  readonly soldSince: (condition?: Condition) => boolean
  /** It is the one that the inventory means, as far as it says who it is. */
  readonly isExpected: boolean
  /** Receipts come out of it: what stops it stops sales. */
  readonly sells: boolean
}

export interface Verdict {
  readonly fault: PrinterFault
  /** The condition behind it, where it is one. */
  readonly cause: ConditionName | null
  readonly severity: Severity
  /** Who is to act; null when nobody has to. */
  readonly owner: Owner | null
  readonly remedy: string | null
  /** Whether a receipt can be issued on it now. */
  readonly can_issue: Answer
}

export type Owner = 'store' | 'network' | 'monitoring' | 'till-support' | 'printer-service' | 'fiscal-service'

/**
 * The truth table of the three stages. Receipts that keep arriving outweigh what our own questions say, for then what is
 * broken is the way we ask; what the printer itself says of now outweighs receipts of a while ago. What it leaves open is
 * not known, never well.
 */
export function judge(findings: Findings): Verdict {
  const { protocol, work, sells } = findings
  if (!findings.isExpected) return stranger(sells)
  const blocked = protocol === 'yes' ? blockedBy(findings) : undefined
  if (blocked) return blockedVerdict(blocked, sells)
  if (protocol === 'yes' && isUnclear(findings)) return unclear(findings)
  if (work === 'yes') return working(findings)
  return protocol === 'yes' ? answering(findings) : quiet(findings)
}

function stranger(sells: boolean): Verdict {
  return verdict('other-printer', sells ? 'sale-at-risk' : 'attention', {
    owner: 'till-support',
    remedy: 'Another printer than the inventory says answers here: see which of the two is right.',
    can_issue: 'unknown',
  })
}

/**
 * Nobody sells on a printer with an open cover; on one whose certificate has run out, later receipts prove that it sells. A
 * receipt from before proves nothing.
 */
const DISPROVED_BY_RECEIPTS: ReadonlySet<ConditionName> = new Set([
  'certificate-expired',
  'licence-expired',
  'protected-memory-full',
  'fiscal-memory-full',
  'keys-missing',
  'day-not-closed',
  'clock-wrong',
  'not-fiscal',
  'storage-locked',
  'waiting-for-user',
  'menu-open',
  'paused',
  'offline',
])

function blockedBy({ conditions, work, ready, soldSince }: Findings): ConditionName | undefined {
  const blocking = conditions.filter(({ name }) => CONDITIONS[name] === 'blocked')
  const isDisproved = (condition: Condition): boolean =>
    work === 'yes' && (DISPROVED_BY_RECEIPTS.has(condition.name) || condition.doubtful === true) && soldSince(condition)
  const standing = blocking.find((condition) => !isDisproved(condition))
  if (standing) return standing.name
  const isSold = work === 'yes' && soldSince()
  if (ready !== 'no' || isSold || blocking.length > 0) return undefined
  // It says that it cannot, and not why in words that are known.
  return conditions.some(({ name }) => name === 'queue-stuck') ? 'queue-stuck' : 'other-error'
}

/** It answers, at leisure, and leaves open whether it can; and no receipt says so in its place. */
function isUnclear({ work, ready, busy, conditions, soldSince }: Findings): boolean {
  if (ready !== 'unknown' || busy || work === 'no') return false
  return work === 'unknown' || (conditions.some(({ name }) => name === 'other-error') && !soldSince())
}

function unclear({ conditions }: Findings): Verdict {
  const first = conditions.find(({ name }) => name === 'other-error') ?? conditions[0]
  const { name = null } = first ?? {}
  const look = 'It does not say whether it can print: see whether it does, or judge it by its receipts.'
  const known =
    name === null
      ? { owner: 'till-support' as const, remedy: look }
      : { owner: ownerOf(name), remedy: `${REMEDIES[name]} ${look}` }
  return { ...verdict('not-known', 'unknown', { ...known, can_issue: 'unknown' }), cause: name }
}

function blockedVerdict(cause: ConditionName, sells: boolean): Verdict {
  const fault = sells ? 'sale-blocked' : 'printer-blocked'
  const severity = sells ? 'sale-blocked' : 'work-blocked'
  return { fault, cause, severity, owner: ownerOf(cause), remedy: REMEDIES[cause], can_issue: 'no' }
}

function working(findings: Findings): Verdict {
  const { reach, protocol } = findings
  if (reach !== 'yes' || protocol === 'no') {
    return verdict('monitoring-defect', 'attention', {
      owner: 'monitoring',
      remedy:
        'Receipts keep arriving: mend the way it is asked (address, port, certificate, account), not the printer.',
      can_issue: 'yes',
    })
  }
  // While it is busy it prints, or somebody else asks it.
  return protocol === 'yes' ? attention(findings, 'yes') : verdict('none', 'none', { can_issue: 'yes' })
}

function answering(findings: Findings): Verdict {
  const { work, ready, sells } = findings
  if (work === 'no') {
    return verdict('silent-printer', sells ? 'sale-at-risk' : 'attention', {
      owner: 'till-support',
      remedy: sells
        ? 'It answers, yet no receipt came for too long in trading hours: look at the till application and its connection to the printer; ask the store to sell something.'
        : 'It answers, yet its work does not come out: look at its queue and at what sends to it.',
      can_issue: 'unknown',
    })
  }
  return attention(findings, ready)
}

/** What would block it if no receipts came comes first: it may do so at any moment. */
function attention({ conditions, sells, ready }: Findings, canIssue: Answer): Verdict {
  const blocking = conditions.find(({ name }) => CONDITIONS[name] === 'blocked')
  // It may say that it cannot, and not why, while it does.
  const name = (blocking ?? conditions[0])?.name ?? (ready === 'no' ? 'other-error' : undefined)
  if (name === undefined) return verdict('none', 'none', { can_issue: canIssue })
  const more = { owner: ownerOf(name), remedy: REMEDIES[name], can_issue: canIssue }
  return { ...verdict('attention-soon', blocking && sells ? 'sale-at-risk' : 'attention', more), cause: name }
}

/** It does not answer, and nothing proves that it works. */
function quiet(findings: Findings): Verdict {
  const { reach, protocol, work, link, busy } = findings
  if (reach !== 'yes' && link === 'no') {
    return verdict('link-down', 'sale-at-risk', {
      owner: 'network',
      remedy: 'The whole store cannot be reached: its router and its line come first, then its devices.',
      can_issue: 'unknown',
    })
  }
  if (reach === 'no') return down(findings, 'See whether it has power and network; then call its service.')
  if (protocol === 'no')
    return down(findings, 'It takes connections and does not answer: switch it off and on; then call its service.')
  if (work === 'no' && reach === 'yes') return answering(findings)
  if (busy) {
    return verdict('not-known', 'unknown', {
      owner: 'monitoring',
      remedy: 'Somebody else is using it, so it was left alone: ask again later, or judge it by its receipts.',
      can_issue: 'unknown',
    })
  }
  if (reach === 'yes') {
    return verdict('not-known', 'unknown', {
      owner: 'till-support',
      remedy:
        'It is there and does not answer: another program has its port, or it hangs. See whether the till prints on it; if not, switch it off and on.',
      can_issue: 'unknown',
    })
  }
  return verdict('not-known', work === 'no' && findings.sells ? 'sale-at-risk' : 'unknown', {
    owner: 'monitoring',
    remedy: 'It could not be asked: mend the way to it (gateway, till, port, rights), then look again.',
    can_issue: 'unknown',
  })
}

function down({ work, sells }: Findings, remedy: string): Verdict {
  return verdict('printer-down', sells ? (work === 'no' ? 'sale-blocked' : 'sale-at-risk') : 'work-blocked', {
    owner: 'store',
    remedy,
    can_issue: work === 'no' ? 'no' : 'unknown',
  })
}

function verdict(
  fault: PrinterFault,
  severity: Severity,
  more: { readonly owner?: Owner; readonly remedy?: string; readonly can_issue: Answer },
): Verdict {
  return { fault, cause: null, severity, owner: null, remedy: null, ...more }
}

/** What people in the store can mend themselves; the rest is for who has the keys. */
const STORES_OWN: ReadonlySet<ConditionName> = new Set([
  'paper-out',
  'paper-low',
  'cover-open',
  'head-open',
  'ribbon-out',
  'paper-jam',
  'tray-missing',
  'output-full',
  'waste-full',
  'output-nearly-full',
  'toner-empty',
  'toner-low',
  'supply-low',
  'paused',
  'offline',
  'waiting-for-user',
  'menu-open',
  'overheated',
  'day-not-closed',
  'other-error',
  'other-warning',
  'report-missing',
])

const FISCAL: ReadonlySet<ConditionName> = new Set([
  'fiscal-memory-full',
  'fiscal-memory-low',
  'protected-memory-full',
  'protected-memory-low',
  'certificate-expired',
  'certificate-expiring',
  'licence-expired',
  'licence-expiring',
  'storage-locked',
  'storage-expiring',
  'keys-missing',
  'not-fiscal',
  'clock-wrong',
  'clock-skewed',
  'inspection-due',
  'documents-unsent',
  'transmission-failing',
  'ram-reset',
])

/** Who is to act on a condition. */
export function ownerOf(cause: ConditionName): Owner {
  if (cause === 'queue-stuck') return 'till-support'
  if (STORES_OWN.has(cause)) return 'store'
  return FISCAL.has(cause) ? 'fiscal-service' : 'printer-service'
}

const SERVICE = 'Call its service; until then sell on another till.'

/** What helps against a condition. */
export const REMEDIES: Readonly<Record<ConditionName, string>> = {
  'paper-out': 'Put in new paper.',
  'cover-open': 'Close the cover.',
  'ribbon-out': 'Put in a new ribbon.',
  'head-open': 'Close the print head.',
  'paper-jam': 'Take the jammed paper out.',
  'cutter-error': 'Open the cover, free the cutter, switch it off and on; if it stays, call its service.',
  'mechanism-error': 'Close its cover, take out what is stuck, switch it off and on; if it stays, call its service.',
  overheated: 'Let it cool down; keep its openings free.',
  'power-fault': 'Look at its power supply.',
  'unrecoverable-error': 'Switch it off and on once; if it stays, call its service.',
  offline: 'Press its online or feed key; look at its display.',
  paused: 'Press its pause key, or let its queue go on.',
  'toner-empty': 'Put in new toner.',
  'tray-missing': 'Put the tray in.',
  'output-full': 'Empty its output tray.',
  'waste-full': 'Replace its box of waste toner or ink.',
  'waiting-for-user': 'Look at its display and confirm what it asks.',
  'menu-open': 'Leave its menu.',
  'fiscal-memory-full': `The fiscal memory is full; it has to be exchanged. ${SERVICE}`,
  'protected-memory-full': `The protected memory is full; it has to be read out or exchanged. ${SERVICE}`,
  'certificate-expired': `A certificate has run out and has to be renewed. ${SERVICE}`,
  'licence-expired': 'Renew the subscription with the vendor of the device.',
  'keys-missing': `Its keys or certificates do not let it sell. ${SERVICE}`,
  'day-not-closed': 'Print the daily report.',
  'clock-wrong': `Its clock is wrong, and it may not sell like that. ${SERVICE}`,
  'not-fiscal': SERVICE,
  'storage-locked': `The fiscal storage takes no receipts: what waits in it has to be delivered, or it has to be exchanged. ${SERVICE}`,
  'device-blocked': SERVICE,
  'paper-low': 'Have new paper ready.',
  'toner-low': 'Order toner.',
  'supply-low': 'Order what it is running out of.',
  'output-nearly-full': 'Empty its output tray.',
  'certificate-expiring': 'Have the certificate renewed before it runs out.',
  'licence-expiring': 'Renew the subscription with the vendor of the device.',
  'storage-expiring': 'Plan the exchange of the fiscal storage.',
  'fiscal-memory-low': 'Plan the exchange of the fiscal memory.',
  'protected-memory-low': 'Plan to have the protected memory read out.',
  'documents-unsent': 'See whether it reaches the internet; documents must be delivered in time.',
  'transmission-failing': 'See whether it reaches the internet: its last transmissions failed.',
  'inspection-due': 'Make an appointment for the inspection.',
  'report-missing': 'Print the daily report before the next receipt.',
  'clock-skewed': 'Have its clock set by its service.',
  'service-requested': 'Call its service.',
  'ram-reset': 'Its memory was reset: call its service before it happens again.',
  'power-failed-recently': 'Look at its power supply.',
  'queue-stuck':
    'Look at the queue and at the connection to the printer; the runbook spooler-repair clears it, on the till that it hangs on.',
  'other-error': 'Look at its display.',
  'other-warning': 'Look at its display.',
}
