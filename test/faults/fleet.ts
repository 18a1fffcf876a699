import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestProject } from '../cli/project.ts'

/** Devices of each store. */
const PER_STORE = 4
/** Where a device notes what is done to it. */
const NOTES = '/var/faults'

/**
 * The change itself: it takes a while, holds a lock for as long as its shell lives, and notes when the lock was taken already. Whoever dies
 * in its middle leaves no lock behind; a pause that outlives its shell is no change.
 */
const RUNBOOK = `name: visit
params: {round: {type: string}}
steps:
  - id: visit
    command:
      run: |
        mkdir -p ${NOTES} && cd ${NOTES} && exec 9>lock
        flock -n 9 || echo "overlap \${{ params.round }}" >> notes
        echo "begin \${{ params.round }}" >> notes
        sleep 0.2 9>&-
        : > "done-\${{ params.round }}"
        echo "end \${{ params.round }}" >> notes
      creates: "${NOTES}/done-\${{ params.round }}"
  - id: act
    command:
      always: true
      run: |
        cd ${NOTES} && exec 9>lock
        flock -n 9 || echo "overlap \${{ params.round }}" >> notes
        echo "act \${{ params.round }}" >> notes
        sleep 0.1 9>&-
`

const HEAD = `fleet:
  name: Faults
  time_zone: Europe/Warsaw
  transport: {user: till}
profiles:
  till: {kind: till, os: {family: linux, distribution: debian}, transport: {type: ssh}}
regions:
  north: {name: North}
stores:
`

/** A repository whose devices the sandbox serves. */
export class FaultFleet extends TestProject {
  readonly stores: readonly string[]

  constructor(devices: number, leaseS: number) {
    super({
      'tillwright.yaml': `run: {lease: ${leaseS}s}\npolicies: {default: {caps: [], keep: [], rollout: {waves: false}}}\n`,
      'runbooks/visit.yaml': RUNBOOK,
    })
    const count = Math.ceil(devices / PER_STORE)
    this.stores = Array.from({ length: count }, (_, index) => `S-${String(index + 1).padStart(4, '0')}`)
    const stores = this.stores.map((store, index) =>
      storeText(store, index, Math.min(PER_STORE, devices - index * PER_STORE)),
    )
    this.write('inventory/fleet.yaml', HEAD + stores.join(''))
    this.#devices = devices
  }

  readonly #devices: number

  devicesOf(stores: readonly string[]): readonly string[] {
    return stores.flatMap((store) => {
      const index = this.stores.indexOf(store)
      const count = Math.min(PER_STORE, this.#devices - index * PER_STORE)
      return Array.from({ length: count }, (_, pos) => `${store}/pos${pos + 1}`)
    })
  }

  /** What a device has noted itself, read from its own disk. */
  notesOf(device: string): readonly string[] {
    const file = join(this.root, '.till/sandbox/devices', device, NOTES, 'notes')
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  }
}

function storeText(store: string, index: number, count: number): string {
  const devices = Array.from({ length: count }, (_, pos) => {
    const address = `10.${20 + Math.floor(index / 250)}.${index % 250}.${pos + 1}`
    return `      pos${pos + 1}: {profile: till, address: ${address}}\n`
  })
  return `  ${store}:
    name: ${store}
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: closed}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
${devices.join('')}`
}

/** Devices of one store, all of them this machine. */
export function localFleet(store: string, devices: string): string {
  return HEAD.replace('type: ssh', 'type: local') + storeText(store, 0, 0) + devices
}

/** A repository with one assignment, on this machine alone: whoever goes through it twice in a cadence is seen. */
export function tickProject(cadenceS: number): TestProject {
  const settings = `run: {lease: 8s}
policies: {default: {caps: [], keep: [], rollout: {waves: false}}}
assignments: [{name: tick, runbook: tick, mode: mend, every: ${cadenceS}s}]
`
  const project = new TestProject({ 'tillwright.yaml': settings })
  const devices = '      pos1: {profile: till, address: 127.0.0.1}\n'
  // The store is this process's own: a device keeps a record of changes by its name.
  project.write('inventory/fleet.yaml', localFleet(`TICK-${process.pid}`, devices))
  project.write('runbooks/tick.yaml', "name: tick\nsteps:\n  - command: {run: 'sleep 0.2', always: true}\n")
  return project
}
