// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterEach, expect, it } from 'vitest'
import { chainOf, NO_WAVES, states } from '../cli/chain.ts'
import type { TestProject } from '../cli/project.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

/** A store with two tills behind a router of this name; its runbook fails on what is called `broken`. */
function behind(router: string, made = chainOf(['S-1'], { policy: POLICY, hours: 'closed' })): TestProject {
  const stores = made.read('inventory/stores.yaml')
  const fleet = made.read('inventory/fleet.yaml')
  const profile = 'router: {kind: router, os: {family: linux}, transport: {type: local}}'
  if (!fleet.includes('router:'))
    made.write('inventory/fleet.yaml', fleet.replace('profiles: {', `profiles: {${profile}, `))
  const line = `devices: {${router}: {profile: router, address: 127.0.0.1}, `
  made.write('inventory/stores.yaml', stores.replace(/devices: \{(?:\w+: \{profile: router[^}]*\}, )?/, line))
  made.write(
    'runbooks/mark.yaml',
    "name: mark\nsteps:\n  - command: {run: 'test ${{ device.id }} != broken', always: true}\n",
  )
  return made
}

const POLICY = `policies: {default: {rollout: {${NO_WAVES}}}}`

it('a router that failed takes its store out with it, by its name, until it is seen in order or has left the inventory', async () => {
  project = behind('broken')
  expect([...(await states(project, '--device', 'S-1/broken')).of.values()]).not.toContain('changed')
  const held = await states(project, '--device', 'S-1/pos1')
  expect([...held.of.values()]).toEqual(['CAP_REACHED'])
  expect(held.devices[0]?.failure).toMatchObject({ message: expect.stringContaining('S-1/pos2 (by S-1/broken)') })

  behind('r2', project)
  expect((await states(project)).of).toEqual(
    new Map([
      ['S-1/r2', 'changed'],
      ['S-1/pos1', 'changed'],
      ['S-1/pos2', 'changed'],
    ]),
  )
})

it('what has left the inventory keeps no state file from being given up', async () => {
  project = behind('broken')
  expect((await project.till('state', 'adopt')).code).toBe(0)
  await states(project, '--device', 'S-1/broken')
  const old = project.path('.till/state.db')
  project.write('tillwright.yaml', project.read('tillwright.yaml').replace(/id: \S+/, '$&\n  file: .till/new.db'))
  const refused = await project.till('state', 'adopt', '--move', old)
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('S-1/broken is out by run')])
  behind('r2', project)
  expect((await project.till('state', 'adopt', '--move', old)).code).toBe(0)
})
