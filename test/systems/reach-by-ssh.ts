import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type ClientKeys, freePort, type SshServer } from '../peers/ssh-servers.ts'
import { type BootedSystem, until } from './booted-systems.ts'

/** Where a device with nothing but busybox is kept in its machine. */
const BARE = '/srv/bare'

/** Only busybox, its links, and what no Linux is without. */
const MAKE_BARE = `set -e
mkdir -p ${BARE}
mount --bind ${BARE} ${BARE}
for folder in bin sbin usr/bin usr/sbin proc dev tmp etc root srv var/log var/spool; do mkdir -p ${BARE}/$folder; done
chmod 1777 ${BARE}/tmp
cp /bin/busybox ${BARE}/bin
busybox chroot ${BARE} /bin/busybox --install -s
cp /etc/passwd /etc/group ${BARE}/etc
mount -t proc proc ${BARE}/proc
mount --bind /dev ${BARE}/dev
sed -i 's|^root:.*|root:x:0:0:root:/root:/bin/sh|' /etc/passwd
`

/** A machine that `till` gets to by SSH: it has a server of its own, on an address of this machine. */
export async function reachBySsh(system: BootedSystem, keys: ClientKeys, address: string): Promise<SshServer> {
  const port = await freePort(address)
  const bare = system.name === 'busybox'
  const made = system.run(bare ? MAKE_BARE : ':')
  if (made.code !== 0) throw new Error(`the bare device cannot be made: ${made.out}`)
  mkdirSync(`${system.root}/etc/till-ssh`)
  writeFileSync(`${system.root}/etc/till-ssh/authorized`, readFileSync(keys.authorized))
  const lines = [
    `ListenAddress ${address}:${port}`,
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'AuthorizedKeysFile /etc/till-ssh/authorized',
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PermitRootLogin yes',
    ...(bare ? [`ChrootDirectory ${BARE}`] : []),
  ]
  writeFileSync(`${system.root}/etc/till-ssh/config`, `${lines.join('\n')}\n`)
  system.run('[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -A; mkdir -p /run/sshd')
  const command = system.command('/usr/sbin/sshd -D -e -f /etc/till-ssh/config')
  const child = spawn('sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  await until(
    () => said.includes('Server listening'),
    20_000,
    () => `sshd of ${system.name} does not start: ${said}`,
  )
  const hostKey = readFileSync(`${system.root}/etc/ssh/ssh_host_ed25519_key.pub`, 'utf8')
  return {
    name: system.name,
    address,
    port,
    hostKeys: [hostKey.split(' ').slice(0, 2).join(' ').trim()],
    stop: () => system.stop(),
  }
}

/** The root of the device's own files, as seen from here. */
export function deviceRoot(system: BootedSystem): string {
  return system.name === 'busybox' ? `${system.root}${BARE}` : system.root
}
