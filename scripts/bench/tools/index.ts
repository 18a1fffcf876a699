import { join } from 'node:path'
import { ansible, mitogen } from './ansible.ts'
import { asyncssh, floors } from './bare.ts'
import { clush, openssh, pdsh, pssh } from './openssh.ts'
import { till } from './till.ts'
import type { Tool } from './tool.ts'

export const TOOL_IDS = ['till', 'libssh2', 'go', 'asyncssh', 'openssh', 'pssh', 'clush', 'pdsh', 'ansible', 'mitogen']

/** Every tool that is known, in the order of TOOL_IDS; programs are compiled into a folder below `work`. */
export function allTools(work: string): readonly Tool[] {
  return [till, ...floors(join(work, 'programs')), asyncssh, openssh, pssh, clush, pdsh, ansible, mitogen]
}
