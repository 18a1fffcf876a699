import { InputError, inputError } from '../../core/diagnostic.ts'
import { type Incident, type IncidentEventBody, isPaused } from '../../core/incident.ts'
import type { IncidentEyes, IncidentStore } from '../../core/incident-store.ts'

/** Who changes an incident, and which ones there are for them. */
interface Changing extends IncidentEyes {
  readonly by: string
  readonly now: Date
}

/** What somebody says of an incident besides what it comes to. */
export interface IncidentWords {
  readonly text?: string | undefined
  readonly cause?: string | undefined
  /** Steps that are done. */
  readonly steps?: readonly string[] | undefined
  readonly action?: string | undefined
  readonly owner?: string | undefined
  /** A date, as in 2026-12-24. */
  readonly due?: string | undefined
  readonly actionDone?: boolean | undefined
}

/** An incident by its id, for these eyes. Throws InputError where there is none. */
export async function findIncident(store: IncidentStore, id: string, eyes?: IncidentEyes): Promise<Incident> {
  return (await store.incident(id, eyes)) ?? unknown(id)
}

export function takeIncident(store: IncidentStore, id: string, changing: Changing): Promise<Incident> {
  return change(store, id, {
    ...changing,
    say(incident, _, at) {
      mustBeOpen(incident)
      return [{ type: 'taken', at, by: changing.by }]
    },
  })
}

/** Notes words: a comment, the cause, steps that are done, what is to be done so that it does not come again. */
export function commentIncident(
  store: IncidentStore,
  id: string,
  { words, ...changing }: Changing & { readonly words: IncidentWords },
): Promise<Incident> {
  return change(store, id, { ...changing, say: (incident, _, at) => wordsOf(incident, words, { at, by: changing.by }) })
}

export function pauseIncident(
  store: IncidentStore,
  id: string,
  { why, ...changing }: Changing & { readonly why: string },
): Promise<Incident> {
  return change(store, id, {
    ...changing,
    say(incident, _, at) {
      mustBeOpen(incident)
      if (isPaused(incident)) throw refused(id, 'its clocks are paused already', 'See `till incidents show`.')
      return [{ type: 'paused', at, by: changing.by, why }]
    },
  })
}

export function continueIncident(store: IncidentStore, id: string, changing: Changing): Promise<Incident> {
  return change(store, id, {
    ...changing,
    say(incident, _, at) {
      mustBeOpen(incident)
      if (!isPaused(incident)) throw refused(id, 'its clocks are not paused', 'See `till incidents show`.')
      return [{ type: 'continued', at, by: changing.by }]
    },
  })
}

/** Closes an incident whose cause is known, whose steps are done and whose fault is gone, or `despite` says why not. */
export function closeIncident(
  store: IncidentStore,
  id: string,
  { words, despite, ...changing }: Changing & { readonly words: IncidentWords; readonly despite: string | undefined },
): Promise<Incident> {
  return change(store, id, {
    ...changing,
    say(incident, isFiring, at) {
      mustBeOpen(incident)
      const said = wordsOf(incident, words, { at, by: changing.by })
      if (incident.cause === null && words.cause === undefined)
        throw refused(id, 'its cause is not known', 'Say what it was: --cause "…".')
      const left = incident.steps.filter(({ step, done_at }) => done_at === null && !(words.steps ?? []).includes(step))
      if (left.length > 0) {
        const names = left.map(({ step }) => `"${step}"`).join(', ')
        throw refused(id, `steps of it are not done: ${names}`, `Say of each that it is done: --done ${names}.`)
      }
      if (isFiring && despite === undefined)
        throw refused(id, 'its fault still fires', 'Wait for the all-clear, or say why it is over: --despite "…".')
      return [...said, { type: 'closed', at, by: changing.by, despite: isFiring ? (despite ?? null) : null }]
    },
  })
}

async function change(
  store: IncidentStore,
  id: string,
  {
    say,
    now,
    ...eyes
  }: Changing & {
    readonly say: (incident: Incident, isFiring: boolean, at: string) => readonly IncidentEventBody[]
  },
): Promise<Incident> {
  const changed = await store.note(id, (incident, isFiring) => say(incident, isFiring, now.toISOString()), eyes)
  return changed ?? unknown(id)
}

function wordsOf(
  incident: Incident,
  words: IncidentWords,
  said: { readonly at: string; readonly by: string },
): readonly IncidentEventBody[] {
  const { text, cause, steps = [], actionDone } = words
  checkWords(incident, words)
  return [
    ...(text === undefined ? [] : [{ type: 'commented' as const, ...said, text }]),
    ...(cause === undefined ? [] : [{ type: 'cause' as const, ...said, cause }]),
    ...steps.map((step) => ({ type: 'step' as const, ...said, step })),
    ...actionOf(incident, words, said),
    ...(actionDone === true ? [{ type: 'action.done' as const, ...said }] : []),
  ]
}

function checkWords(incident: Incident, { steps = [], action, owner, due, actionDone }: IncidentWords): void {
  const { incident: id } = incident
  for (const step of steps) {
    if (incident.steps.some((each) => each.step === step)) continue
    const names = incident.steps.map((each) => `"${each.step}"`).join(', ')
    throw refused(
      id,
      `it has no step "${step}"`,
      names === '' ? 'It has no steps: leave --done away.' : `Its steps are ${names}.`,
    )
  }
  if (action !== undefined && due === undefined)
    throw refused(id, 'what is to be done has no date', 'Give --due YYYY-MM-DD.')
  const hasNone = action === undefined && incident.action === null
  if (hasNone && (owner !== undefined || due !== undefined))
    throw refused(id, 'nothing is to be done of which there is an owner or a date', 'Give --action "…".')
  if (hasNone && actionDone === true) throw refused(id, 'nothing was to be done', 'Give --action "…" first.')
}

/** What is not said anew of a corrective action stays as it was. */
function actionOf(
  { action: before }: Incident,
  { action, owner, due }: IncidentWords,
  said: { readonly at: string; readonly by: string },
): readonly IncidentEventBody[] {
  if (action === undefined && owner === undefined && due === undefined) return []
  const { action: what, owner: who, due: until } = before ?? { action: '', owner: said.by, due: '' }
  return [{ type: 'action', ...said, action: action ?? what, owner: owner ?? who, due: due ?? until }]
}

function mustBeOpen({ incident, closed_at }: Incident): void {
  if (closed_at !== null) throw refused(incident, 'it is closed', 'See `till incidents show`.')
}

function refused(id: string, why: string, detail: string): InputError {
  return inputError('INCIDENT_REFUSED', `Incident ${id}: ${why}`, detail)
}

function unknown(id: string): never {
  const summary = `There is no incident "${id}"`
  throw inputError('INCIDENT_UNKNOWN', summary, 'See `till incidents list --all`.')
}
