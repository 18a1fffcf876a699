import { HOURS, MOTD, PRICE, RECEIPT } from '../lab/device-files.ts'

/** What a tool is to do on every device. */
export type Work =
  /** One exchange: run `true`. */
  | 'true'
  /** Ten steps that find everything as it should be: facts, files, a line of configuration, a process, a disk. */
  | 'look'
  /** Ten steps, each of which can be different and is then mended. */
  | 'mend'

const files = { motd: MOTD, hours: HOURS, receipt: RECEIPT }
const allFiles = { ...files, banner: MOTD, price: PRICE }

/** What a plain SSH client runs: for ten steps one program, as an administrator would write it. */
export function shellCommand(work: Work, devices: string): string {
  if (work === 'true') return 'true'
  return [
    `set -- $SSH_CONNECTION; cd ${devices}/$3 || exit 9; changed=0`,
    'did() { changed=$((changed + 1)); }',
    'file() { [ "$(cat "$1" 2>/dev/null)" = "$2" ] || { printf "%s\\n" "$2" >"$1.new" && mv "$1.new" "$1"; did; }; mode "$1" 644; }',
    'mode() { [ "$(stat -c %a "$1")" = "$2" ] || { chmod "$2" "$1"; did; }; }',
    ...(work === 'look'
      ? [
          'uname -srm; grep -E "^(ID|VERSION_ID)=" /etc/os-release; grep MemTotal: /proc/meminfo; df -Pk',
          ...Object.entries(files).map(([name, text]) => `file ${name} "${text.trimEnd()}"`),
        ]
      : Object.entries(allFiles).map(([name, text]) => `file ${name} "${text.trimEnd()}"`)),
    'grep -qx Server=zabbix.example agent.conf || { sed -i "s/^Server=.*/Server=zabbix.example/" agent.conf; did; }',
    '[ "$(readlink link)" = motd ] || { ln -sfn motd link; did; }',
    '[ ! -e stale ] || { rm -f stale; did; }',
    ...(work === 'look'
      ? [
          'if pgrep -x no-such-till >/dev/null; then exit 8; fi',
          "df -Pk / | awk 'NR == 2 && $4 < 1024 { exit 1 }' || exit 7",
          'uname -r | grep -q . || exit 6',
        ]
      : ['mode secret 600', '[ -e ready ] || { : >ready; did; }']),
    'echo "changed $changed"',
  ].join('\n')
}

/** The runbook of Tillwright. */
export function runbook(work: Exclude<Work, 'true'>, devices: string): string {
  const at = (name: string): string => `"${devices}/\${{ device.address }}/${name}"`
  const step = (id: string, module: string): string => `  - id: ${id}\n    ${module}`
  const file = ([name, text]: readonly [string, string]): string =>
    step(name, `file: { path: ${at(name)}, content: ${JSON.stringify(text)}, mode: "0644" }`)
  const common = [
    step(
      'config',
      `config: { path: ${at('agent.conf')}, format: plain, set: { Server: zabbix.example }, backup: false }`,
    ),
    step('link', `file: { path: ${at('link')}, state: link, target: motd }`),
    step('stale', `file: { path: ${at('stale')}, state: absent }`),
  ]
  const steps =
    work === 'look'
      ? [
          step('facts', 'facts: {}'),
          ...Object.entries(files).map(file),
          ...common,
          step('process', 'process: { name: no-such-till, running: false }'),
          step('disk', 'disk: { path: /, free_min: 1MiB }'),
          step('kernel', 'command: { run: [uname, -r], read_only: true, expect: { stdout: . } }'),
        ]
      : [
          ...Object.entries(allFiles).map(file),
          ...common,
          step('secret', `file: { path: ${at('secret')}, mode: "0600" }`),
          step('ready', `command: { run: [touch, ${at('ready')}], creates: ${at('ready')} }`),
        ]
  return `name: ${work}\nsteps:\n${steps.join('\n')}\n`
}

/** The playbook of Ansible: the same ten steps by its own modules. */
export function playbook(work: Work, devices: string): string {
  const at = (name: string): string => `"${devices}/{{ inventory_hostname }}/${name}"`
  const task = (text: string): string => `    - ${text}`
  const file = ([name, text]: readonly [string, string]): string =>
    task(`ansible.builtin.copy: { dest: ${at(name)}, content: ${JSON.stringify(text)}, mode: "0644" }`)
  const common = [
    task(`ansible.builtin.lineinfile: { path: ${at('agent.conf')}, regexp: "^Server=", line: Server=zabbix.example }`),
    task(`ansible.builtin.file: { path: ${at('link')}, state: link, src: motd }`),
    task(`ansible.builtin.file: { path: ${at('stale')}, state: absent }`),
  ]
  const quiet = '\n      changed_when: false'
  const tasks = {
    true: [task(`ansible.builtin.command: "true"${quiet}`)],
    look: [
      task('ansible.builtin.setup: { gather_subset: ["!all", min] }'),
      ...Object.entries(files).map(file),
      ...common,
      task(
        `ansible.builtin.command: pgrep -x no-such-till${quiet}\n      register: process\n      failed_when: process.rc == 0`,
      ),
      task(
        `ansible.builtin.command: df -Pk /${quiet}\n      register: disk\n      failed_when: disk.stdout_lines[1].split()[3] | int < 1024`,
      ),
      task(`ansible.builtin.command: uname -r${quiet}\n      register: kernel\n      failed_when: kernel.stdout == ""`),
    ],
    mend: [
      ...Object.entries(allFiles).map(file),
      ...common,
      task(`ansible.builtin.file: { path: ${at('secret')}, mode: "0600" }`),
      task(`ansible.builtin.command: { argv: [touch, ${at('ready')}], creates: ${at('ready')} }`),
    ],
  }[work]
  return `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.join('\n')}\n`
}
