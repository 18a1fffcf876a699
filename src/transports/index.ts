import type { Transport } from '../core/transport.ts'
import { deferredTransport } from './deferred.ts'
import { localTransport } from './local.ts'
import type { HandshakeGate } from './ssh/handshake-gate.ts'
import { sshTransport } from './ssh/ssh-transport.ts'

export { createHandshakeGate, type HandshakeGate } from './ssh/handshake-gate.ts'

/**
 * Every way to a device, by the name that the inventory gives it. Logins pass through `gate`. `warn` is told, once, what of
 * our own does not work on this machine.
 */
export function openTransports(gate: HandshakeGate, warn?: (text: string) => void): ReadonlyMap<string, Transport> {
  const ssh = sshTransport(gate, warn)
  const winrm = deferredTransport('winrm', async () => {
    const { winrmTransport } = await import('./winrm/winrm-transport.ts')
    return winrmTransport({ gate, wayTo: ssh.wayTo })
  })
  const openssh = deferredTransport('openssh', async () => {
    const { opensshTransport } = await import('./openssh/openssh-transport.ts')
    return opensshTransport(gate)
  })
  const transports = [ssh, openssh, localTransport, winrm]
  return new Map(transports.map((transport) => [transport.name, transport]))
}

/** Waits for what closed connections still have to clean up on their devices. */
export async function drained(transports: ReadonlyMap<string, Transport>): Promise<void> {
  await Promise.all([...transports.values()].map((transport) => transport.drained?.()))
}
