import { type InputError, inputError } from '../../core/diagnostic.ts'
import type { HookMode } from '../../core/hook-rule.ts'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import type { Hooks } from './open-hooks.ts'
import { type Placing, placeAlert, readBody } from './place-alerts.ts'
import { repairOf } from './repair.ts'

/** A payload that was kept. */
export interface RecordedDelivery {
  readonly schema: 'till.hook-delivery/1'
  readonly at: string
  readonly source: string
  readonly times: number
  readonly body: string
}

/** What the rules make of one alert. */
export interface TriedAlert {
  readonly source: string
  readonly alert: string
  readonly state: 'firing' | 'resolved'
  readonly device: string | null
  readonly store: string | null
  readonly rule: string | null
  readonly mode: HookMode | null
  readonly runbook: string | null
  readonly params: Readonly<Record<string, string>>
  /** Why nothing would be done about it; null: the rule would have its way. */
  readonly why: string | null
}

/** Holds recorded payloads against the rules; nothing is kept and nothing is done. Throws InputError as `readBody` does. */
export function tryAlerts(
  placing: Placing & Pick<Hooks, 'runbook'>,
  deliveries: readonly Pick<RecordedDelivery, 'source' | 'body'>[],
): readonly TriedAlert[] {
  return deliveries.flatMap(({ source, body }) =>
    readBody(placing, source, body).alerts.map((alert): TriedAlert => {
      const { head, ruleOf: rule, why, alert: placed } = placeAlert(placing, alert)
      const of = { source, alert: alert.name, state: alert.state } as const
      if (!head || !rule) {
        const nothing = { store: null, rule: null, mode: null, runbook: null, params: {} }
        return { ...of, ...nothing, device: placed.device ?? null, why }
      }
      const { device, store } = head
      const repair = repairOf(placing, rule, { alert, device, store })
      const { mode, runbook = null, name } = rule
      const people = runbook === null || device === null ? 'People have to look.' : null
      return { ...of, device, store, rule: name, mode, runbook, params: repair.params, why: repair.why ?? people }
    }),
  )
}

/** What `till hook record` wrote, or one payload of `source`. */
function recordedDeliveries(text: string, source: string | undefined): readonly RecordedDelivery[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  try {
    const recorded = lines.map((line) => JSON.parse(line) as RecordedDelivery)
    if (recorded.length > 0 && recorded.every(({ schema }) => schema === 'till.hook-delivery/1')) return recorded
  } catch {
    // Not lines of JSON: a payload, if a source was named.
  }
  if (source === undefined) return undefined
  return [{ schema: 'till.hook-delivery/1', at: new Date().toISOString(), source, times: 1, body: text }]
}

/** The deliveries of a file. Throws InputError where it cannot be read, or is neither recorded nor of a source that is named. */
export function readRecorded(file: string, source: string | undefined): readonly RecordedDelivery[] {
  const wrong = (summary: string, detail: string, code: 'FILE_UNREADABLE' | 'USAGE_INVALID'): InputError =>
    inputError(code, summary, detail)
  let text: string
  try {
    text = readRegular(file, MOST_BYTES.yaml).toString('utf8')
  } catch (error) {
    throw wrong(`The file "${file}" could not be read`, (error as Error).message, 'FILE_UNREADABLE')
  }
  const deliveries = recordedDeliveries(text, source)
  if (deliveries) return deliveries
  const detail = 'Name its source with --source, or give a file of `till hook record`.'
  throw wrong(`The file "${file}" was not recorded by till`, detail, 'USAGE_INVALID')
}
