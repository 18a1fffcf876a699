import { closeSync, openSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What can be asked of a running sandbox. */
export type ControlRequest = { readonly ask: 'status' } | { readonly ask: 'fault'; readonly faults: readonly string[] }

export interface SandboxStatus {
  readonly pid: number
  readonly started_at: string
  readonly devices: number
  /** Of the devices: those that imitate Windows. */
  readonly windows: number
  readonly printers: number
  readonly listeners: number
  readonly workers: number
  readonly connections: number
  readonly sessions: number
  /** Programs that were run since the start. */
  readonly served: number
  /** Devices by fault. */
  readonly faults: Readonly<Record<string, number>>
}

export type ControlAnswer =
  | { readonly ok: true; readonly status: SandboxStatus }
  | { readonly ok: false; readonly problem: string }

/** Paths of sockets end at 107 bytes (unix(7)); by way of an open folder any folder is near enough. */
function socketPath(folder: number): string {
  return `/proc/self/fd/${folder}/control`
}

/** Answers requests, a line of JSON each, from whoever may enter the folder. */
export async function openControl(
  folder: string,
  answer: (request: ControlRequest) => Promise<ControlAnswer>,
): Promise<{ close(): void }> {
  rmSync(join(folder, 'control'), { force: true })
  const handle = openSync(folder, 'r')
  const server = createServer((socket) => void converse(socket, answer))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath(handle), resolve)
  })
  return { close: () => closeBoth(server, handle) }
}

function closeBoth(server: Server, handle: number): void {
  server.close(() => closeSync(handle))
}

async function converse(socket: Socket, answer: (request: ControlRequest) => Promise<ControlAnswer>): Promise<void> {
  socket.on('error', () => socket.destroy())
  for await (const line of createInterface({ input: socket })) {
    socket.end(`${JSON.stringify(await answer(JSON.parse(line) as ControlRequest))}\n`)
    return
  }
}

/** Asks the sandbox of a folder; undefined when none listens there. */
export async function askSandbox(folder: string, request: ControlRequest): Promise<ControlAnswer | undefined> {
  let handle: number
  try {
    handle = openSync(folder, 'r')
  } catch {
    return undefined
  }
  try {
    return await new Promise((resolve) => {
      const socket = connect(socketPath(handle))
      let text = ''
      socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`))
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', () => resolve(undefined))
      socket.on('end', () => resolve(text === '' ? undefined : (JSON.parse(text) as ControlAnswer)))
    })
  } finally {
    closeSync(handle)
  }
}
