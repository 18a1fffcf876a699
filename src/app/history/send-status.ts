import { RunBroken, usageError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { sendToZabbix, ZABBIX_PORT, type ZabbixAnswer } from '../../reporters/zabbix-sender.ts'
import type { Project } from '../project.ts'
import type { KnownState } from './device-status.ts'
import { pushToZabbix } from './push-status.ts'
import { zabbixValues } from './status-for-monitoring.ts'

/** How the host is called in Zabbix whose items the values are, unless it is said. */
export const DEFAULT_HOST = 'tillwright'

/** Begins what the API is to be given to, in place of a trapper. */
const BY_API = 'zabbix-api:'

/** Sends known states to a Zabbix server, by its trapper or its API. Throws InputError for an address that is none, RunBroken where it cannot be reached. */
export async function sendStatus(
  to: string,
  {
    known,
    fleet,
    now,
    project,
  }: {
    readonly known: readonly KnownState[]
    readonly fleet: Fleet
    readonly now: Date
    readonly project: Project
  },
): Promise<ZabbixAnswer> {
  if (to.startsWith(BY_API)) {
    const host = to.slice(BY_API.length)
    return pushToZabbix(project, zabbixValues(known, { fleet, host: host === '' ? DEFAULT_HOST : host, now }))
  }
  const { host, port, item } = parseTarget(to)
  try {
    return await sendToZabbix({ host, port }, zabbixValues(known, { fleet, host: item, now }))
  } catch (error) {
    const summary = `The Zabbix server "${host}:${port}" could not be told: ${(error as Error).message}`
    const detail = `Is it the address of the server or a proxy of Zabbix, and may this machine reach its trapper? Another way: --send ${BY_API}HOST.`
    throw new RunBroken([{ code: 'MONITORING_UNREACHABLE', severity: 'error', summary, detail }])
  }
}

function parseTarget(to: string): { readonly host: string; readonly port: number; readonly item: string } {
  const url = URL.canParse(to) ? new URL(to) : undefined
  if (url?.protocol === 'zabbix:' && url.hostname !== '') {
    const item = decodeURIComponent(url.pathname.slice(1))
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    return { host, port: url.port === '' ? ZABBIX_PORT : Number(url.port), item: item === '' ? DEFAULT_HOST : item }
  }
  const detail =
    'It is zabbix://SERVER:PORT/HOST, as in zabbix://zabbix.example:10051/tillwright, or zabbix-api:HOST for the API of hooks.systems.zabbix.'
  throw usageError(`--send does not know "${to}"`, detail)
}
