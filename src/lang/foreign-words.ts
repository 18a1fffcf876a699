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
  latest: ['present'],
  removed: ['absent'],
  remove: ['absent'],
  uninstalled: ['absent'],
  deleted: ['absent'],
}

/** Our word for one that people bring along from other tools, if it is among the candidates. */
export function ownWord(word: string, candidates: Iterable<string>): string | undefined {
  const known = new Set(candidates)
  const module = MODULES[word.replace(/^(ansible\.(builtin|windows)|community\.\w+)\./, '').replaceAll('-', '_')]
  return [module, ...(VALUES[word] ?? [])].find((own) => own !== undefined && known.has(own))
}
