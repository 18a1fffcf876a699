import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import type { JsonObject } from '../../src/core/json.ts'
import { isThere } from './debian.ts'

/** Whether Ansible itself is here; in CI it has to be. */
export function hasAnsible(): boolean {
  const isHere = spawnSync('ansible-inventory', ['--version']).status === 0
  return isThere({ what: 'comparisons with Ansible itself', debian: 'ansible-core', isHere })
}

interface AnsibleList {
  readonly _meta: { readonly hostvars: Readonly<Record<string, JsonObject>> }
  readonly [group: string]: unknown
}

/** What `ansible-inventory --list` says of an inventory; throws where it warns of anything. */
export function ansibleList(path: string): AnsibleList {
  const env = {
    ...process.env,
    ANSIBLE_DEPRECATION_WARNINGS: 'False',
    LC_ALL: 'C.UTF-8',
    ANSIBLE_LOCALHOST_WARNING: 'False',
  }
  const { stdout, stderr, status } = spawnSync('ansible-inventory', ['-i', path, '--list'], {
    encoding: 'utf8',
    env,
    cwd: dirname(path),
    maxBuffer: 64_000_000,
  })
  if (status !== 0 || /WARNING|ERROR/.test(stderr)) throw new Error(stderr)
  return JSON.parse(stdout) as AnsibleList
}

/** Every host with its effective values. */
export function ansibleHosts(path: string): Readonly<Record<string, JsonObject>> {
  const { _meta, ...groups } = ansibleList(path)
  const hosts = Object.values(groups).flatMap((group) => (group as { hosts?: string[] }).hosts ?? [])
  return Object.fromEntries([...new Set(hosts)].map((host) => [host, _meta.hostvars[host] ?? {}]))
}
