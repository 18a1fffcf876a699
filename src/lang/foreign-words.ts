/** What other tools call what one of our modules does, by their word. Of several, the one that is meant most often. */
const MODULES: Readonly<Record<string, string>> = {
  systemd: 'service',
  systemd_service: 'service',
  win_service: 'service',
  copy: 'file',
  template: 'file',
  win_copy: 'file',
  lineinfile: 'config',
  blockinfile: 'config',
  ini_file: 'config',
  xml: 'config',
  apt: 'package',
  yum: 'package',
  dnf: 'package',
  apk: 'package',
  pip: 'package',
  win_package: 'package',
  win_chocolatey: 'package',
  shell: 'command',
  raw: 'command',
  win_shell: 'command',
  win_command: 'command',
  setup: 'facts',
  gather_facts: 'facts',
  uri: 'http',
  win_uri: 'http',
  wait_for: 'wait',
  win_regedit: 'registry',
  win_scheduled_task: 'scheduled_task',
  win_reboot: 'reboot',
  cron: 'scheduled_task',
  mkdir: 'directory',
}

/** The same of values, of which there may be several for a word. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  started: ['running'],
  start: ['running'],
  active: ['running'],
  up: ['running'],
  stop: ['stopped'],
  inactive: ['stopped'],
  down: ['stopped'],
  installed: ['present'],
  install: ['present'],
  removed: ['absent'],
  remove: ['absent'],
  uninstalled: ['absent'],
  deleted: ['absent'],
  str: ['string'],
  text: ['string'],
  int: ['integer'],
  bool: ['boolean'],
  float: ['number'],
  array: ['list'],
  dict: ['map'],
  object: ['map'],
  hash: ['map'],
}

/** Words of which none of ours is the same: what to write instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  latest: 'there is no "latest": name the `version` that is wanted, or leave any with "present"',
  restarted: 'a restart is no state: `restart_on: [STEP]` restarts when an earlier step changed something',
  reloaded: 'a reload is no state: `restart_on: [STEP]` restarts when an earlier step changed something',
  enabled: 'whether it starts with the system is `enabled: true`',
  disabled: 'whether it starts with the system is `enabled: false`',
  touch: 'an empty file is `content: ""`',
  directory: 'a folder is the module "directory"',
}

/** What other tools write beside a step's module. */
const STEP_KEYS: Readonly<Record<string, string>> = {
  become: 'root is a matter of the inventory: `transport: {become: {method: sudo}}`',
  become_user: 'root is a matter of the inventory: `transport: {become: {method: sudo}}`',
  register: 'what a step found is kept by itself: steps.ID.value in a later expression',
  notify: 'the other way round: the later step names this one, `restart_on: [STEP]`',
  loop: 'there are no loops: write a step for each',
  with_items: 'there are no loops: write a step for each',
  ignore_errors: 'here it is `continue_on_failure: true`',
}

/** What other tools call a flag of ours. */
const FLAGS: Readonly<Record<string, string>> = {
  check: 'a plan changes nothing: till plan',
  'dry-run': 'a plan changes nothing: till plan',
  diff: 'a plan shows what differs: till plan',
  C: 'a plan changes nothing: till plan',
  e: 'here it is --param NAME=VALUE',
  'extra-vars': 'here it is --param NAME=VALUE',
  var: 'here it is --param NAME=VALUE',
  set: 'here it is --param NAME=VALUE',
  params: 'here it is --param NAME=VALUE, once for each',
  i: 'the inventory is that of the repository: --project FOLDER',
  inventory: 'the inventory is that of the repository: --project FOLDER',
  host: 'here it is --device',
  hosts: 'here it is --device',
  nodes: 'here it is --device',
  targets: 'here it is --device',
  forks: 'here it is --parallel',
  concurrency: 'here it is --parallel',
  'auto-approve': 'here it is --yes',
  format: 'here it is --json',
  sandbox: 'a sandbox has the devices of this inventory and nothing else to look at here: leave it out',
}

/** What is to be written instead of a word of another tool, where that is another thing here. */
export function insteadOf(word: string): string | undefined {
  return Object.hasOwn(INSTEAD, word) ? INSTEAD[word] : undefined
}

/** The same of a key of a step, as a hint for a diagnostic. */
export function insteadOfStepKey(key: string): { readonly hint: string } | undefined {
  const hint = Object.hasOwn(STEP_KEYS, key) ? STEP_KEYS[key] : undefined
  return hint === undefined ? undefined : { hint }
}

/** The same of a flag, without its dashes. */
export function insteadOfFlag(name: string): string | undefined {
  return Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
}

/** Our word for one that people bring along from other tools, if it is among the candidates. */
export function ownWord(word: string, candidates: Iterable<string>): string | undefined {
  const known = new Set(candidates)
  const bare = word.replace(/^(ansible\.(builtin|windows)|community\.\w+)\./, '').replaceAll('-', '_')
  return [MODULES[bare], bare === word ? undefined : bare, ...(VALUES[word] ?? [])].find(
    (own) => own !== undefined && known.has(own),
  )
}
