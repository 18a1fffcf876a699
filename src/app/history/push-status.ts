import { batches } from '../../core/batches.ts'
import { RunBroken, usageError } from '../../core/diagnostic.ts'
import { isMap, type JsonValue } from '../../core/json.ts'
import { isSince, zabbixApi } from '../../hooks/systems/zabbix-api.ts'
import type { ZabbixAnswer, ZabbixValue } from '../../reporters/zabbix-sender.ts'
import { readToken } from '../hooks/open-systems.ts'
import type { Project } from '../project.ts'

const AT_ONCE = 1_000
const TIMEOUT_MS = 60_000
const OLDEST = [7, 0] as const

/**
 * Gives values to a Zabbix server by its API (zabbix.com/documentation/7.0, history.push), where the port of its trapper cannot be reached.
 * Throws InputError where tillwright.yaml names none, RunBroken where it cannot be told.
 */
export async function pushToZabbix(project: Project, values: readonly ZabbixValue[]): Promise<ZabbixAnswer> {
  const system = project.settings.hooks().systems.find(({ source }) => source === 'zabbix')
  if (!system)
    throw usageError(
      '--send zabbix-api: no Zabbix is named',
      'Name it: hooks.systems.zabbix of tillwright.yaml, with url and token.',
    )
  const token = await readToken(project, system)
  if (!token.ok) throw untold(token.why)
  const api = zabbixApi({ url: system.url, token: token.token, timeoutMs: TIMEOUT_MS })
  const version = await api.version()
  if (!version.ok) throw untold(version.why)
  if (!isSince(version.value, OLDEST)) {
    const detail = 'Send to its trapper: --send zabbix://SERVER:10051/HOST.'
    throw usageError(`This is Zabbix ${version.value.join('.')}, and its API takes values from 7.0 on`, detail)
  }
  let [processed, failed] = [0, 0]
  for (const data of batches(values, AT_ONCE)) {
    const told = await api.call(
      'history.push',
      data.map((value) => ({ ...value })),
    )
    if (!told.ok) throw untold(told.why)
    const refused = refusedOf(told.value, data.length)
    processed += data.length - refused
    failed += refused
  }
  return { processed, failed }
}

/** How many of the values were not taken: each has an answer of its own, with an error or without. */
function refusedOf(answer: JsonValue, sent: number): number {
  const { response, data, error } = isMap(answer) ? answer : {}
  if (response !== 'success' || !Array.isArray(data) || data.length !== sent)
    throw untold(typeof error === 'string' ? error : 'its answer is not that of history.push')
  return data.filter((one) => !isMap(one) || one['error'] !== undefined).length
}

function untold(why: string): RunBroken {
  const summary = `Zabbix could not be told by its API: ${why.replace(/\.$/, '')}`
  return new RunBroken([{ code: 'MONITORING_UNREACHABLE', severity: 'error', summary }])
}
