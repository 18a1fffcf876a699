import { CI_FILES, type CiSystem } from './ci-files.ts'

/**
 * What a new repository is made of, besides the schemas: text by path.
 * @param isBegun there are an inventory or a project file already: nothing is assigned to devices that are not ours
 */
export function starterFiles(ci: readonly CiSystem[], isBegun = false): Readonly<Record<string, string>> {
  const pipelines = ci.map((system) => [CI_FILES[system].path, CI_FILES[system].text] as const)
  return {
    'tillwright.yaml': isBegun ? PROJECT : PROJECT + ASSIGNMENTS,
    'inventory/fleet.yaml': FLEET,
    'inventory/stores.yaml': STORES,
    'runbooks/first-look.yaml': RUNBOOK,
    '.vscode/settings.json': EDITOR,
    '.vscode/extensions.json': '{\n  "recommendations": ["redhat.vscode-yaml"]\n}\n',
    '.gitignore': IGNORE,
    ...Object.fromEntries(pipelines),
  }
}

/** A fleet, a store and a runbook to begin with, which belong together. */
export function isFirstContent(path: string): boolean {
  return /^(inventory|runbooks)\//.test(path)
}

/** The schemas that an editor needs, by the names of `till schema`. */
export const STARTER_SCHEMAS = ['project', 'inventory', 'runbook'] as const

/** What git has to leave alone: state, cache, and the sandbox. */
export const IGNORED = '.till/'

const IGNORE = `# State, cache and sandbox of this machine.
${IGNORED}
# Plans and results are artifacts of a run.
/plan.json
/result.json
`

const PROJECT = `# yaml-language-server: $schema=./schemas/project.schema.json
# Binds this repository together. Paths are relative to this file.
inventory: inventory/
runbooks: runbooks/
known_hosts: inventory/known_hosts
`

const ASSIGNMENTS = `
# Which runbooks hold for which devices: what \`till drift\` looks at.
assignments:
  - runbook: first-look
    where: device.kind == 'till' && device.os.family == 'linux'
`

const FLEET = `# yaml-language-server: $schema=../schemas/inventory.schema.json
# What holds for every store. Narrower levels (region, store, profile, device) replace it value by value.
fleet:
  name: My chain
  time_zone: Europe/Warsaw
  transport:
    user: till
    keys: [~/.ssh/id_ed25519]
  vars:
    hello: This till is looked after by Tillwright.

regions:
  main: {name: The only region so far}

# What devices of a class have in common.
profiles:
  till-linux:
    kind: till
    os: {family: linux, distribution: debian, version: "12"}
    transport: {become: {method: sudo}}
`

const STORES = `# yaml-language-server: $schema=../schemas/inventory.schema.json
# The stores of one region; more files like this one may stand beside it.
region: main
stores:
  S-0001:
    name: The first store
    address: {street: Main street 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sat: 06:00-22:00, sun: closed}}
    link: {type: fibre, rtt_ms: 20}
    devices:
      # Put the address of a real till here.
      pos1: {profile: till-linux, address: 192.0.2.11}
`

const RUNBOOK = `# yaml-language-server: $schema=../schemas/runbook.schema.json
name: first-look
description: Is there room on the disk, is the clock right, and does the till greet whoever logs in?
targets: device.kind == 'till' && device.os.family == 'linux'

steps:
  - id: disk
    name: There is room on the disk
    disk: {path: /, free_min: 100MiB}
    continue_on_failure: true

  - id: clock
    name: The clock is right
    clock: {max_skew_s: 30}
    continue_on_failure: true

  # A plan shows what would change, an apply changes it.
  - id: greeting
    name: Who logs in is greeted
    file:
      path: /etc/motd
      content: "\${{ vars.hello }}\\n"
`

const EDITOR = `{
  "yaml.schemas": {
    "./schemas/project.schema.json": "/tillwright.yaml",
    "./schemas/inventory.schema.json": "/inventory/**/*.{yaml,yml}",
    "./schemas/runbook.schema.json": "/runbooks/**/*.{yaml,yml}"
  }
}
`
