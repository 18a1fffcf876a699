import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { system } from '../lab/namespace.ts'
import { CONNECT_TIMEOUT_S, type Host, IN_FLIGHT, type Job, type Tool } from './tool.ts'
import { shellCommand } from './work.ts'

// Tools that run the OpenSSH client, one process for each device.

const SSH_CONFIG =
  'KexAlgorithms curve25519-sha256, HostKeyAlgorithms ssh-ed25519, one key, no agent, UpdateHostKeys no'

/** Writes the configuration of the OpenSSH client; its default key exchange, post-quantum, would cost nine times as much. */
export function writeSshConfig({ lab, hosts, folder }: Job): string {
  const byPort = new Map<number, Host[]>()
  for (const host of hosts) byPort.set(host.port, [...(byPort.get(host.port) ?? []), host])
  const known = join(folder, 'known_hosts')
  writeFileSync(known, `* ${lab.hostKey}\n`)
  const ports = [...byPort].sort(([, a], [, b]) => a.length - b.length)
  const lines = [
    ...ports
      .slice(0, -1)
      .flatMap(([port, group]) => [`Host ${group.map((host) => host.address).join(' ')}`, `  Port ${port}`]),
    'Host *',
    `  Port ${ports.at(-1)?.[0] ?? 22}`,
    `  User ${lab.user}`,
    `  IdentityFile ${lab.key}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${known}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  UpdateHostKeys no',
    '  BatchMode yes',
    '  KexAlgorithms curve25519-sha256',
    '  HostKeyAlgorithms ssh-ed25519',
    '  GSSAPIAuthentication no',
    `  ConnectTimeout ${CONNECT_TIMEOUT_S}`,
    '  LogLevel ERROR',
  ]
  const file = join(folder, 'ssh_config')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

function writeHosts(folder: string, hosts: readonly Host[]): string {
  const file = join(folder, 'hosts')
  writeFileSync(file, `${hosts.map(({ address }) => address).join('\n')}\n`)
  return file
}

const found = (output: string, pattern: RegExp): readonly string[] => [
  ...new Set([...output.matchAll(pattern)].map(([, address = '']) => address)),
]

export const clush: Tool = {
  id: 'clush',
  name: 'clush',
  kind: 'peer',
  debian: 'clustershell',
  needs: ['/usr/bin/clush', '/usr/bin/ssh'],
  version: () => system('clush', '--version').trim(),
  configuration: `-f ${IN_FLIGHT}, the OpenSSH client with ${SSH_CONFIG}`,
  prepare(job) {
    const options = [
      '-q',
      '-f',
      String(IN_FLIGHT),
      '-t',
      String(CONNECT_TIMEOUT_S),
      '-u',
      '0',
      '-o',
      `-F ${writeSshConfig(job)}`,
    ]
    const hosts = ['--hostfile', writeHosts(job.folder, job.hosts)]
    return { argv: ['clush', ...options, ...hosts, shellCommand(job.work, job.lab.devices)] }
  },
  failed: (output) => found(output, /^clush: (\S+): exited with exit code/gm),
}

export const pdsh: Tool = {
  id: 'pdsh',
  name: 'pdsh',
  kind: 'peer',
  debian: 'pdsh',
  needs: ['/usr/bin/pdsh', '/usr/bin/ssh'],
  version: () => system('pdsh', '-V').split('\n')[0] ?? '',
  configuration: `-R ssh -f ${IN_FLIGHT}, the OpenSSH client with ${SSH_CONFIG}`,
  prepare(job) {
    const env = { PDSH_SSH_ARGS: `-F ${writeSshConfig(job)} -a -x %h` }
    const options = ['-R', 'ssh', '-f', String(IN_FLIGHT), '-t', String(CONNECT_TIMEOUT_S)]
    const hosts = ['-w', `^${writeHosts(job.folder, job.hosts)}`]
    return { argv: ['pdsh', ...options, ...hosts, shellCommand(job.work, job.lab.devices)], env }
  },
  failed: (output) => found(output, /^pdsh@[^:]+: (\S+): ssh exited with/gm),
}

export const pssh: Tool = {
  id: 'pssh',
  name: 'parallel-ssh',
  kind: 'peer',
  debian: 'pssh',
  needs: ['/usr/bin/parallel-ssh', '/usr/bin/ssh'],
  version: () => system('parallel-ssh', '--version').trim(),
  configuration: `-p ${IN_FLIGHT}, the OpenSSH client with ${SSH_CONFIG}`,
  prepare(job) {
    const options = ['-p', String(IN_FLIGHT), '-t', '0', '-x', `-F ${writeSshConfig(job)}`]
    const hosts = ['-h', writeHosts(job.folder, job.hosts)]
    return { argv: ['parallel-ssh', ...options, ...hosts, shellCommand(job.work, job.lab.devices)] }
  },
  failed: (output) => found(output, /\[FAILURE\] (\S+)/g),
}

export const openssh: Tool = {
  id: 'openssh',
  name: 'OpenSSH client',
  kind: 'peer',
  debian: 'openssh-client',
  needs: ['/usr/bin/ssh', '/usr/bin/xargs'],
  version: () => system('sh', '-c', 'ssh -V 2>&1').trim(),
  configuration: `ssh by xargs -P ${IN_FLIGHT}, ${SSH_CONFIG}`,
  prepare(job) {
    const each = ['ssh', '-F', writeSshConfig(job), '{}', shellCommand(job.work, job.lab.devices)]
    return { argv: ['xargs', '-a', writeHosts(job.folder, job.hosts), '-P', String(IN_FLIGHT), '-I', '{}', ...each] }
  },
}
