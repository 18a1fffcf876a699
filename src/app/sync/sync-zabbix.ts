import { batches } from '../../core/batches.ts'
import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Asked } from '../../hooks/systems/ask-json.ts'
import { isSince, type ZabbixApi, zabbixApi } from '../../hooks/systems/zabbix-api.ts'
import {
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
import { whyInventoryIsPartial } from '../revision/check-work-tree.ts'
import { type HostChange, planHosts, wantedNames } from './zabbix-plan.ts'

/** What hosts of Zabbix are to become, and how it is carried out. */
export interface ZabbixSync {
  readonly changes: readonly HostChange[]
  readonly unchanged: number
  /** Carries it out; `tell` hears how many hosts of all are done. */
  apply(tell: (done: number, all: number) => void): Promise<Applied>
}

/** What was not carried out. */
export interface Applied {
  /** What Zabbix refused, in its own words, by full name of the device. */
  readonly failed: ReadonlyMap<string, string>
  /** Why it was not gone on with, by full name of each device that was left; the first ones may be changed or not. */
  readonly left: ReadonlyMap<string, string>
  /** Undefined: it came to its end. */
  readonly stopped: string | undefined
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
  if (!isSince(version, OLDEST)) throw refused(`This is Zabbix ${major}.${minor}, and hosts are made from 6.0 on`)
  const { fleets } = await project.store()
  const key = await fleets.keyOf(fleet)
  // Also by the name of today: where the state is another one than last time, it is all that is known.
  const own = known(await ownHosts(api, new Set([key, fleet.name])))
  const taken = known(await takenNames(api, wantedNames(fleet, system.hosts)))
  const partial = await whyInventoryIsPartial(project)
  const plan = planHosts(fleet, system.hosts, { key, own, taken, partial })
  return { ...plan, apply: (tell) => carryOut(api, plan.changes, tell) }
}

async function carryOut(
  api: ZabbixApi,
  all: readonly HostChange[],
  tell: (done: number, all: number) => void,
): Promise<Applied> {
  const failed = new Map<string, string>()
  const changes = all.filter(({ wanted }) => wanted !== undefined)
  const names = [...new Set(changes.flatMap(({ wanted }) => (wanted?.group ? [wanted.group] : [])))]
  const groups = names.length === 0 ? new Map<string, string>() : known(await groupIds(api, names))
  const [older, newer] = [changes.filter(({ action }) => action !== 'create'), changes.filter(isNew)]
  const left = new Map<string, string>()
  let stopped: string | undefined
  let done = 0
  for (const batch of [...batches(older, WRITE_AT_ONCE), ...batches(newer, WRITE_AT_ONCE)]) {
    if (stopped !== undefined) {
      for (const { device } of batch) left.set(device, `It was not tried, since Zabbix failed before: ${stopped}`)
      continue
    }
    const end = await writeBatch(api, batch, { groups, failed })
    stopped = end.stopped
    for (const { device } of end.left) left.set(device, stopped ?? '')
    done += batch.length - end.left.length
    tell(done, changes.length)
  }
  return { failed, left, stopped }
}

function isNew({ action }: HostChange): boolean {
  return action === 'create'
}

interface BatchEnd {
  readonly stopped?: string
  readonly left: readonly HostChange[]
}

/** Refusals that are not about one host: others would be refused as well. */
const REFUSES_ALL = /not authori[sz]ed|session terminated|no permissions to call/i

/**
 * One bad host makes Zabbix refuse all of a call: then each is tried by itself. Where Zabbix did not answer, that would be a
 * hundred times as long a wait.
 */
async function writeBatch(
  api: ZabbixApi,
  batch: readonly HostChange[],
  { groups, failed }: { readonly groups: ReadonlyMap<string, string>; readonly failed: Map<string, string> },
): Promise<BatchEnd> {
  const together = await write(api, batch, groups)
  if (together.ok) return { left: [] }
  if (!isAboutHosts(together)) return { stopped: together.why, left: batch }
  for (const [index, change] of batch.entries()) {
    const answer = await write(api, [change], groups)
    if (answer.ok) continue
    if (!isAboutHosts(answer)) return { stopped: answer.why, left: batch.slice(index) }
    failed.set(change.device, answer.why)
  }
  return { left: [] }
}

function isAboutHosts({ isRefusal, why }: Asked & { readonly ok: false }): boolean {
  return isRefusal === true && !REFUSES_ALL.test(why)
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
