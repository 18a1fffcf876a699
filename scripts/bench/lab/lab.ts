import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { system } from './namespace.ts'
import { removeUser } from './remove-user.ts'
import { onEnd } from './undo.ts'

/** The user that is logged in on the devices, and the keys of both sides. */
export interface Lab {
  readonly user: string
  /** Where devices keep their files, a folder for each address. */
  readonly devices: string
  readonly key: string
  /** Public ed25519 key of all servers, as OpenSSH writes it: a file, and its `type base64`. */
  readonly hostKeyFile: string
  readonly hostKey: string
  readonly folder: string
  readonly uid: number
}

const USER = `tillbench${process.pid}`
const HOME = `/var/lib/${USER}`

/** Makes the lab's user and keys; they go when the benchmark ends. `folder` is for keys, logs and configuration. */
export function makeLab(folder: string): Lab {
  mkdirSync('/run/sshd', { recursive: true })
  const [key, host] = [join(folder, 'id_ed25519'), join(folder, 'host_ed25519')]
  for (const file of [key, host]) system('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', file)
  system('ssh-keygen', '-q', '-t', 'ecdsa', '-N', '', '-C', 'bench', '-f', join(folder, 'host_ecdsa'))
  system('ssh-keygen', '-q', '-t', 'rsa', '-N', '', '-C', 'bench', '-f', join(folder, 'host_rsa'))
  // A user with a plain sh and an empty home, in a folder that only root may write to: tinysshd insists on that.
  onEnd(() => rmSync(HOME, { recursive: true, force: true }))
  onEnd(() => removeUser(USER))
  system('useradd', '-M', '-d', HOME, '-s', '/bin/sh', '-p', '*', USER)
  const uid = Number(system('id', '-u', USER))
  const gid = Number(system('id', '-g', USER))
  const devices = join(HOME, 'devices')
  mkdirSync(join(HOME, '.ssh'), { recursive: true })
  mkdirSync(devices)
  writeFileSync(join(HOME, '.ssh/authorized_keys'), readFileSync(`${key}.pub`))
  for (const path of [HOME, join(HOME, '.ssh'), join(HOME, '.ssh/authorized_keys'), devices]) chownSync(path, uid, gid)
  chmodSync(HOME, 0o755)
  chmodSync(join(HOME, '.ssh'), 0o700)
  const hostKey = readFileSync(`${host}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
  return { user: USER, devices, key, hostKeyFile: `${host}.pub`, hostKey, folder, uid }
}

/** Starts a real sshd in a network, on an address and port of it. */
export function startOpenSsh(lab: Lab, namespace: string, address: string, port: number): Promise<Background> {
  const file = join(lab.folder, `sshd-${address}-${port}`)
  const config = [
    `ListenAddress ${address}:${port}`,
    ...['ed25519', 'ecdsa', 'rsa'].map((type) => `HostKey ${join(lab.folder, `host_${type}`)}`),
    `PidFile ${file}.pid`,
    'AuthorizedKeysFile .ssh/authorized_keys',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 20000',
    'MaxSessions 100',
    'UseDNS no',
    'PrintMotd no',
    'PrintLastLog no',
    'LogLevel ERROR',
  ]
  writeFileSync(`${file}.conf`, `${config.join('\n')}\n`)
  const command = ['/usr/sbin/sshd', '-D', '-e', '-f', `${file}.conf`]
  return startServer(namespace, command, { log: `${file}.log`, address, port })
}

/** Starts a real dropbear in a network. */
export function startDropbear(lab: Lab, namespace: string, address: string, port: number): Promise<Background> {
  const file = join(lab.folder, 'dropbear')
  system('dropbearconvert', 'openssh', 'dropbear', join(lab.folder, 'host_ed25519'), `${file}-ed25519`)
  // With an ed25519 key alone dropbear 2022.83 dies when a client lists RSA first.
  system('dropbearkey', '-t', 'rsa', '-f', `${file}-rsa`)
  const keys = ['-r', `${file}-ed25519`, '-r', `${file}-rsa`]
  const command = ['dropbear', '-F', '-E', '-s', '-p', `${address}:${port}`, '-P', `${file}.pid`, ...keys]
  return startServer(namespace, command, { log: `${file}.log`, address, port })
}

interface Place {
  readonly log: string
  readonly address: string
  readonly port: number
}

/** Starts a server in a network and waits until its port is open. */
export async function startServer(namespace: string, command: readonly string[], place: Place): Promise<Background> {
  const server = await startBackground({ command: ['ip', 'netns', 'exec', namespace, ...command], log: place.log })
  for (let tries = 0; !listens(namespace, place.port); tries += 1) {
    if (server.child.exitCode !== null || tries > 250) {
      throw new Error(`${command[0]} did not start: ${readFileSync(place.log, 'utf8').slice(-500)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return server
}

function listens(namespace: string, port: number): boolean {
  return system('ip', 'netns', 'exec', namespace, 'ss', '-Hltn', `sport = :${port}`).trim() !== ''
}
