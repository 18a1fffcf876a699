import { DEVICE_KINDS, OS_FAMILIES } from '../core/fleet.ts'
import { STEP_STATES } from '../core/outcome.ts'

/** The type of a variable or field in expressions: a CEL type by its name, or the fields of a map. */
export type VariableType = string | { readonly [field: string]: VariableType }

export type VariableTypes = Readonly<Record<string, VariableType>>

/** `store` in expressions; what `scope.ts` fills in. Texts that the inventory leaves out are empty. */
export const STORE_FIELDS = {
  id: 'string',
  name: 'string',
  region: 'string',
  address: { street: 'string', postcode: 'string', city: 'string', country: 'string' },
  time_zone: 'string',
  hours: { week: 'map', exceptions: 'map' },
  link: { type: 'string', rtt_ms: 'dyn', backup: 'string', metered: 'bool' },
  gateway: 'string',
  owner: 'map',
  tags: 'list<string>',
  vars: 'map',
} as const satisfies VariableType

/** `device` in expressions. `vars` are the values after the cascade. */
export const DEVICE_FIELDS = {
  id: 'string',
  name: 'string',
  store: 'string',
  region: 'string',
  profile: 'string',
  kind: 'string',
  os: { family: 'string', distribution: 'string', version: 'string' },
  address: 'string',
  attached_to: 'string',
  tags: 'list<string>',
  note: 'string',
  transport: { type: 'string', user: 'string', port: 'dyn', via: 'string' },
  vars: 'map',
} as const satisfies VariableType

/** `alert` in the rules of hooks. */
export const ALERT_FIELDS = {
  source: 'string',
  id: 'string',
  state: 'string',
  name: 'string',
  severity: 'string',
  text: 'string',
  labels: 'map',
  started_at: 'string',
} as const satisfies VariableType

/** `event` in the expressions of sinks: an event of a run; `data` is all of it. */
export const EVENT_FIELDS = {
  kind: 'string',
  store: 'string',
  device: 'string',
  run: 'string',
  at: 'string',
  data: 'map',
} as const satisfies VariableType

/** `steps.<id>` in expressions. */
export const STEP_FIELDS = { state: 'string', changed: 'bool', value: 'dyn' } as const satisfies VariableType

/** Fields whose value is one of a closed list; `*` stands for any one field. Comparing with another text is a mistake. */
export const CLOSED_FIELDS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['device.kind', DEVICE_KINDS],
  ['device.os.family', OS_FAMILIES],
  ['device.transport.type', ['ssh', 'openssh', 'winrm', 'local', 'none']],
  ['steps.*.state', STEP_STATES],
])

/** The fields below `path` (`device`, `device.os`); undefined where anything may stand. */
export function fieldsAt(types: VariableTypes, path: readonly string[]): readonly string[] | undefined {
  let at: VariableType = types
  for (const name of path) {
    if (typeof at === 'string') return undefined
    const next: VariableType | undefined = Object.hasOwn(at, name) ? at[name] : undefined
    if (next === undefined) return undefined
    at = next
  }
  return typeof at === 'string' ? undefined : Object.keys(at)
}
