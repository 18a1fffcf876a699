// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

/** What is in doubt is out: other tills of its store would wait for somebody. */
export const NO_CAPS = 'policies: {default: {caps: [], keep: [], rollout: {waves: false}}}\n'

/** An idempotent change, an action that follows from it, an action by itself, and another idempotent one. */
export const WORK = `
  - {id: before, file: {path: "ROOT/d\${{ device.id }}/conf", content: "x\\n"}}
  - {id: restart, restart_on: [before], command: {run: 'echo restart >> ROOT/\${{ device.id }}.log; sleep 0.1'}}
  - {id: once, command: {run: 'echo once >> ROOT/\${{ device.id }}.log; sleep 0.1', always: true}}
  - {id: made, command: {run: 'echo made >> ROOT/\${{ device.id }}.log; sleep 0.1; touch ROOT/\${{ device.id }}.made', creates: "ROOT/\${{ device.id }}.made"}}
  - {id: after, file: {path: "ROOT/d\${{ device.id }}/last", content: "y\\n"}}
`
export const MAKE_ROOMS = '  - {id: room, directory: {path: "ROOT/d${{ device.id }}"}}\n'

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
