import type { Device } from '../../core/fleet.ts'
import { hostKeyLookup } from '../../transports/known-hosts.ts'
import type { Project } from '../project.ts'

const SSH_PORT = 22

/** The host keys that known_hosts has for a device that is reached over SSH. */
export function recordedKeys(project: Project): (device: Device) => readonly string[] {
  const lookup = hostKeyLookup(project.paths.knownHosts)
  return ({ address, transport }) =>
    transport.type === 'ssh' && address !== '' ? lookup(address, transport.port ?? SSH_PORT) : []
}
