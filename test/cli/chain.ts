// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { TestProject } from './project.ts'

/** Stores with two tills each, all of them this machine, and a runbook that leaves a mark of each. */
export function chainOf(
  ids: readonly string[],
  { policy, hours }: { readonly policy: string; readonly hours: string },
): TestProject {
  const stores = ids.map(
    (id) => `  ${id}:
    name: ${id}
    hours: {week: {mon-sun: ${hours}}}
    devices: {pos1: {profile: till, address: 127.0.0.1}, pos2: {profile: till, address: 127.0.0.1}}
`,
  )
  const chained = new TestProject({
    'tillwright.yaml': policy,
    'inventory/fleet.yaml': `
fleet: {name: Chain, time_zone: Europe/Warsaw}
regions: {north: {name: North}}
profiles: {till: {kind: till, os: {family: linux, distribution: debian, version: "12"}, transport: {type: local}}}
`,
    'inventory/stores.yaml': `region: north\nstores:\n${stores.join('')}`,
  })
  chained.write('runbooks/mark.yaml', runbookThat(`touch ${chained.root}/\${{ store.id }}-\${{ device.id }}`))
  return chained
}

/** It does this to every device, each time. */
export function runbookThat(does: string): string {
  return `name: mark\nsteps:\n  - command: {run: '${does}', always: true}\n`
}

/** `visited`: each device notes in `begun` that it begins, and waits in the middle of its change while there is a file `hold`. */
export function runbookThatWaits(root: string, device = '${{ device.id }}'): string {
  return `name: visited
steps:
  - command:
      run: |
        cd ${root}
        echo "${device}" >> begun
        while [ -e hold ]; do sleep 0.05; done
        touch "done-${device}"
      creates: "${root}/done-${device}"
`
}

/** Applies the runbook, and tells the exit code and how each device ended. */
export async function states(run: TestProject, ...args: string[]) {
  const { code, stdout } = await run.till('apply', 'mark', '--yes', '--json', ...args)
  const { devices } = JSON.parse(stdout) as { devices: { device: string; state: string; failure?: { code: string } }[] }
  return { code, of: new Map(devices.map((one) => [one.device, one.failure?.code ?? one.state])), devices }
}

export const NO_WAVES = 'waves: {canary: 100, soak: 0s, pause: never}'
