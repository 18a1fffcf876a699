import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { isLfsPointer, pointerDiagnostic } from '../../files/lfs-pointer.ts'
import type { Project } from '../project.ts'
import { keyFile } from '../reach/key-files.ts'
import { andMore } from './and-more.ts'

/**
 * Files by which devices are reached, and in whose place git keeps a pointer: nobody could log in, and of known_hosts each line
 * that is none is passed over, so that no device would be known.
 */
export function checkPointers({ root, settings, paths }: Project, { devices }: Fleet): readonly Diagnostic[] {
  const users = new Map<string, string[]>()
  for (const { name, transport } of devices.values()) {
    const { keys = [], ca, client_certificate, client_key } = transport
    for (const file of [...keys, ca, client_certificate, client_key]) {
      if (file === undefined) continue
      const known = users.get(file)
      if (known) known.push(name)
      else users.set(file, [name])
    }
  }
  const reached = [...users].flatMap(([file, names]) =>
    isLfsPointer(keyFile(file, root)) ? [pointerAt(file, `By it ${andMore(names)} would be reached.`)] : [],
  )
  if (!isLfsPointer(paths.knownHosts)) return reached
  const source = settings.placeOf(['known_hosts'])
  const known = pointerAt(settings.known_hosts, 'It has the host keys of devices.')
  return [{ ...known, ...(source && { source }) }, ...reached]
}

function pointerAt(path: string, detail: string): Diagnostic {
  return { ...pointerDiagnostic(path), detail }
}
