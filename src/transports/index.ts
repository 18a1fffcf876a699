import type { Transport } from '../core/ports.ts'
import { localTransport } from './local.ts'
import type { HandshakeGate } from './ssh/handshake-gate.ts'
import { sshTransport } from './ssh/ssh-transport.ts'

export { createHandshakeGate, type HandshakeGate } from './ssh/handshake-gate.ts'

/** Every way to a device, by the name that the inventory gives it. Logins pass through `gate`. */
export function openTransports(gate: HandshakeGate): ReadonlyMap<string, Transport> {
  const transports = [sshTransport(gate), localTransport]
  return new Map(transports.map((transport) => [transport.name, transport]))
}
