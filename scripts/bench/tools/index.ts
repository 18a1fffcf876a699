import { join } from 'node:path'
import { ansible, mitogen } from './ansible.ts'
import { asyncssh, floors } from './bare.ts'
import { clush, openssh, pdsh, pssh } from './openssh.ts'
import { till, tillIn } from './till.ts'
import type { Tool } from './tool.ts'
import { WINRM_TOOLS } from './winrm.ts'

const SSH_TOOL_IDS = ['till', 'libssh2', 'go', 'asyncssh', 'openssh', 'pssh', 'clush', 'pdsh', 'ansible', 'mitogen']
export const TOOL_IDS = [...new Set([...SSH_TOOL_IDS, ...WINRM_TOOLS.map(({ id }) => id)])]

/**
 * Every tool for SSH, in the order of their ids; programs are compiled into a folder below `work`. `against`: a folder that
 * another build of Tillwright is in.
 */
export function allTools(work: string, against?: string): readonly Tool[] {
  const before = against === undefined ? [] : [tillIn(against, { id: 'against', name: 'Tillwright, the other build' })]
  return [till, ...before, ...floors(join(work, 'programs')), asyncssh, openssh, pssh, clush, pdsh, ansible, mitogen]
}
