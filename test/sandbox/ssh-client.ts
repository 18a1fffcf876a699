import { readFileSync } from 'node:fs'
import ssh2 from 'ssh2'
import type { SandboxOverlay } from '../../src/sandbox/index.ts'

export interface Ran {
  readonly code: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/** Connects to a device of a sandbox; its host key has to be the recorded one. Rejects with ssh2's error. */
export function connectTo(overlay: SandboxOverlay, device: string, timeoutMs = 20_000): Promise<ssh2.Client> {
  const place = overlay.devices[device]
  if (!place) throw new Error(`no ${device}`)
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client))
    client.on('error', reject)
    client.once('close', () => reject(new Error('closed')))
    client.connect({
      host: place.address,
      port: place.port,
      username: overlay.user,
      privateKey: readFileSync(overlay.key),
      readyTimeout: timeoutMs,
      hostVerifier: (key: Buffer) => `ssh-ed25519 ${key.toString('base64')}` === place.host_key,
    })
  })
}

/** Runs a command with a text on its stdin. Rejects when the connection goes away first. */
export function execOn(client: ssh2.Client, command: string, input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    client.once('close', () => reject(new Error('the connection closed')))
    client.exec(command, (error, channel) => {
      if (error) return reject(error)
      let code: number | string | null = null
      let [stdout, stderr] = ['', '']
      channel.on('data', (chunk: Buffer) => {
        stdout += chunk.toString('latin1')
      })
      channel.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString('latin1')
      })
      channel.on('exit', (exit: number | null, signal?: string) => {
        code = exit ?? signal ?? null
      })
      channel.on('close', () => resolve({ code, stdout, stderr }))
      channel.end(input)
    })
  })
}

/** One connection, one command. */
export async function runOn(overlay: SandboxOverlay, device: string, command: string, input = ''): Promise<Ran> {
  const client = await connectTo(overlay, device)
  try {
    return await execOn(client, command, input)
  } finally {
    client.end()
  }
}
