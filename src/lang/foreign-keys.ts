import { suggest } from './suggest.ts'

/** A key of ours that a word of another tool stands for, and how to write it where the name alone does not say it. */
type OwnKey = readonly [own: string, instead?: string]

const BECOME: OwnKey = ['steps', 'root is a matter of the inventory: `transport: {become: {method: sudo}}`']
const ONE_LIST: OwnKey = ['steps', 'all of it stands in one list, `steps`']
const WAVES: OwnKey = [
  'policy',
  'how many devices at once is a matter of a policy, which the runbook names: `policy: NAME`',
]

/** Of Ansible, Salt, Bolt, Rundeck, StackStorm, Kubernetes. A word counts where our key is one of those known. */
const KEYS: Readonly<Record<string, readonly OwnKey[]>> = {
  tasks: [['steps']],
  task: [['steps']],
  pre_tasks: [ONE_LIST],
  post_tasks: [ONE_LIST],
  roles: [ONE_LIST],
  sequence: [['steps']],
  commands: [['steps']],
  actions: [['steps']],
  workflow: [['steps']],
  jobs: [['steps']],
  handlers: [['steps', 'a handler is a step that reacts to an earlier one: `restart_on: [STEP]`']],
  gather_facts: [['steps', 'nothing is gathered beforehand; what is to be read is a step: `facts:`']],
  become: [BECOME, ['transport', 'here it is `transport: {become: {method: sudo}}`']],
  become_user: [BECOME],
  remote_user: [['steps', 'who signs in is a matter of the inventory: `transport: {user: NAME}`']],
  serial: [WAVES, ['rollout', 'here it is `rollout: {waves: …}`']],
  strategy: [WAVES],
  forks: [WAVES],
  max_fail_percentage: [WAVES],
  any_errors_fatal: [WAVES],
  hosts: [
    ['targets'],
    ['where'],
    ['stores', 'here hosts are the `devices` of a store: `stores: {ID: {devices: {NAME: …}}}`'],
  ],
  nodes: [['targets'], ['where'], ['devices']],
  nodefilters: [['targets']],
  target: [['targets'], ['where']],
  targets: [['where'], ['stores', 'here targets are the `devices` of a store: `stores: {ID: {devices: {NAME: …}}}`']],
  selector: [['targets'], ['where'], ['match']],
  match: [['targets'], ['where']],
  groups: [['stores', 'there are no groups: devices belong to a store and a profile, and a selector picks them']],
  all: [['stores', 'that is an inventory of Ansible: `till inventory import` takes it over']],
  parameters: [['params']],
  inputs: [['params']],
  input: [['params']],
  arguments: [['params']],
  options: [['params']],
  vars: [['params', 'values of devices stand in the inventory; what a run may set: `params: {NAME: {type: string}}`']],
  when: [['where'], ['match']],
  if: [['where'], ['match']],
  on: [['match']],
  trigger: [['match', 'which alerts it is about is `match`, an expression over alert, device, store and region']],
  criteria: [['match']],
  condition: [['match']],
  conditions: [['match']],
  do: [['runbook']],
  run: [['runbook']],
  action: [['runbook']],
  playbook: [['runbook']],
  job: [['runbook']],
  schedule: [
    ['every', 'how often it is gone through is `every: 1h`; a time of the day is a matter of `windows` in a policy'],
  ],
  cron: [
    ['every', 'how often it is gone through is `every: 1h`; a time of the day is a matter of `windows` in a policy'],
  ],
  interval: [['every']],
  windows: [['rollout', 'here it is `rollout: {windows: …}`, or `repair: {windows: …}`']],
  window: [['rollout', 'here it is `rollout: {windows: …}`, or `repair: {windows: …}`']],
  waves: [['rollout', 'here it is `rollout: {waves: …}`']],
  batches: [['rollout', 'here it is `rollout: {waves: …}`']],
  freezes: [['policies', 'here it is `policies: {default: {freezes: …}}`']],
  bind: [['listen']],
  tokens: [['accounts', 'here it is `accounts`; the hash of a password or token is made by `till account hash`']],
  users: [['accounts', 'here it is `accounts`; the hash of a password or token is made by `till account hash`']],
  version: [['steps', 'a runbook has no version of its own: its commit is one']],
  ansible_host: [['address']],
  host: [['address'], ['listen']],
  hostname: [['address']],
  fqdn: [['address']],
  ip: [['address']],
  ip_address: [['address']],
  uri: [['address']],
  url: [['address']],
  ansible_port: [['transport', 'here it is `transport: {port: NUMBER}`']],
  port: [['transport', 'here it is `transport: {port: NUMBER}`'], ['listen']],
  ansible_user: [['transport', 'here it is `transport: {user: NAME}`']],
  user: [['transport', 'here it is `transport: {user: NAME}`']],
  username: [['transport', 'here it is `transport: {user: NAME}`'], ['user']],
  login: [['transport', 'here it is `transport: {user: NAME}`'], ['user']],
  password: [['transport', 'here it is `transport: {password: env:NAME}`: where it is kept, never itself']],
  ansible_password: [['transport', 'here it is `transport: {password: env:NAME}`: where it is kept, never itself']],
  ansible_connection: [['transport', 'here it is `transport: {type: ssh}`, or winrm']],
  connection: [['transport', 'here it is `transport: {type: ssh}`, or winrm']],
  private_key: [['keys']],
  key: [['keys'], ['transport', 'here it is `transport: {keys: [FILE]}`']],
  ansible_ssh_private_key_file: [['transport', 'here it is `transport: {keys: [FILE]}`']],
  kind: [['profile', 'what a device is says its profile: `profiles: {NAME: {kind: till}}`']],
  type: [['profile', 'what a device is says its profile: `profiles: {NAME: {kind: till}}`']],
  labels: [['tags']],
  roles_path: [['runbooks']],
  timezone: [['time_zone']],
  tz: [['time_zone']],
  variables: [['vars']],
  host_vars: [['vars']],
  opening_hours: [['hours']],
}

/**
 * Which of our keys was meant by one that there is not, and how that is told: the colon stuck to its value, a word of another
 * tool, a slip of the finger.
 *
 * @param key as it was written
 * @param known the keys that there are in that place
 * @returns nothing where it cannot be told
 */
export function meantKey(key: string, known: readonly string[]): { readonly own?: string; readonly hint?: string } {
  const [, before = '', value] = /^([\w-]+):(\S.*)$/s.exec(key) ?? []
  if (known.includes(before))
    return { own: before, hint: `a space is missing behind the colon: \`${before}: ${value}\`` }
  const foreign = ownKey(key, known)
  if (foreign !== undefined) return foreign
  const near = suggest(key, known)
  return near === undefined ? {} : { own: near, hint: `did you mean "${near}"?` }
}

/**
 * What stands here for a key that people bring along from other tools.
 *
 * @param key as it was written
 * @param known the keys that there are in that place
 * @returns our key and what is to be told; undefined where nothing is known of it
 */
function ownKey(key: string, known: readonly string[]): { readonly own: string; readonly hint: string } | undefined {
  const candidates = Object.hasOwn(KEYS, key) ? (KEYS[key] ?? []) : []
  const found = candidates.find(([own]) => known.includes(own))
  if (found === undefined) return undefined
  const [own, instead] = found
  return { own, hint: instead ?? `did you mean "${own}"?` }
}
