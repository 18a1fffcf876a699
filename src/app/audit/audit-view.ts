import { hostname } from 'node:os'
import type { AuditRow } from '../../core/audit.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import { shortTime } from '../history/list-runs.ts'
import type { Project } from '../project.ts'
import { accountName } from '../run/account.ts'

/** Puts on record what somebody does by a command. */
export async function putOnRecord(project: Project, kind: string, about: JsonObject): Promise<void> {
  const store = await project.store()
  await store.audit.append({ at: new Date().toISOString(), kind, by: accountName(), host: hostname(), about })
}

const COLUMNS: readonly TableColumn<AuditRow>[] = [
  { title: 'ROW', value: ({ seq }) => String(seq), align: 'right' },
  { title: 'AT', value: ({ entry }) => shortTime(entry.at) },
  { title: 'WHAT', value: ({ entry }) => entry.kind },
  { title: 'BY', value: ({ entry }) => entry.by },
  { title: 'HOST', value: ({ entry }) => entry.host },
  { title: 'ABOUT', value: ({ entry }) => aboutText(entry.about), inFull: true },
]

export function auditTable(
  rows: readonly AuditRow[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(rows, COLUMNS, options).join('\n')}\n`
}

function aboutText(about: JsonObject): string {
  const said = Object.entries(about).filter(([, value]) => value !== null)
  return said.map(([name, value]) => `${name}: ${valueText(value)}`).join(', ')
}

function valueText(value: JsonValue): string {
  if (Array.isArray(value)) return value.map(valueText).join(' ')
  if (value === null || typeof value !== 'object') return String(value)
  const { name: called } = value as JsonObject
  if (typeof called === 'string') return called
  const counted = Object.entries(value).filter(([, count]) => count !== 0)
  return counted.map(([name, count]) => `${String(count)} ${name}`).join(' ')
}
