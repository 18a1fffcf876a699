import type { Expression } from './runbook.ts'
import type { SourceRange } from './source.ts'

/** `shadow`: says what it would do. `ask`: does it once somebody approved. `act`: does it. */
export const HOOK_MODES = ['shadow', 'ask', 'act'] as const
export type HookMode = (typeof HOOK_MODES)[number]

/** A parameter of the runbook: written in the rule, or taken from the alert if it is in a list of the rule. */
export type HookParam =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly from: Expression; readonly oneOf: readonly string[] }

/** What to do about a fault. Times are in milliseconds. */
export interface HookRule {
  readonly name: string
  readonly match: Expression
  /** Fault class, by which people are found where a repair does not help. */
  readonly fault: string
  /** Where it says so. */
  readonly faultSource: SourceRange
  /** Sources that may fire it; empty: all. */
  readonly sources: readonly string[]
  /** `store`: while it lasts, faults of devices of that store are its symptoms. */
  readonly about: 'device' | 'store'
  readonly mode: HookMode
  /** Absent: there is nothing that Tillwright can do, people are told. */
  readonly runbook?: string
  readonly params: readonly HookParam[]
  /** How long it fires before anything is done. */
  readonly forMs: number
  /** How many occurrences within a time it takes. */
  readonly often?: { readonly times: number; readonly withinMs: number }
  /** In which causes show up, and symptoms fold into them. */
  readonly settleMs: number
  /** Between two attempts at a device, whatever rule made the first. */
  readonly cooldownMs: number
  readonly attempts: {
    readonly episode: number
    /** Per device within 24 hours, over all rules. */
    readonly day: number
    /** Attempts in a row that did not help on devices of one profile, after which the rest is left alone. */
    readonly useless: number
  }
  /** Attempts of this rule within an hour, over the fleet. */
  readonly perHour: number
  /** How long after a repair the alert may take to go out. */
  readonly clearWithinMs: number
  /** How long a repair that is wanted may be held back, in the trading hours of its store, until people are told. */
  readonly heldForMs: number
  /** How long nothing may fire until the episode is closed. What fires again before that is the same one. */
  readonly quietMs: number
  readonly source: SourceRange
}

/** Alerts of a system of which nothing else is known, mapped by CEL over `payload` and `item`. */
export interface GenericSource {
  readonly name: string
  /** A list in the payload; absent: the payload is one alert. */
  readonly alerts?: Expression
  readonly id: Expression
  readonly firing: Expression
  /** When what is told began; given: `id` may be the same each time. */
  readonly since?: Expression
  readonly alert: Expression
  readonly severity?: Expression
  readonly text?: Expression
  readonly device?: Expression
  readonly store?: Expression
  readonly host?: Expression
  readonly labels?: Expression
}

/** The API of a system that tells alerts. `token` is a reference to a secret. */
export interface SystemSettings {
  readonly source: 'zabbix' | 'alertmanager'
  readonly url: string
  readonly token?: string
  /** What hosts of Zabbix are like that `till sync zabbix` makes. */
  readonly hosts?: HostSettings
  /** Silences of our own; absent: none are made. */
  readonly silence?: SilenceSettings
}

/** Names of hosts and of their groups, by device. */
export interface HostSettings {
  readonly name?: Expression
  readonly group?: Expression
}

/** What silences of our own are like. */
export interface SilenceSettings {
  /** How long one lasts that nobody renews, in milliseconds. */
  readonly lastsMs: number
  /** Labels of alerts, and what they have to be for a device. */
  readonly matchers: readonly { readonly label: string; readonly value: Expression }[]
}

export interface HookSettings {
  readonly rules: readonly HookRule[]
  readonly sources: readonly GenericSource[]
  readonly systems: readonly SystemSettings[]
  /** Texts by which monitoring knows a device, beside its full name and its address. */
  readonly hostnames: readonly Expression[]
  /** More new episodes than so many within the time stop everything. */
  readonly breaker: { readonly episodes: number; readonly withinMs: number }
}
