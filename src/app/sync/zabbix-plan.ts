import type { Device, Fleet } from '../../core/fleet.ts'
import type { HostSettings } from '../../core/hook-rule.ts'
import type { Expression } from '../../core/runbook.ts'
import { deviceOf, FLEET_TAG, GONE_TAG, type Tag, type ZabbixHost } from '../../hooks/systems/zabbix-hosts.ts'
import { DEVICE_TAG } from '../../hooks/systems/zabbix-maintenance.ts'
import { selectorScope } from '../../lang/expression.ts'

/** A field of a host that is another one afterwards. */
export interface FieldChange {
  readonly field: string
  readonly from: string | null
  readonly to: string
}

/** What is to become of one host. */
export interface HostChange {
  readonly action: 'create' | 'update' | 'disable' | 'refused'
  /** Full name. */
  readonly device: string
  /** Technical name in Zabbix. */
  readonly host: string
  readonly changes: readonly FieldChange[]
  /** Why it cannot be. */
  readonly why: string | null
  readonly is?: ZabbixHost
  readonly wanted?: Wanted
}

/** A host as it is to be; its group by name. */
export interface Wanted {
  readonly host: string
  readonly name: string
  readonly address: string
  readonly tags: readonly Tag[]
  readonly group: string
  readonly isEnabled: boolean
}

const HOST_NAME = /^[A-Za-z0-9._ -]{1,128}$/

/** What hosts are to become by the inventory. Pure. `taken`: technical names that hosts have, whoever made them. */
export function planHosts(
  fleet: Fleet,
  settings: HostSettings | undefined,
  of: { readonly own: readonly ZabbixHost[]; readonly taken: ReadonlySet<string> },
): { readonly changes: readonly HostChange[]; readonly unchanged: number } {
  const byDevice = new Map(of.own.map((host) => [deviceOf(host) ?? '', host]))
  const ownNames = new Set(of.own.map(({ host }) => host))
  const claimed = new Map<string, string>()
  const changes: HostChange[] = []
  let unchanged = 0
  for (const device of fleet.devices.values()) {
    const is = byDevice.get(device.name)
    const change = changeOf(wantedOf(fleet, device, { settings, is }), {
      device: device.name,
      is,
      claimed,
      isTaken: (host) => of.taken.has(host) && !ownNames.has(host),
    })
    if (change) changes.push(change)
    else unchanged += 1
  }
  for (const is of of.own) {
    const device = deviceOf(is) ?? ''
    if (fleet.devices.has(device)) continue
    if (has(is, GONE_TAG)) unchanged += 1
    else changes.push(disable(is, device))
  }
  return { changes, unchanged }
}

/** Technical names that the inventory wants for its hosts. */
export function wantedNames(fleet: Fleet, settings: HostSettings | undefined): readonly string[] {
  return [...fleet.devices.values()].map((device) => textOf(settings?.name, fleet, device) ?? defaultName(device))
}

function wantedOf(
  fleet: Fleet,
  device: Device,
  { settings, is }: { readonly settings: HostSettings | undefined; readonly is: ZabbixHost | undefined },
): Wanted {
  const ours = [
    { tag: FLEET_TAG, value: fleet.name },
    { tag: DEVICE_TAG, value: device.name },
    { tag: 'till.store', value: device.store },
    { tag: 'till.kind', value: device.kind },
    { tag: 'till.profile', value: device.profile },
  ]
  // Tags of other people stay as they are.
  const others = (is?.tags ?? []).filter(({ tag }) => tag !== GONE_TAG && ours.every((own) => own.tag !== tag))
  return {
    host: textOf(settings?.name, fleet, device) ?? defaultName(device),
    name: device.name,
    address: device.address,
    tags: [...ours, ...others],
    group: textOf(settings?.group, fleet, device) ?? `Tillwright/${device.region}`,
    // One that somebody has disabled stays so; one that was disabled since its device was gone is back.
    isEnabled: is === undefined || is.isEnabled || has(is, GONE_TAG),
  }
}

function changeOf(
  wanted: Wanted,
  of: {
    readonly device: string
    readonly is: ZabbixHost | undefined
    readonly claimed: Map<string, string>
    readonly isTaken: (host: string) => boolean
  },
): HostChange | undefined {
  const { device, is, claimed } = of
  const { host } = wanted
  const other = claimed.get(host)
  claimed.set(host, device)
  const refuse = (why: string): HostChange => ({ action: 'refused', device, host, changes: [], why })
  if (!HOST_NAME.test(host))
    return refuse('Names of hosts have letters, digits, spaces and ._- only: see hosts.name of hooks.systems.zabbix.')
  if (wanted.group === '') return refuse('It has no value for hosts.group of hooks.systems.zabbix.')
  if (other !== undefined) return refuse(`${other} has the same name: see hosts.name of hooks.systems.zabbix.`)
  if (of.isTaken(host))
    return refuse(
      `There is such a host, and it is not ours: give it the tags ${FLEET_TAG} and ${DEVICE_TAG}, or rename it.`,
    )
  if (!is) return { action: 'create', device, host, changes: [], why: null, wanted }
  const changes = differences(is, wanted)
  return changes.length === 0 ? undefined : { action: 'update', device, host, changes, why: null, is, wanted }
}

function differences(is: ZabbixHost, wanted: Wanted): readonly FieldChange[] {
  const text = (tags: readonly Tag[]): string =>
    tags
      .map(({ tag, value }) => `${tag}=${value}`)
      .sort()
      .join(', ')
  const known = is.groups.map(({ name }) => name)
  const fields: readonly FieldChange[] = [
    { field: 'host', from: is.host, to: wanted.host },
    { field: 'name', from: is.name, to: wanted.name },
    // Who has taken the agent's interface away wants none.
    { field: 'address', from: is.agent?.address ?? wanted.address, to: wanted.address },
    { field: 'tags', from: text(is.tags), to: text(wanted.tags) },
    { field: 'group', from: known.includes(wanted.group) ? wanted.group : known.join(', '), to: wanted.group },
    { field: 'status', from: statusOf(is.isEnabled), to: statusOf(wanted.isEnabled) },
  ]
  return fields.filter(({ from, to }) => from !== to)
}

function disable(is: ZabbixHost, device: string): HostChange {
  const { host, name } = is
  const tags = [...is.tags, { tag: GONE_TAG, value: 'true' }]
  const wanted = { host, name, address: is.agent?.address ?? '', tags, group: '', isEnabled: false }
  const changes = [{ field: 'status', from: statusOf(is.isEnabled), to: 'disabled' }]
  return { action: 'disable', device, host, changes, why: null, is, wanted }
}

function statusOf(isEnabled: boolean): string {
  return isEnabled ? 'enabled' : 'disabled'
}

function has({ tags }: Pick<ZabbixHost, 'tags'>, name: string): boolean {
  return tags.some(({ tag }) => tag === name)
}

function defaultName({ store, id }: Device): string {
  return `${store}-${id}`
}

/** Undefined where there is no expression; empty where the device has no value for it. */
function textOf(expression: Expression | undefined, fleet: Fleet, device: Device): string | undefined {
  const answer = expression?.evaluate(selectorScope(fleet, device))
  if (!answer) return undefined
  return answer.ok && typeof answer.value === 'string' ? answer.value : ''
}
