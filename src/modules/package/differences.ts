import type { Change } from '../../core/change.ts'
import { isVersion } from '../../devices/package/package-manager.ts'
import type { PackageParams, State } from './package-state.ts'

/** What differs from what is desired. */
export function differences(params: PackageParams, state: State): readonly Change[] {
  const unfinished: Change[] = state.unfinished ? [{ path: 'unfinished', before: true, after: false }] : []
  return [...unfinished, ...inVersion(params, state), ...inHold(params, state)]
}

function inHold({ hold }: PackageParams, { held }: State): readonly Change[] {
  if (hold === undefined || held === undefined || held === (hold ? 'yes' : 'no')) return []
  return [{ path: 'hold', before: held === 'other' ? 'another version' : held === 'yes', after: hold }]
}

function inVersion(params: PackageParams, state: State): readonly Change[] {
  const { version } = params
  const [found = null] = state.installed
  if (params.state === 'absent') {
    const there = found !== null || state.broken
    return there ? [{ path: 'state', before: state.broken ? 'broken' : 'present', after: 'absent' }] : []
  }
  if (state.broken) return [{ path: 'state', before: 'broken', after: 'present' }]
  if (version !== undefined) {
    const isThere = state.installed.some((full) => isInstalled(version, full, state))
    return isThere ? [] : [{ path: 'version', before: found, after: version }]
  }
  return found === null ? [{ path: 'state', before: 'absent', after: 'present' }] : []
}

/** Installers of Windows often add a fourth number that nobody speaks of. */
function isInstalled(desired: string, full: string, state: State): boolean {
  if (state.manager !== 'msi') return isVersion(desired, full)
  return full === desired || (/^\d+\.\d+\.\d+$/.test(desired) && full.startsWith(`${desired}.`))
}
