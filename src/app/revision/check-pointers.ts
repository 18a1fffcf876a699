import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { isLfsPointer, pointerDiagnostic } from '../../files/lfs-pointer.ts'
import type { Project } from '../project.ts'
import { keyFile } from '../reach/key-files.ts'
import { andMore } from './and-more.ts'

/**
 * Files by which devices, brokers and those that events are sent to are reached, and in whose place git keeps a pointer: nobody could log in, and of known_hosts each line
 * that is none is passed over, so that no device would be known.
 */
export function checkPointers(project: Project, { devices }: Fleet): readonly Diagnostic[] {
  const { root, settings, paths } = project
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
  const all = [...reached, ...ofStreams(project)]
  if (!isLfsPointer(paths.knownHosts)) return all
  const source = settings.placeOf(['known_hosts'])
  const known = pointerAt(settings.known_hosts, 'It has the host keys of devices.')
  return [{ ...known, ...(source && { source }) }, ...all]
}

/** Authorities of those that events are sent to, and that events come from. */
function ofStreams({ root, settings }: Project): readonly Diagnostic[] {
  const named = [
    ...settings.sinks().map(({ to, source }) => ({ of: to, source, detail: 'By it events are sent.' })),
    ...settings.sources().map(({ from, source }) => ({ of: from, source, detail: 'By it events are read.' })),
  ]
  return named.flatMap(({ of, source, detail }) => {
    const ca = 'ca' in of ? of.ca : undefined
    return ca !== undefined && isLfsPointer(keyFile(ca, root)) ? [{ ...pointerAt(ca, detail), source }] : []
  })
}

function pointerAt(path: string, detail: string): Diagnostic {
  return { ...pointerDiagnostic(path), detail }
}
