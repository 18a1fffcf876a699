/** A run as the harness asked for it, and as the store has it. */
export interface RunSeen {
  /** Of the harness: what the devices note about it. */
  readonly round: string
  /** Its number in the store; undefined: its process died before it had one. */
  readonly run: string | undefined
  /** Its end is written. */
  readonly isOver: boolean
  /** Full names of the devices that it was asked for. */
  readonly asked: readonly string[]
  readonly ends: readonly { readonly device: string; readonly attempt: number; readonly state: string }[]
}

/** A process that ended by itself, and what it said last. */
export interface EndSeen {
  readonly who: string
  readonly code: number | null
  readonly said: string
  /** How long it was there. */
  readonly ms: number
}

/** A run of an assignment, by the clock of the store; `endedMs` undefined: it was interrupted. */
export interface TickSeen {
  readonly run: string
  readonly beganMs: number
  readonly endedMs: number | undefined
}

/** An alert about a device that has no other, which was sent several times to several servers. */
export interface AlertSeen {
  readonly device: string
  /** Nothing is done on the device, but somebody is told. */
  readonly isForPeople: boolean
  /** A server has said that it has it. */
  readonly isTaken: boolean
  readonly episodes: number
  /** What came of each. */
  readonly attempts: readonly string[]
  /** What the device noted itself. */
  readonly acts: number
  /** What was to be sent to people, and how often it came there. */
  readonly messages: readonly { readonly state: string; readonly received: number }[]
}

/** All that is known when everything has come to its end. */
export interface Evidence {
  readonly runs: readonly RunSeen[]
  /** What each device has noted itself, a line each: `begin ROUND`, `end ROUND`, `overlap ROUND`, `act ROUND`. */
  readonly notes: ReadonlyMap<string, readonly string[]>
  readonly ends: readonly EndSeen[]
  readonly ticks: readonly TickSeen[]
  readonly alerts: readonly AlertSeen[]
  readonly cadenceMs: number
  /** Between two looks of a process that goes through assignments. */
  readonly everyMs: number
  /** When nobody could have gone through them, from and to, and when it was looked at last; milliseconds since 1970. */
  readonly excused: readonly (readonly [number, number])[]
  readonly seenAtMs: number
}

export type Kind =
  | 'two-ends'
  | 'no-end'
  | 'overlap'
  | 'act-twice'
  | 'untrue'
  | 'schedule-twice'
  | 'schedule-late'
  | 'alert-lost'
  | 'alert-twice'
  | 'told-twice'
  | 'own-fault'

export interface Violation {
  readonly kind: Kind
  readonly what: string
}

/** An assignment is due again when its cadence is over; the start of a run is written a little later than it is decided. */
const SLACK = 0.9
/** Where the machine dies that goes through an assignment, another one does after a minute (docs/scale.md), at its next look. */
const TAKEN_OVER_MS = 60_000
/** Cadences and looks are spread by a tenth; what is busy takes a while to begin. */
const SPREAD = 1.1
const BUSY_MS = 15_000
/** What a process of ours ends with by a fault of its own. */
const OWN_FAULT = 1

/** What must never be, whatever went wrong around it. */
export function judge(evidence: Evidence): readonly Violation[] {
  return [
    ...evidence.runs.flatMap((run) => endsOf(run)),
    ...evidence.runs.flatMap((run) => truthOf(run, evidence.notes)),
    ...[...evidence.notes].flatMap(([device, lines]) => noted(device, lines)),
    ...scheduled(evidence.ticks, evidence.cadenceMs),
    ...late(evidence),
    ...evidence.alerts.flatMap((alert) => answered(alert)),
    ...evidence.ends
      .filter(({ code }) => code === OWN_FAULT)
      .map(({ who, said }) => ({ kind: 'own-fault', what: `${who}: ${said}` }) as const),
  ]
}

/** One final state for each device and attempt, and one at all for each device. */
function endsOf({ round, run, isOver, asked, ends }: RunSeen): readonly Violation[] {
  if (run === undefined) return []
  const counts = countsOf(ends.map(({ device, attempt }) => `${device}, attempt ${attempt}`))
  const twice = [...counts].filter(([, count]) => count > 1)
  const ended = new Set(ends.map(({ device }) => device))
  return [
    ...(isOver ? [] : [{ kind: 'no-end', what: `${run} (${round}) itself` } as const]),
    ...twice.map(([what, count]) => ({ kind: 'two-ends', what: `${run} (${round}): ${count} of ${what}` }) as const),
    ...asked
      .filter((device) => !ended.has(device))
      .map((device) => ({ kind: 'no-end', what: `${run} (${round}): ${device}` }) as const),
  ]
}

/** What is said to be changed was changed, by the word of the device itself; what has no run was not touched. */
function truthOf({ round, run, asked, ends }: RunSeen, notes: Evidence['notes']): readonly Violation[] {
  const changed = new Set(ends.filter(({ state }) => state === 'changed').map(({ device }) => device))
  return asked.flatMap((device): Violation[] => {
    const lines = notes.get(device) ?? []
    const isThere = lines.includes(`act ${round}`)
    if (changed.has(device) && !isThere)
      return [{ kind: 'untrue', what: `${run} (${round}): ${device} is said to be changed, and was not` }]
    if (run === undefined && lines.some((line) => line.endsWith(` ${round}`)))
      return [{ kind: 'untrue', what: `${round}: ${device} was changed by a run that the store does not know` }]
    return []
  })
}

function noted(device: string, lines: readonly string[]): readonly Violation[] {
  const overlaps = lines.filter((line) => line.startsWith('overlap '))
  const acts = [...countsOf(lines.filter((line) => line.startsWith('act ')))].filter(([, count]) => count > 1)
  return [
    ...overlaps.map((line) => ({ kind: 'overlap', what: `${device}: ${line}` }) as const),
    ...acts.map(([line, count]) => ({ kind: 'act-twice', what: `${device}: ${count} of ${line}` }) as const),
  ]
}

/** What went to its end is not done again before its cadence is over. */
function scheduled(ticks: readonly TickSeen[], cadenceMs: number): readonly Violation[] {
  const inOrder = [...ticks].sort((a, b) => a.beganMs - b.beganMs)
  return inOrder.flatMap((tick, index): Violation[] => {
    const before = inOrder[index - 1]
    if (before?.endedMs === undefined || tick.beganMs - before.beganMs >= cadenceMs * SLACK) return []
    return [
      {
        kind: 'schedule-twice',
        what: `${tick.run} began ${tick.beganMs - before.beganMs} ms after ${before.run}, which went to its end`,
      },
    ]
  })
}

/** It is gone through in time by whoever could, without the time in which nobody could. */
function late({ ticks, cadenceMs, everyMs, excused, seenAtMs }: Evidence): readonly Violation[] {
  const mostMs = TAKEN_OVER_MS + SPREAD * (cadenceMs + everyMs) + BUSY_MS
  const inOrder = [...ticks].sort((a, b) => a.beganMs - b.beganMs)
  return inOrder.flatMap(({ run, beganMs }, index): Violation[] => {
    const next = inOrder[index + 1]
    const to = next?.beganMs ?? seenAtMs
    const overlaps = excused.map(([from, until]) => Math.max(0, Math.min(until, to) - Math.max(from, beganMs)))
    const waitedMs = to - beganMs - overlaps.reduce((sum, ms) => sum + ms, 0)
    if (waitedMs <= mostMs) return []
    const what = next ? `${next.run} began` : 'nothing began'
    return [{ kind: 'schedule-late', what: `${what} for ${waitedMs} ms after ${run}; ${mostMs} ms are the most` }]
  })
}

/** What a server has said to have is one episode; each attempt acts once, and people are told once. */
function answered(alert: AlertSeen): readonly Violation[] {
  const { isForPeople, isTaken, episodes, attempts, acts, messages } = alert
  const helped = attempts.filter((result) => result === 'helped').length
  const received = messages.reduce((sum, message) => sum + message.received, 0)
  const isTold = received > 0 || messages.some(isInDoubt)
  // A rule whose repairs do not help asks people in place of the next one.
  const isLost = isTaken && (episodes === 0 || !(isTold || (!isForPeople && attempts.length > 0)))
  const found: readonly (readonly [Kind, boolean])[] = [
    ['alert-lost', isLost],
    ['alert-twice', episodes > 1],
    ['act-twice', acts > attempts.length],
    ['untrue', acts < helped],
    ['told-twice', messages.length > 1 || messages.some((message) => message.received > 1)],
  ]
  return found.filter(([, is]) => is).map(([kind]) => ({ kind, what: JSON.stringify(alert) }))
}

/** It may have been sent, and is sent again after ten minutes. */
const isInDoubt = ({ state }: AlertSeen['messages'][number]): boolean => state === 'doubtful'

function countsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}
