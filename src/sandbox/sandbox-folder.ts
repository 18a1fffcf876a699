import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../files/edit-file.ts'
import { deriveKey, randomSecret } from './device-keys.ts'
import { deviceOwner } from './isolation.ts'
import { processStart } from './sandbox-process.ts'

/** Where the devices of a running sandbox are, for whoever connects to them. */
export interface SandboxOverlay {
  readonly pid: number
  /** Path of the private key that logs in. */
  readonly key: string
  readonly user: string
  /** Who logs in to Windows devices, and where the password is. */
  readonly windows: { readonly user: string; readonly password_file: string }
  /** By full name. With neither a host key nor WinRM: a printer, or something that answers on a port and has no shell. */
  readonly devices: Readonly<Record<string, OverlayDevice>>
}

export interface OverlayDevice {
  readonly address: string
  readonly port: number
  readonly host_key?: string
  readonly winrm?: true
  readonly printer?: true
}

/** What logs in to the devices of a sandbox. */
export interface SandboxKeys {
  /** What everything else is derived from. */
  readonly secret: Buffer
  /** Path of the private key. */
  readonly key: string
  readonly publicKey: string
  /** Of the account of Windows devices, and where it is. */
  readonly password: string
  readonly passwordFile: string
}

/** Who holds a folder; written first, so that a sandbox that died can be recognised and cleared away. */
export interface SandboxOwner {
  readonly pid: number
  readonly started: string
  readonly network: string
  readonly keep: boolean
}

const OVERLAY = 'overlay.json'
const OWNER = 'owner.json'
/** What is left in a folder when its devices' files are to be kept. */
const KEPT = new Set(['devices', 'secret'])
/** What a sandbox puts into its folder; anything else there is not ours and is left alone. */
const OURS =
  /^(overlay\.json|owner\.json|control|key|key\.pub|password|secret|log|devices|devices\.seed|flavours|world-\d+)(\.new|\.\d+\.[0-9a-f]{8}\.tmp)?$/

export function readOverlay(folder: string): SandboxOverlay | undefined {
  return readJson<SandboxOverlay>(join(folder, OVERLAY))
}

/** Who holds the folder, and whether they live. */
export function holderOf(folder: string): (SandboxOwner & { readonly alive: boolean }) | undefined {
  const owner = readJson<SandboxOwner>(join(folder, OWNER))
  return owner && { ...owner, alive: processStart(owner.pid) === owner.started }
}

export function writeOwner(folder: string, owner: Omit<SandboxOwner, 'pid' | 'started'>): void {
  writeWhole(join(folder, OWNER), { pid: process.pid, started: processStart(process.pid) ?? '', ...owner })
}

export function writeOverlay(folder: string, overlay: SandboxOverlay): void {
  writeWhole(join(folder, OVERLAY), overlay)
}

/** Makes the folders and keys of a sandbox, or takes those that were kept. Only the user may look in. */
export function prepareFolder(folder: string): SandboxKeys {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const secretFile = join(folder, 'secret')
  if (!existsSync(secretFile)) writeFileSync(secretFile, randomSecret(), { mode: 0o600 })
  const secret = readFileSync(secretFile)
  const { privateKey, publicKey } = deriveKey(secret, 'till sandbox')
  const key = join(folder, 'key')
  rmSync(key, { force: true })
  writeFileSync(key, privateKey, { mode: 0o600 })
  writeFileSync(`${key}.pub`, `${publicKey} till sandbox\n`)
  const devices = join(folder, 'devices')
  mkdirSync(devices, { recursive: true })
  const owner = deviceOwner()
  if (owner !== undefined) chownSync(devices, owner, owner)
  const password = createHmac('sha256', secret).update('windows password').digest('base64url').slice(0, 24)
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  return { secret, key, publicKey, password, passwordFile }
}

/** Takes away what a sandbox put into its folder, and the folder if nothing else is in it. */
export async function clearFolder(folder: string, options: { readonly keep: boolean }): Promise<void> {
  if (!existsSync(folder)) return
  const ours = readdirSync(folder).filter((name) => OURS.test(name) && !(options.keep && KEPT.has(name)))
  // The overlay goes first: nobody is to find a sandbox that is half gone.
  for (const name of [OVERLAY, ...ours.filter((name) => name !== OVERLAY && name !== OWNER), OWNER]) {
    await removeTree(join(folder, name))
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {
    // Programs of a device may have left folders that even their owner cannot enter.
    spawnSync('chmod', ['-R', 'u+rwX', path])
    rmSync(path, { recursive: true, force: true })
  })
}

/** Whole or not at all, also for whoever reads at this moment. */
function writeWhole(file: string, value: unknown): void {
  replaceFile(file, `${JSON.stringify(value)}\n`, { mode: 0o600 })
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return undefined
  }
}
