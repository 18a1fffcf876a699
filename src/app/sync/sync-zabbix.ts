import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { type ZabbixApi, zabbixApi } from '../../hooks/systems/zabbix-api.ts'
import {
  batches,
  createHosts,
  groupIds,
  ownHosts,
  takenNames,
  updateHosts,
  type WantedHost,
  WRITE_AT_ONCE,
} from '../../hooks/systems/zabbix-hosts.ts'
import { readToken } from '../hooks/open-systems.ts'
import type { Project } from '../project.ts'
import { type HostChange, planHosts, wantedNames } from './zabbix-plan.ts'

/** What hosts of Zabbix are to become, and how it is carried out. */
export interface ZabbixSync {
  readonly changes: readonly HostChange[]
  readonly unchanged: number
  /** Carries it out; gives what Zabbix refused, in its own words, by full name of the device. */
  apply(): Promise<ReadonlyMap<string, string>>
}

/** Hundreds of hosts in one call take a server of Zabbix a while. */
const TIMEOUT_MS = 120_000
const OLDEST = [6, 0] as const

/** Compares the hosts of Zabbix with the inventory; writes nothing. Throws InputError where Zabbix cannot be asked. */
export async function syncZabbix(project: Project, fleet: Fleet): Promise<ZabbixSync> {
  const system = project.settings.hooks().systems.find(({ source }) => source === 'zabbix')
  if (!system)
    throw refused('No Zabbix is named', 'Name it in tillwright.yaml: hooks.systems.zabbix, with url and token.')
  const token = await readToken(project, system)
  if (!token.ok) throw refused(token.why.replace(/\.$/, ''))
  const api = zabbixApi({ url: system.url, token: token.token, timeoutMs: TIMEOUT_MS })
  const version = known(await api.version())
  const [major, minor] = version
  if (major < OLDEST[0]) throw refused(`This is Zabbix ${major}.${minor}, and hosts are made from 6.0 on`)
  const own = known(await ownHosts(api, fleet.name))
  const taken = known(await takenNames(api, wantedNames(fleet, system.hosts)))
  const plan = planHosts(fleet, system.hosts, { own, taken })
  return { ...plan, apply: () => carryOut(api, plan.changes) }
}

async function carryOut(api: ZabbixApi, all: readonly HostChange[]): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>()
  const changes = all.filter(({ wanted }) => wanted !== undefined)
  const names = [...new Set(changes.flatMap(({ wanted }) => (wanted?.group ? [wanted.group] : [])))]
  const groups = names.length === 0 ? new Map<string, string>() : known(await groupIds(api, names))
  const [older, newer] = [changes.filter(({ action }) => action !== 'create'), changes.filter(isNew)]
  for (const batch of [...batches(older, WRITE_AT_ONCE), ...batches(newer, WRITE_AT_ONCE)]) {
    const answer = await write(api, batch, groups)
    if (!answer.ok) await oneByOne(api, batch, { groups, failed })
  }
  return failed
}

function isNew({ action }: HostChange): boolean {
  return action === 'create'
}

/** One bad host makes Zabbix refuse all of a call: then each is tried by itself, unless it is none of theirs. */
async function oneByOne(
  api: ZabbixApi,
  batch: readonly HostChange[],
  { groups, failed }: { readonly groups: ReadonlyMap<string, string>; readonly failed: Map<string, string> },
): Promise<void> {
  for (const change of batch) {
    const answer = await write(api, [change], groups)
    if (answer.ok) continue
    if (/permission|authori[sz]ed|cannot be reached/i.test(answer.why)) throw refused(`Zabbix: ${answer.why}`)
    failed.set(change.device, answer.why)
  }
}

function write(api: ZabbixApi, batch: readonly HostChange[], groups: ReadonlyMap<string, string>) {
  const wanted = batch.flatMap((change) => {
    const host = hostFor(change, groups)
    return host ? [{ change, host }] : []
  })
  if (batch[0]?.action === 'create')
    return createHosts(
      api,
      wanted.map(({ host }) => host),
    )
  return updateHosts(
    api,
    wanted.flatMap(({ change: { is }, host }) => (is ? [{ is, wanted: host }] : [])),
  )
}

/** Groups that a host is in already stay. */
function hostFor({ wanted, is }: HostChange, groups: ReadonlyMap<string, string>): WantedHost | undefined {
  if (!wanted) return undefined
  const { group, ...rest } = wanted
  const groupid = groups.get(group)
  const groupids = new Set([
    ...(is?.groups ?? []).map((each) => each.groupid),
    ...(groupid === undefined ? [] : [groupid]),
  ])
  return { ...rest, groupids: [...groupids] }
}

function known<T>(asked: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }): T {
  if (asked.ok) return asked.value
  throw refused(`Zabbix: ${asked.why}`)
}

function refused(summary: string, detail?: string): InputError {
  return new InputError([
    { code: 'MONITORING_REFUSED', severity: 'error', summary, ...(detail !== undefined && { detail }) },
  ])
}
