import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import { withSafety } from './guards.ts'
import { soldSince } from './last-receipt.ts'
import type { Sighting } from './sight.ts'
import { protocolStage, reachStage, type Stage, workStage } from './stages.ts'
import { judge, type Verdict } from './verdict.ts'

/** Of those, what stops the printer stops sales. */
const SELLING_KINDS: readonly string[] = ['fiscal-printer', 'receipt-printer', 'till', 'vending']

/** What is known beside what the printer said. */
export interface Around {
  /** What a `receipts` step found. */
  readonly receipts: JsonObject | null
  readonly silentAfterS: number
  readonly jobAgeS: number
  /** It is the one that the inventory means. */
  readonly isExpected: boolean
}

export interface Assessment extends Verdict {
  readonly sighting: Sighting
  readonly stages: { readonly reach: Stage; readonly protocol: Stage; readonly work: Stage }
  /** What is at fault, where it is not the printer. */
  readonly about: string
  readonly at: Date
}

/** The three stages of a visit, and what the truth table makes of them. */
export function assess(
  sighting: Sighting,
  { device, store, now }: Pick<ModuleContext, 'device' | 'store' | 'now'>,
  { receipts, silentAfterS, jobAgeS, isExpected }: Around,
): Assessment {
  const { reading, oneAtATime, link } = sighting
  const at = now()
  const signs = { reading, receipts, trading: store, now: at, silentAfterS, jobAgeS }
  const stages = {
    reach: reachStage(reading, sighting),
    protocol: protocolStage(reading, oneAtATime),
    work: workStage(signs),
  }
  const verdict = judge({
    isExpected,
    reach: stages.reach.answer,
    protocol: stages.protocol.answer,
    work: stages.work.answer,
    link,
    busy: reading.busy,
    ready: reading.ready,
    conditions: reading.conditions,
    soldSince: soldSince(signs),
    sells: SELLING_KINDS.includes(device.kind),
  })
  const about = verdict.fault === 'link-down' ? `link of ${store.id}` : ''
  return { ...verdict, sighting, stages, about, at }
}

/** Why it is not known whether it works: for a person, with what the printer said. */
export function doubtOf({ sighting: { reading }, stages: { reach, protocol } }: Assessment): string {
  const { detail, conditions } = reading
  if (protocol.answer !== 'yes') return detail ?? `${reach.evidence}; ${protocol.evidence}`
  const said = conditions.length > 0 ? conditions.map(({ evidence }) => evidence).join('; ') : protocol.evidence
  return detail ?? `It does not say whether it can print: ${said}`
}

/** What was seen and by which way, as both modules show it. What is not known is left out once it is JSON. */
export function shownSighting({ sighting, stages, at }: Pick<Assessment, 'sighting' | 'stages' | 'at'>): object {
  const { reading, name, link, pings, ms } = sighting
  const known = { stages, where: name, link, pings, ms, read_at: at.toISOString() }
  return { ...known, ...reading, guards: withSafety(reading.guards) }
}
