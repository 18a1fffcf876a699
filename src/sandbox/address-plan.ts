import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Ports below 1024 are root's. */
export const SSH_PORT = 2222
/** Of WinRM over HTTP. */
export const WINRM_PORT = 5985

const FIRST_NETWORK = 16
const NETWORKS = 230
/** 127.x.0.0 is nobody's, 127.x.0.1 the lock. */
const FIRST_HOST = 2
const HOSTS = 65_000

/** A range of loopback addresses that is this sandbox's alone while it lives. */
export interface Network {
  /** `127.83.` */
  readonly prefix: string
  /** The address of the nth device, or undefined when there are too many. */
  address(n: number): string | undefined
  release(): void
}

/** The same range for the same folder, as long as no other sandbox has it. Undefined when all are taken. */
export async function claimNetwork(folder: string): Promise<Network | undefined> {
  const first = createHash('sha256').update(folder).digest().readUInt16BE(0)
  for (let tries = 0; tries < NETWORKS; tries += 1) {
    const prefix = `127.${FIRST_NETWORK + ((first + tries) % NETWORKS)}.`
    const lock = await listen(`${prefix}0.1`)
    if (lock === undefined) continue
    return {
      prefix,
      address: (n) => (n >= HOSTS ? undefined : `${prefix}${(n + FIRST_HOST) >> 8}.${(n + FIRST_HOST) & 255}`),
      release: () => {
        lock.close()
      },
    }
  }
  return undefined
}

function listen(host: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen({ host, port: SSH_PORT }, () => resolve(server))
  })
}
