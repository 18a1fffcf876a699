import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

/** What is in doubt is out: other tills of its store would wait for somebody. */
export const NO_CAPS = 'policies: {default: {caps: [], keep: [], rollout: {waves: false}}}\n'

/** A store of so many devices on this machine, and a runbook of these steps; ROOT is the folder of the project. */
export function projectOf(devices: number, steps: string, files: Readonly<Record<string, string>> = {}): TestProject {
  const line = (index: number) =>
    `      pos${index}: {profile: till, address: 127.0.0.1, transport: {type: local}, vars: {n: ${index}}}\n`
  const lines = Array.from({ length: devices }, (_, index) => line(index + 1))
  const made = new TestProject({
    'tillwright.yaml': `run: {workers: 0}\n${NO_CAPS}`,
    // Names of its own: devices are locked by name on this machine, whichever test they are of.
    'inventory/stores.yaml': inventoryWith(lines.join('')).replace('PL-0001', `R-${process.pid}`),
    ...files,
  })
  made.write('runbooks/work.yaml', `name: work\nsteps:\n${steps.replaceAll('ROOT', made.root)}`)
  return made
}

export interface Step {
  readonly step: string
  readonly state: string
  readonly changes?: readonly { readonly path: string; readonly after: unknown }[]
}
export interface Device {
  readonly device: string
  readonly state: string
  readonly failure?: { readonly code: string; readonly phase: string; readonly message: string }
  readonly steps: readonly Step[]
}
export interface Result {
  readonly run: { readonly run: string }
  readonly devices: readonly Device[]
  readonly summary: { readonly counts: Readonly<Record<string, number>> }
  readonly exit_code: number
}

/** The newest run is gone on with. */
export async function resumed(of: TestProject, ...args: string[]): Promise<{ code: number | null; result: Result }> {
  const { code, stdout, stderr } = await of.till('resume', 'latest', '--yes', '--json', ...args)
  if (!stdout.includes('till.result/1')) throw new Error(`${stdout}${stderr}`)
  const result = JSON.parse(stdout) as Result
  expect(errorsOf('result', result)).toEqual([])
  return { code, result }
}

export function lines(of: TestProject, name: string): string[] {
  return existsSync(of.path(name)) ? readFileSync(of.path(name), 'utf8').trimEnd().split('\n') : []
}
