import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../lab/lab.ts'
import { system } from '../lab/namespace.ts'
import type { Host, Tool } from './tool.ts'
import { runbook } from './work.ts'

export const REPOSITORY = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
/** How `till` is started: as a user starts it. */
export const TILL: readonly string[] = [join(REPOSITORY, 'bin/till')]
const DEVICES_OF_A_STORE = 5

/** Writes a repository for `till` with these devices: inventory, runbooks, project file. */
export function writeTillProject(lab: Lab, hosts: readonly Host[], folder: string): void {
  mkdirSync(join(folder, 'inventory'), { recursive: true })
  mkdirSync(join(folder, 'runbooks'))
  writeFileSync(join(folder, 'tillwright.yaml'), 'inventory: inventory/\nrunbooks: runbooks/\n')
  const port = hosts[0]?.port ?? 22
  const fleet = [
    'fleet:',
    '  name: Bench',
    '  time_zone: Europe/Warsaw',
    `  transport: { user: ${lab.user}, port: ${port}, keys: [${lab.key}], host_keys: [${lab.hostKey}] }`,
    'profiles:',
    '  till: { kind: till, os: { family: linux } }',
    'regions:',
    '  bench: { name: Bench }',
  ]
  writeFileSync(join(folder, 'inventory/fleet.yaml'), `${fleet.join('\n')}\n`)
  const stores = ['region: bench', 'stores:']
  hosts.forEach((host, n) => {
    if (n % DEVICES_OF_A_STORE === 0) stores.push(`  S-${n / DEVICES_OF_A_STORE + 1}:`, '    devices:')
    const own = host.port === port ? '' : `, transport: { port: ${host.port} }`
    stores.push(`      pos${(n % DEVICES_OF_A_STORE) + 1}: { profile: till, address: ${host.address}${own} }`)
  })
  writeFileSync(join(folder, 'inventory/stores.yaml'), `${stores.join('\n')}\n`)
  for (const name of ['look', 'mend'] as const) {
    writeFileSync(join(folder, 'runbooks', `${name}.yaml`), runbook(name, lab.devices))
  }
}

/** Version, and the revision that is measured. */
function versionOf(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  try {
    return `${version}, ${system('git', '-C', root, 'describe', '--always', '--dirty').trim()}, Node.js ${process.versions.node}`
  } catch {
    return `${version}, Node.js ${process.versions.node}`
  }
}

function nameOf(n: number): string {
  return `S-${Math.floor(n / DEVICES_OF_A_STORE) + 1}/pos${(n % DEVICES_OF_A_STORE) + 1}`
}

function failedOf(file: string, hosts: readonly Host[]): readonly string[] {
  const { devices } = JSON.parse(readFileSync(file, 'utf8')) as { devices: { device: string; state: string }[] }
  const done = new Set(
    devices.filter(({ state }) => state === 'in-sync' || state === 'changed').map(({ device }) => device),
  )
  return hosts.filter((_, n) => !done.has(nameOf(n))).map(({ address }) => address)
}

/** `till` of a folder that it was built in. */
export function tillIn(root: string, { id, name }: Pick<Tool, 'id' | 'name'>): Tool {
  const program = join(root, 'bin/till')
  return {
    id,
    name,
    kind: 'tillwright',
    debian: 'nodejs',
    needs: [program, join(root, 'dist/commands')],
    version: () => versionOf(root),
    configuration: 'as it comes: journal, leases, host keys checked; exec for `true`, plan and apply for ten steps',
    prepare({ lab, hosts, folder, work, change }) {
      writeTillProject(lab, hosts, folder)
      const output = ['--output', join(folder, 'result.json')]
      if (work === 'true') return { argv: [program, 'exec', ...output, '--', 'true'], cwd: folder }
      if (!change) return { argv: [program, 'plan', work], cwd: folder }
      return { argv: [program, 'apply', work, '--yes', ...output], cwd: folder }
    },
    failed: (_output, { folder, hosts }) => failedOf(join(folder, 'result.json'), hosts),
  }
}

export const till = tillIn(REPOSITORY, { id: 'till', name: 'Tillwright' })
