import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import {
  type DeviceSpec,
  type FlavourName,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../src/sandbox/index.ts'

/** False, and said aloud, where namespaces are not permitted; an error in CI. */
export const canIsolate = ((): boolean => {
  const { status } = spawnSync('unshare', ['--map-root-user', '--mount', '--pid', '--net', '--fork', 'true'])
  if (status === 0) return true
  if (process.env['CI']) throw new Error('unshare (util-linux) cannot make namespaces here')
  console.warn('SKIPPED: sandbox tests need Linux namespaces and util-linux (unshare, nsenter)')
  return false
})()

export function device(name: string, flavour: FlavourName = 'debian', more: Partial<DeviceSpec> = {}): DeviceSpec {
  return { name, kind: 'till', flavour, os: {}, vars: {}, ...more }
}

/** A folder that goes away after the tests of the file. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-sandbox-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'sandbox')
}

/** A sandbox that ends after the tests of the file. */
export async function sandboxFor(options: Omit<SandboxOptions, 'folder'>, folder = scratch()): Promise<Sandbox> {
  const sandbox = await startSandbox({ folder, ...options })
  afterAll(() => sandbox.stop())
  return sandbox
}

/** Waits until a condition holds; throws after half a minute. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`still not: ${what}`)
}
