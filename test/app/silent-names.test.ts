import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { ended, inventoryWith, TestProject } from '../cli/project.ts'
import { freePort } from '../peers/ssh-servers.ts'
import { TILL } from '../peers/till.ts'

const SILENT = '127.0.7.53'
/** Where names are asked of the server that never answers, and those of /etc/hosts are known. */
const ELSEWHERE =
  'for file in resolv.conf hosts nsswitch.conf; do mount --bind "$0/$file" "/etc/$file"; done && exec "$@"'

test.runIf(userInfo().uid === 0)('names whose server is silent keep no other name waiting', async () => {
  const server = createSocket('udp4')
  await new Promise<void>((resolve) => server.bind(53, SILENT, resolve))
  const port = await freePort('127.0.7.54')
  const good = Array.from({ length: 8 }, (_, n) => `good${n + 1}`)
  const dead = Array.from({ length: 12 }, (_, n) => `pos${n + 1}.dead.test`)
  const names = [...dead, ...good]
  const devices = names.map(
    (name, n) => `      pos${n + 1}: {profile: till, address: ${name}, transport: {port: ${port}}}\n`,
  )
  const project = new TestProject({
    'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n',
    'inventory/fleet.yaml': inventoryWith(
      devices.join(''),
      "  transport: {user: till, password: {secret: 'file:password'}, host_keys: ['ssh-ed25519 AAAA']}\n",
    ),
    password: 'a-long-password',
    'resolv.conf': `nameserver ${SILENT}\n`,
    hosts: good.map((name) => `127.0.7.54 ${name}\n`).join(''),
    'nsswitch.conf': 'hosts: files dns\n',
  })
  try {
    const till = [process.execPath, TILL, 'exec', '--json', '--', 'true']
    const args = ['-m', 'sh', '-c', ELSEWHERE, project.root, ...till]
    const { stdout, stderr } = await ended(
      spawn('unshare', args, { cwd: project.root, stdio: ['ignore', 'pipe', 'pipe'] }),
    )
    expect([stderr, stdout]).toEqual(['', expect.stringContaining('"devices"')])
    const ends = (JSON.parse(stdout) as { devices: { failure: { code: string } }[] }).devices.map(
      ({ failure }) => failure.code,
    )
    expect(ends.sort()).toEqual([...good.map(() => 'CONNECT_REFUSED'), ...dead.map(() => 'RESOLVE_FAILED')])
  } finally {
    await project.remove()
    server.close()
  }
})
