import type { Device, Fleet } from '../../core/fleet.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import { grouped } from '../../core/grouped.ts'
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

/** Value of the tag of a device that is gone: somebody had disabled the host before. */
const WAS_DISABLED = 'was-disabled'
const HOST_NAME = /^[A-Za-z0-9._ -]{1,128}$/

/** What hosts are to become by the inventory. Pure. `taken`: technical names that hosts have, whoever made them; `partial`: why the inventory may lack devices. */
export function planHosts(
  fleet: Fleet,
  settings: HostSettings | undefined,
  of: {
    readonly key: FleetKey
    readonly own: readonly ZabbixHost[]
    readonly taken: ReadonlySet<string>
    readonly partial?: string | undefined
  },
): { readonly changes: readonly HostChange[]; readonly unchanged: number } {
  const byDevice = grouped(of.own, (host) => deviceOf(host) ?? '')
  const ownNames = new Set(of.own.map(({ host }) => host))
  const claimed = new Map<string, string>()
  const changes: HostChange[] = []
  let unchanged = 0
  for (const device of fleet.devices.values()) {
    const { is, others } = claimantsOf(device.name, byDevice.get(device.name) ?? [], nameOf(fleet, settings, device))
    changes.push(...others)
    if (others.length > 0 && !is) continue
    const change = changeOf(wantedOf(fleet, device, { key: of.key, settings, is }), {
      device: device.name,
      is,
      claimed,
      isTaken: (host) => of.taken.has(host) && !ownNames.has(host),
    })
    if (change) changes.push(change)
    else unchanged += 1
  }
  for (const [device, hosts] of byDevice) {
    if (fleet.devices.has(device)) continue
    const staying = hosts.filter((is) => device !== '' && goneOf(is) !== undefined)
    unchanged += staying.length
    const leaving = hosts.filter((is) => !staying.includes(is))
    const { partial } = of
    const gone = partial === undefined ? disable : (is: ZabbixHost) => mayBeThere(is, device, partial)
    changes.push(...leaving.map((is) => (device === '' ? ofNoDevice(is) : gone(is, device))))
  }
  return { changes, unchanged }
}

/** Of hosts that say they are a device, the one that is: Zabbix's Clone copies tags, too. */
function claimantsOf(device: string, hosts: readonly ZabbixHost[], name: string) {
  const is = hosts.length > 1 ? hosts.find(({ host }) => host === name) : hosts[0]
  return { is, others: hosts.filter((host) => host !== is).map((host) => anotherOf(device, host, is)) }
}

function anotherOf(device: string, { host }: ZabbixHost, is: ZabbixHost | undefined): HostChange {
  const other = is
    ? `Another host, "${is.host}", says that it is ${device}`
    : `Several hosts say that they are ${device}`
  const why = `${other}: take the tags ${FLEET_TAG} and ${DEVICE_TAG} from ${is ? 'this one' : 'all of them but one'}.`
  return { action: 'refused', device, host, changes: [], why }
}

function ofNoDevice({ host }: ZabbixHost): HostChange {
  const why = `It has the tag ${FLEET_TAG}, and none that says which device it is: give it ${DEVICE_TAG}, or take ${FLEET_TAG} from it.`
  return { action: 'refused', device: '', host, changes: [], why }
}

/** In half an inventory what is missing may be in the other half. */
function mayBeThere({ host }: ZabbixHost, device: string, why: string): HostChange {
  return { action: 'refused', device, host, changes: [], why }
}

/** Technical names that the inventory wants for its hosts. */
export function wantedNames(fleet: Fleet, settings: HostSettings | undefined): readonly string[] {
  return [...fleet.devices.values()].map((device) => nameOf(fleet, settings, device))
}

function wantedOf(
  fleet: Fleet,
  device: Device,
  {
    key,
    settings,
    is,
  }: { readonly key: FleetKey; readonly settings: HostSettings | undefined; readonly is: ZabbixHost | undefined },
): Wanted {
  const ours = [
    { tag: FLEET_TAG, value: key },
    { tag: DEVICE_TAG, value: device.name },
    { tag: 'till.store', value: device.store },
    { tag: 'till.kind', value: device.kind },
    { tag: 'till.profile', value: device.profile },
  ]
  // Tags of other people stay as they are.
  const others = (is?.tags ?? []).filter(({ tag }) => tag !== GONE_TAG && ours.every((own) => own.tag !== tag))
  return {
    host: nameOf(fleet, settings, device),
    name: device.name,
    address: device.address,
    tags: [...ours, ...others],
    group: textOf(settings?.group, fleet, device) ?? `Tillwright/${device.region}`,
    // One that somebody has disabled stays so; one that was disabled since its device was gone is back.
    isEnabled: is === undefined || is.isEnabled || ![undefined, WAS_DISABLED].includes(goneOf(is)),
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
  const known = is.groups.map(({ name }) => name)
  const fields: readonly FieldChange[] = [
    { field: 'host', from: is.host, to: wanted.host },
    { field: 'name', from: is.name, to: wanted.name },
    // Who has taken the agent's interface away wants none.
    { field: 'address', from: is.agent?.address ?? wanted.address, to: wanted.address },
    { field: 'tags', from: tagsText(is.tags), to: tagsText(wanted.tags) },
    { field: 'group', from: known.includes(wanted.group) ? wanted.group : known.join(', '), to: wanted.group },
    { field: 'status', from: statusOf(is.isEnabled), to: statusOf(wanted.isEnabled) },
  ]
  return fields.filter(({ from, to }) => from !== to)
}

function disable(is: ZabbixHost, device: string): HostChange {
  const { host, name } = is
  const tags = [...is.tags, { tag: GONE_TAG, value: is.isEnabled ? 'true' : WAS_DISABLED }]
  const wanted = { host, name, address: is.agent?.address ?? '', tags, group: '', isEnabled: false }
  const changes = is.isEnabled
    ? [{ field: 'status', from: 'enabled', to: 'disabled' }]
    : [{ field: 'tags', from: tagsText(is.tags), to: tagsText(tags) }]
  return { action: 'disable', device, host, changes, why: null, is, wanted }
}

function statusOf(isEnabled: boolean): string {
  return isEnabled ? 'enabled' : 'disabled'
}

function tagsText(tags: readonly Tag[]): string {
  return tags
    .map(({ tag, value }) => `${tag}=${value}`)
    .sort()
    .join(', ')
}

/** What it says of its device that is gone; undefined: nothing. */
function goneOf({ tags }: Pick<ZabbixHost, 'tags'>): string | undefined {
  return tags.find(({ tag }) => tag === GONE_TAG)?.value
}

function nameOf(fleet: Fleet, settings: HostSettings | undefined, device: Device): string {
  return textOf(settings?.name, fleet, device) ?? `${device.store}-${device.id}`
}

/** Undefined where there is no expression; empty where the device has no value for it. */
function textOf(expression: Expression | undefined, fleet: Fleet, device: Device): string | undefined {
  const answer = expression?.evaluate(selectorScope(fleet, device))
  if (!answer) return undefined
  return answer.ok && typeof answer.value === 'string' ? answer.value : ''
}
