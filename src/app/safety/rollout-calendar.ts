import type { Expected } from '../../core/admission.ts'
import { counted } from '../../core/counted.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Purpose } from '../../core/policy.ts'
import type { Runbook } from '../../core/runbook.ts'
import { shownLength, shownTime } from '../../engine/admission/shown-time.ts'
import { type PlannedRollout, simulateRollout } from '../../engine/admission/simulate-rollout.ts'
import { scheduleHtml } from '../../reporters/schedule-html.ts'
import type { Project } from '../project.ts'
import { expectedTimes } from './expected-times.ts'
import { asOneWave, compiledFor, livingContent, policyOf, purposeOf, wavesOf } from './policy-in-force.ts'

/** A store in a wave: all its visits, from the first to the last. */
export interface StoreVisit {
  readonly store: string
  readonly zone: string
  readonly from: number
  readonly to: number
  readonly devices: readonly string[]
  /** When the first people there are warned; absent: nobody is. */
  readonly warnedAt?: number
}

export interface CalendarWave {
  readonly number: number
  readonly devices: number
  readonly stores: readonly StoreVisit[]
  readonly from?: number
  readonly to?: number
  readonly watchedUntil?: number
  /** Somebody must say that it goes on behind it. */
  readonly pause: boolean
}

/** Which store is in which wave at which time, if everything goes well. */
export interface RolloutCalendar {
  readonly runbook: string
  readonly policy: string
  readonly purpose: Purpose
  readonly start: number
  readonly devices: number
  readonly waves: readonly CalendarWave[]
  readonly never: PlannedRollout['never']
  /** How long a change is taken to last at the most, with its proof. */
  readonly changeMs: number
  readonly people: number
}

/** The calendar of a rollout that would start now, or at another time, over these devices. */
export async function rolloutCalendar(
  project: Project,
  fleet: Fleet,
  of: {
    readonly runbook: Runbook
    readonly devices: readonly Device[]
    readonly start: number
    readonly parallel?: number | undefined
  },
): Promise<RolloutCalendar> {
  const { runbook, devices, start } = of
  const store = await project.store()
  const { holds, breaker, places } = await livingContent(store, fleet, Date.now())
  const purpose = purposeOf([runbook])
  const asked = policyOf(project, [runbook])
  const { waves } = wavesOf(devices, asked[purpose], [runbook])
  const policy = compiledFor(project, fleet, asOneWave(asked, purpose, { project, waves }))
  const rules = policy.policy[purpose]
  const expectedOf = await expectedTimes(store, fleet, { runbooks: [runbook], guess: policy.policy.guess })
  const planned = simulateRollout({
    policy,
    purpose,
    waves,
    expectedOf,
    parallel: of.parallel ?? project.settings.run.parallel,
    start,
    holdsOn: (name) => holds.filter(({ on }) => on === name),
    breaker,
    left: places.filter(({ phase }) => phase === 'out'),
  })
  return {
    runbook: runbook.name,
    policy: policy.policy.name,
    purpose,
    start,
    devices: devices.length,
    waves: planned.waves.map((wave, index) => {
      const stores = storesOf(wave.visits, fleet)
      return {
        number: index + 1,
        devices: wave.visits.length,
        stores,
        ...(stores.length > 0 && {
          from: Math.min(...stores.map(({ from }) => from)),
          to: Math.max(...stores.map(({ to }) => to)),
        }),
        ...(wave.watchedUntil !== undefined && { watchedUntil: wave.watchedUntil }),
        // As waves are judged (engine/admission/judge-wave.ts): one in which none was proven to work is not passed by itself either.
        pause:
          rules.waves !== undefined &&
          index < planned.waves.length - 1 &&
          (stores.length === 0 || (index === 0 && rules.waves.pause !== 'never')),
      }
    }),
    never: planned.never,
    changeMs: longest(devices.map(({ name }) => expectedOf(name))),
    people: rules.approval.people,
  }
}

function longest(times: readonly Expected[]): number {
  return times.reduce((most, { changeMs, proofMs }) => Math.max(most, changeMs + proofMs), 0)
}

function storesOf(visits: PlannedRollout['waves'][number]['visits'], fleet: Fleet): readonly StoreVisit[] {
  const byStore = new Map<string, { from: number; to: number; devices: string[]; warnedAt?: number }>()
  for (const { store, device, from, to, warnedAt } of visits) {
    const known = byStore.get(store)
    const warned = Math.min(known?.warnedAt ?? Number.POSITIVE_INFINITY, warnedAt ?? Number.POSITIVE_INFINITY)
    const told = Number.isFinite(warned) && { warnedAt: warned }
    if (known === undefined) byStore.set(store, { from, to, devices: [device], ...told })
    else {
      Object.assign(known, told)
      known.from = Math.min(known.from, from)
      known.to = Math.max(known.to, to)
      known.devices.push(device)
    }
  }
  return [...byStore]
    .map(([store, visit]) => ({ store, zone: fleet.stores.get(store)?.time_zone ?? 'UTC', ...visit }))
    .sort((a, b) => a.from - b.from || (a.store < b.store ? -1 : 1))
}

/** One page that needs nothing else. */
export function calendarPage(calendar: RolloutCalendar): string {
  const [head = '', ...notes] = calendarHead(calendar)
  const never = calendar.never.length
  return scheduleHtml(
    `Rollout of ${calendar.runbook}`,
    [head, ...notes, ...(never > 0 ? [`${counted(never, 'device')} would not begin within 90 days.`] : [])],
    calendar.waves.map(({ number, stores, watchedUntil }) => ({
      number,
      ...(watchedUntil !== undefined && { watchedUntil }),
      stores: stores.map(({ store, from, to, zone, devices, warnedAt }) => ({
        store,
        from,
        to,
        devices: devices.length,
        when: shownTime(from, zone),
        ...(warnedAt !== undefined && { warned: shownTime(warnedAt, zone) }),
      })),
    })),
  )
}

function calendarHead({ runbook, devices, policy, purpose, changeMs, people }: RolloutCalendar): readonly string[] {
  const head = `${runbook} on ${counted(devices, 'device')} by policy ${policy} (${purpose}), if all goes well and each change takes at most ${shownLength(changeMs)}.`
  return people === 0
    ? [head]
    : [
        head,
        `It begins once ${counted(people, 'person has', 'people have')} approved; that is not part of these times.`,
      ]
}

const MOST_STORES = 30

/** For people. */
export function calendarText(calendar: RolloutCalendar): string {
  const lines = [...calendarHead(calendar)]
  for (const wave of calendar.waves) {
    lines.push('', waveText(wave))
    for (const { store, from, to, zone, devices, warnedAt } of wave.stores.slice(0, MOST_STORES)) {
      const names = counted(devices.length, 'device')
      const warned = warnedAt === undefined ? '' : `warned ${shownTime(warnedAt, zone)}, changed from `
      lines.push(`  ${store}  ${warned}${shownTime(from, zone)}, ${names}, done ${shownTime(to, zone)}`)
    }
    const more = wave.stores.length - MOST_STORES
    if (more > 0) lines.push(`  and ${more} more stores (--json and --html have all)`)
  }
  if (calendar.never.length > 0) {
    lines.push('', `${counted(calendar.never.length, 'device')} would not begin within 90 days:`)
    for (const { device, reasons } of calendar.never.slice(0, MOST_STORES)) {
      lines.push(`  ${device}: ${reasons.map(({ by, message }) => `${by}: ${message}`).join(' ')}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function waveText({ number, devices, stores, watchedUntil, pause }: CalendarWave): string {
  const what = `Wave ${number}: ${counted(devices, 'device')} in ${counted(stores.length, 'store')}`
  const [first] = stores
  const paused = pause ? '; then somebody must say that it goes on' : ''
  if (!first) return `${what}${paused}`
  const watched = watchedUntil === undefined ? '' : `, watched until ${shownTime(watchedUntil, first.zone)}`
  return `${what}, from ${shownTime(first.from, first.zone)}${watched}${paused}`
}

/** For machines: schema till.schedule/1. */
export function calendarJson(calendar: RolloutCalendar): JsonObject {
  return {
    schema: 'till.schedule/1',
    runbook: calendar.runbook,
    policy: calendar.policy,
    purpose: calendar.purpose,
    start: iso(calendar.start),
    devices: calendar.devices,
    change_s: Math.round(calendar.changeMs / 1_000),
    approvals: calendar.people,
    waves: calendar.waves.map(({ number, devices, stores, from, to, watchedUntil, pause }) => ({
      wave: number,
      devices,
      from: from === undefined ? null : iso(from),
      to: to === undefined ? null : iso(to),
      watched_until: watchedUntil === undefined ? null : iso(watchedUntil),
      pause,
      stores: stores.map((visit) => ({
        store: visit.store,
        time_zone: visit.zone,
        from: iso(visit.from),
        to: iso(visit.to),
        ...(visit.warnedAt !== undefined && { warned_at: iso(visit.warnedAt) }),
        devices: [...visit.devices],
      })),
    })),
    never: calendar.never.map(({ device, reasons }) => ({
      device,
      reasons: reasons.map(({ code, by, message }) => ({ code, by, message })),
    })),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
