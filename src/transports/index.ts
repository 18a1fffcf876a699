import type { Transport } from '../core/ports.ts'
import { localTransport } from './local.ts'
import { createHandshakeGate } from './ssh/handshake-gate.ts'
import { sshTransport } from './ssh/ssh-transport.ts'

/** Every way to a device, by the name that the inventory gives it. `handshakes`: at most so many at once. */
export function openTransports(options: { readonly handshakes: number }): ReadonlyMap<string, Transport> {
  const transports = [sshTransport(createHandshakeGate(options.handshakes)), localTransport]
  return new Map(transports.map((transport) => [transport.name, transport]))
}
