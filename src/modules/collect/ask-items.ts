import type { Failure } from '../../core/failure.ts'
import type { OsFamily } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Module, ModuleContext } from '../../core/module.ts'
import { disk } from '../disk.ts'
import { facts } from '../facts/facts.ts'
import { packageModule } from '../package/package.ts'
import { processModule } from '../process.ts'
import { service } from '../service/service.ts'
import { isMissing } from '../service/service-state.ts'
import type { CollectParams, EventLogItem, JournalItem, LogItem, Raw } from './collect-params.ts'
import { readText, readUnit } from './posix.ts'
import { readEvents, readWindowsText } from './windows.ts'

/** One thing that is asked for. */
export interface AskedItem {
  readonly kind: string
  readonly name: string
  ask(context: ModuleContext, bytes: number): Promise<Raw>
}

/** What is asked of a device with that system, in the order in which it stands in the bundle. What belongs to another is left out. */
export function itemsFor(params: CollectParams, system: OsFamily): readonly AskedItem[] {
  const isWindows = system === 'windows'
  const isHere = ({ path }: { readonly path: string }): boolean => path.startsWith('/') !== isWindows
  const read = isWindows ? readWindowsText : readText
  const logs = (params.logs ?? []).map((log): LogItem => (typeof log === 'string' ? { path: log } : log))
  const files = (params.files ?? []).map((path): LogItem => ({ path }))
  const units = (isWindows ? [] : (params.journal ?? [])).map(
    (one): JournalItem => (typeof one === 'string' ? { unit: one } : one),
  )
  const eventLogs = (isWindows ? (params.event_logs ?? []) : []).map(
    (one): EventLogItem => (typeof one === 'string' ? { name: one } : one),
  )
  const disks = (params.disks ?? []).map((path) => ({ path }))
  return [
    ...(params.facts ? [look('facts', '', facts, {})] : []),
    ...disks.filter(isHere).map(({ path }) => look('disk', path, disk, { path, free_min: '0%' })),
    ...(params.packages ?? []).map((name) => look('package', name, packageModule, { name })),
    ...(params.services ?? []).map((name) =>
      look('service', name, service, { name, state: 'stopped', ...(!isWindows && { stable_for: '0s' }) }),
    ),
    ...(params.processes ?? []).map((name) => look('process', name, processModule, { name })),
    ...files.filter(isHere).map((file) => ({
      kind: 'file',
      name: file.path,
      ask: (context: ModuleContext, bytes: number) => read(context, file, { bytes, end: false }),
    })),
    ...logs.filter(isHere).map((log) => ({
      kind: 'log',
      name: log.path,
      ask: (context: ModuleContext, bytes: number) => read(context, log, { bytes, end: true }),
    })),
    ...units.map((unit) => ({
      kind: 'journal',
      name: unit.unit,
      ask: (context: ModuleContext, bytes: number) => readUnit(context, unit, bytes),
    })),
    ...eventLogs.map((events) => ({
      kind: 'event_log',
      name: events.name,
      ask: (context: ModuleContext, bytes: number) => readEvents(context, events, bytes),
    })),
  ]
}

/** What another module sees, without holding it against anything. */
function look(kind: string, name: string, module: Module, params: JsonObject): AskedItem {
  return {
    kind,
    name,
    async ask(context) {
      const seen = await module.observe(context, params)
      if (!seen.ok) return unseen(seen.failure)
      const { value } = seen.value
      return kind === 'package' && (value as JsonObject)['version'] === null
        ? { kind: 'absent' }
        : { kind: 'value', value }
    },
  }
}

/** That there is no such service, or that it could not be what nobody wants here, is an answer. */
function unseen(failure: Failure): Raw {
  const { code, message } = failure
  if (isMissing(failure)) return { kind: 'absent' }
  return code === 'STATE_IMPOSSIBLE' ? { kind: 'value', value: { says: message } } : { kind: 'unread', why: message }
}
