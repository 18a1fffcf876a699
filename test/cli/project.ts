import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { removeFolder } from '../peers/remove-folder.ts'
import type { ClientKeys, SshServer } from '../peers/ssh-servers.ts'
import { TILL } from '../peers/till.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A repository of a user in a private folder, and the built `till` run in it. */
export class TestProject {
  readonly root = mkdtempSync(join(tmpdir(), 'till-cli-'))

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  path(name: string): string {
    return join(this.root, name)
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  copy(from: string, name: string): void {
    cpSync(from, this.path(name), { recursive: true })
  }

  start(...args: string[]): ChildProcess {
    return this.startIn('.', ...args)
  }

  /** As `start`, from a folder of the repository. */
  startIn(folder: string, ...args: string[]): ChildProcess {
    const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
    const cwd = this.path(folder)
    return spawn(process.execPath, [TILL, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  async till(...args: string[]): Promise<Ended> {
    return ended(this.start(...args))
  }

  /** Ends what still works in it, and removes it. */
  remove(): Promise<void> {
    return removeFolder(this.root)
  }
}

export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}

/** An inventory of one store whose devices are the given servers: pos1, pos2, … */
export function inventoryOf(servers: readonly SshServer[], keys: ClientKeys, more = ''): string {
  const devices = servers.map(
    (server, index) =>
      `      pos${index + 1}: {profile: till, address: ${server.address}, ` +
      `transport: {port: ${server.port}, host_keys: ['${server.hostKeys.join("', '")}']}}`,
  )
  return inventoryWith(
    `${devices.join('\n')}\n${more}`,
    `  transport: {user: ${userInfo().username}, keys: [${keys.ed25519}]}\n`,
  )
}

/** An inventory of one store with devices as written, and what the fleet has besides its name and time zone. */
export function inventoryWith(devices: string, fleet = ''): string {
  return `fleet:
  name: Test
  time_zone: Europe/Warsaw
${fleet}profiles:
  till: {kind: till, os: {family: linux}, transport: {type: ssh}}
regions:
  north: {name: North}
stores:
  PL-0001:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: closed}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
${devices}`
}

/** Every file below a folder with its contents: what a plan must leave as it was. */
export function snapshot(folder: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name)
    const stat = statSync(path)
    files[name] = stat.isFile() ? `${stat.mtimeMs} ${readFileSync(path, 'utf8')}` : 'folder'
  }
  return files
}

/** Waits until something holds; conditions, not times. Throws when the process that is to bring it about has ended. */
export async function until(child: ChildProcess, holds: () => boolean, pauseMs = 20): Promise<void> {
  while (!holds()) {
    if (child.exitCode !== null) throw new Error(`till ended with exit code ${child.exitCode} before it was so`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
