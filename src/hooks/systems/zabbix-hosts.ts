import { batches } from '../../core/batches.ts'
import { isMap, type JsonObject } from '../../core/json.ts'
import { objectsOf } from '../payload.ts'
import type { Asked } from './ask-json.ts'
import { isSince, type ZabbixApi } from './zabbix-api.ts'
import { DEVICE_TAG } from './zabbix-maintenance.ts'

/** The tag by which a host says whose it is; its value is the key of the fleet, the first name that it had. */
export const FLEET_TAG = 'till.fleet'
/** On a host that was disabled since its device is in the inventory no more. */
export const GONE_TAG = 'till.gone'
/** What one call reads or writes: seconds of work for Zabbix. */
const READ_AT_ONCE = 1_000
export const WRITE_AT_ONCE = 100
const AGENT_PORT = '10050'
const AGENT = '1'
/** `evaltype` where one of several tags is enough. */
const ANY = 2

export interface Tag {
  readonly tag: string
  readonly value: string
}

/** A host of Zabbix, as far as it comes from the inventory. */
export interface ZabbixHost {
  readonly hostid: string
  readonly host: string
  readonly name: string
  readonly isEnabled: boolean
  readonly tags: readonly Tag[]
  readonly groups: readonly { readonly groupid: string; readonly name: string }[]
  /** Its first agent interface; undefined: it has none. */
  readonly agent: { readonly interfaceid: string; readonly address: string } | undefined
}

type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }

/** Hosts whose tag says that they are of a fleet that has any of these names, read a thousand at a time. */
export async function ownHosts(api: ZabbixApi, fleets: ReadonlySet<string>): Promise<Found<readonly ZabbixHost[]>> {
  const tags = [...fleets].map((value) => ({ tag: FLEET_TAG, value, operator: 1 }))
  const version = await api.version()
  if (!version.ok) return version
  const [groups, selectGroups] = isSince(version.value, [6, 2])
    ? (['hostgroups', 'selectHostGroups'] as const)
    : (['groups', 'selectGroups'] as const)
  const ids = await api.call('host.get', { output: ['hostid'], evaltype: ANY, tags })
  if (!ids.ok) return ids
  const hosts: ZabbixHost[] = []
  for (const hostids of batches(
    objectsOf(ids.value).map(({ hostid }) => String(hostid)),
    READ_AT_ONCE,
  )) {
    const read = await api.call('host.get', {
      hostids: [...hostids],
      output: ['hostid', 'host', 'name', 'status'],
      selectTags: ['tag', 'value'],
      selectInterfaces: ['interfaceid', 'type', 'main', 'useip', 'ip', 'dns'],
      [selectGroups]: ['groupid', 'name'],
    })
    if (!read.ok) return read
    hosts.push(...objectsOf(read.value).map((raw) => hostOf(raw, groups)))
  }
  return { ok: true, value: hosts }
}

/** Which of these names hosts have already, ours or not, as far as this account sees them. */
export async function takenNames(api: ZabbixApi, names: readonly string[]): Promise<Found<ReadonlySet<string>>> {
  const taken = new Set<string>()
  for (const host of batches(names, READ_AT_ONCE)) {
    const read = await api.call('host.get', { output: ['host'], filter: { host: [...host] } })
    if (!read.ok) return read
    for (const each of objectsOf(read.value)) taken.add(String(each['host']))
  }
  return { ok: true, value: taken }
}

/** Ids of host groups by name; those that are missing are made. */
export async function groupIds(api: ZabbixApi, names: readonly string[]): Promise<Found<ReadonlyMap<string, string>>> {
  const read = await api.call('hostgroup.get', { output: ['groupid', 'name'], filter: { name: [...names] } })
  if (!read.ok) return read
  const ids = new Map(objectsOf(read.value).map(({ groupid, name }) => [String(name), String(groupid)]))
  for (const name of names.filter((each) => !ids.has(each))) {
    const made = await api.call('hostgroup.create', { name })
    if (!made.ok) return made
    const [groupid] = isMap(made.value) && Array.isArray(made.value['groupids']) ? made.value['groupids'] : []
    ids.set(name, String(groupid))
  }
  return { ok: true, value: ids }
}

/** What hosts are to be like. */
export interface WantedHost {
  readonly host: string
  readonly name: string
  readonly address: string
  readonly tags: readonly Tag[]
  readonly groupids: readonly string[]
  readonly isEnabled: boolean
}

export function createHosts(api: ZabbixApi, hosts: readonly WantedHost[]): Promise<Asked> {
  const params = hosts.map((wanted) => ({ ...common(wanted), interfaces: [agentOf(wanted.address)] }))
  return api.call('host.create', params)
}

/** Updates hosts, and the addresses of those that have an agent interface. */
export async function updateHosts(
  api: ZabbixApi,
  hosts: readonly { readonly is: ZabbixHost; readonly wanted: WantedHost }[],
): Promise<Asked> {
  const updated = await api.call(
    'host.update',
    hosts.map(({ is, wanted }) => ({ hostid: is.hostid, ...common(wanted) })),
  )
  const moved = hosts.flatMap(({ is: { agent }, wanted }) => {
    if (!agent || agent.address === wanted.address) return []
    const { useip, ip, dns } = agentOf(wanted.address)
    return [{ interfaceid: agent.interfaceid, useip, ip, dns }]
  })
  if (!updated.ok || moved.length === 0) return updated
  return api.call('hostinterface.update', moved)
}

function common({ host, name, tags, groupids, isEnabled }: WantedHost) {
  return {
    host,
    name,
    status: isEnabled ? 0 : 1,
    tags: tags.map(({ tag, value }) => ({ tag, value })),
    groups: groupids.map((groupid) => ({ groupid })),
  }
}

function agentOf(address: string) {
  const isIp = /^[0-9.]+$/.test(address) || address.includes(':')
  const at = isIp ? { useip: 1, ip: address, dns: '' } : { useip: 0, ip: '', dns: address }
  return { type: 1, main: 1, port: AGENT_PORT, ...at }
}

function hostOf(raw: JsonObject, groups: string): ZabbixHost {
  const agent = objectsOf(raw['interfaces']).find(({ type, main }) => type === AGENT && main === '1')
  return {
    hostid: String(raw['hostid']),
    host: String(raw['host']),
    name: String(raw['name']),
    isEnabled: raw['status'] === '0',
    tags: objectsOf(raw['tags']).map(({ tag, value }) => ({ tag: String(tag), value: String(value) })),
    groups: objectsOf(raw[groups]).map(({ groupid, name }) => ({ groupid: String(groupid), name: String(name) })),
    agent: agent && {
      interfaceid: String(agent['interfaceid']),
      address: String(agent['useip'] === '1' ? agent['ip'] : agent['dns']),
    },
  }
}

/** Full name of the device that a host says it is. */
export function deviceOf({ tags }: Pick<ZabbixHost, 'tags'>): string | undefined {
  return tags.find(({ tag }) => tag === DEVICE_TAG)?.value
}
