import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { system } from '../lab/namespace.ts'
import { onEnd } from '../lab/undo.ts'
import { writeSshConfig } from './openssh.ts'
import { CONNECT_TIMEOUT_S, type Job, type Tool } from './tool.ts'
import { playbook } from './work.ts'

export const FORKS = 50
const MITOGEN = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'

function ansibleTool(
  own: Pick<Tool, 'id' | 'name' | 'debian' | 'needs' | 'configuration'>,
  defaults: readonly string[],
): Tool {
  return {
    ...own,
    kind: 'peer',
    version: () => system('ansible', '--version').split('\n')[0] ?? '',
    prepare(job) {
      const { folder, hosts, work, lab } = job
      const inventory = hosts.map(({ address, port }) => `${address} ansible_port=${port}`)
      writeFileSync(join(folder, 'hosts.ini'), `${inventory.join('\n')}\n`)
      writeFileSync(join(folder, 'play.yaml'), playbook(work, lab.devices))
      writeFileSync(join(folder, 'ansible.cfg'), configFile(job, defaults))
      mkdirSync(join(folder, 'home'))
      return {
        argv: ['ansible-playbook', 'play.yaml'],
        cwd: folder,
        env: { ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), HOME: join(folder, 'home') },
      }
    },
    failed: (output) =>
      [...output.matchAll(/^(\S+) +: ok=.* unreachable=(\d+) +failed=(\d+)/gm)]
        .filter(([, , unreachable, failed]) => unreachable !== '0' || failed !== '0')
        .map(([, address = '']) => address),
  }
}

function configFile(job: Job, defaults: readonly string[]): string {
  // The path of a control socket must be short.
  const sockets = mkdtempSync('/tmp/tb-')
  onEnd(() => rmSync(sockets, { recursive: true, force: true }))
  return [
    '[defaults]',
    'inventory = hosts.ini',
    `forks = ${FORKS}`,
    'gathering = explicit',
    'host_key_checking = True',
    'interpreter_python = /usr/bin/python3',
    'retry_files_enabled = False',
    `timeout = ${CONNECT_TIMEOUT_S}`,
    `remote_user = ${job.lab.user}`,
    `private_key_file = ${job.lab.key}`,
    'nocolor = True',
    `local_tmp = ${join(job.folder, 'tmp')}`,
    ...defaults,
    '[ssh_connection]',
    'pipelining = True',
    'transfer_method = piped',
    `ssh_args = -F ${writeSshConfig(job)} -o ControlMaster=auto -o ControlPersist=60s`,
    `control_path_dir = ${sockets}`,
    '',
  ].join('\n')
}

const TUNED = `ansible-playbook, forks ${FORKS}, pipelining, ControlPersist, gathering explicit, interpreter given, transfer piped, curve25519`

export const ansible = ansibleTool(
  {
    id: 'ansible',
    name: 'Ansible',
    debian: 'ansible',
    needs: ['/usr/bin/ansible-playbook', '/usr/bin/ssh'],
    configuration: TUNED,
  },
  [],
)

export const mitogen = ansibleTool(
  {
    id: 'mitogen',
    name: 'Ansible + Mitogen',
    debian: 'ansible ansible-mitogen',
    needs: ['/usr/bin/ansible-playbook', '/usr/bin/ssh', MITOGEN],
    configuration: `${TUNED}, strategy mitogen_linear`,
  },
  [`strategy_plugins = ${MITOGEN}`, 'strategy = mitogen_linear'],
)
