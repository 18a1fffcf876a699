import type { FleetKey } from '../../core/fleet-key.ts'
import type { SilenceMark } from './system.ts'

/** Who has made a silence, as Alertmanager names its authors and names of maintenances in Zabbix begin. */
export const CREATOR = 'Tillwright'

const MARK = /\[till:([^/\s\]]+)\/([^/\s\]]+)\/([^/\s\]]+)\/([^/\s\]]+)\]\s*$/

/** The last line of a comment, by which a silence is known again, whatever became of the process that made it. */
export function withMark(comment: string, { authority, fleet, run, device }: SilenceMark): string {
  return `${comment}\n[till:${[authority, fleet, run, device].map(encodeURIComponent).join('/')}]`
}

/** Undefined: it is none of Tillwright's. */
export function markOf(comment: string): SilenceMark | undefined {
  const found = MARK.exec(comment)
  if (!found) return undefined
  try {
    const [authority = '', fleet = '', run = '', device = ''] = found.slice(1).map(decodeURIComponent)
    return { authority, fleet: fleet as FleetKey, run, device }
  } catch {
    return undefined
  }
}
