import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { system } from '../lab/namespace.ts'
import { IN_FLIGHT, type Job, type Tool } from './tool.ts'
import { shellCommand } from './work.ts'

// Clients that do nothing but the protocol. Ten steps are one program, and nothing looks at its answer.

const SOURCES = join(dirname(dirname(fileURLToPath(import.meta.url))), 'floor')
const CONFIGURATION = `one process, ${IN_FLIGHT} connections at a time, curve25519-sha256, ssh-ed25519, host key checked`

function hostsOnOnePort({ hosts, folder }: Job): readonly [string, string] {
  const file = join(folder, 'hosts')
  writeFileSync(file, `${hosts.map(({ address }) => address).join('\n')}\n`)
  return [file, String(hosts[0]?.port ?? 22)]
}

function bareTool(
  own: Pick<Tool, 'id' | 'name' | 'kind' | 'debian' | 'needs' | 'version'>,
  program: readonly string[],
): Tool {
  return {
    ...own,
    configuration: CONFIGURATION,
    prepare(job) {
      const { lab, work } = job
      const more = [lab.user, lab.key, lab.hostKeyFile, String(IN_FLIGHT), shellCommand(work, lab.devices)]
      return { argv: [...program, ...hostsOnOnePort(job), ...more] }
    },
  }
}

/** Version of a Debian package; which is what a library is here. */
function packageVersion(name: string): string {
  return `${name} ${system('dpkg-query', '-W', '-f', '$' + '{Version}', name)}`
}

/** The floors, from programs that the benchmark has compiled into a folder. */
export function floors(programs: string): readonly Tool[] {
  const libssh2 = {
    id: 'libssh2',
    name: 'bare client in C (libssh2)',
    kind: 'floor',
    debian: 'gcc libssh2-1-dev',
    needs: ['/usr/bin/gcc', '/usr/include/libssh2.h'],
    version: () => packageVersion('libssh2-1-dev'),
  } as const
  const go = {
    id: 'go',
    name: 'bare client in Go (x/crypto)',
    kind: 'floor',
    debian: 'golang-go golang-golang-x-crypto-dev',
    needs: ['/usr/bin/go', '/usr/share/gocode/src/golang.org/x/crypto/ssh'],
    version: () => `${system('go', 'version').trim()}, ${packageVersion('golang-golang-x-crypto-dev')}`,
  } as const
  return [bareTool(libssh2, [join(programs, 'bare-libssh2')]), bareTool(go, [join(programs, 'bare-go')])]
}

export const asyncssh = bareTool(
  {
    id: 'asyncssh',
    name: 'asyncssh (Python)',
    kind: 'peer',
    debian: 'python3-asyncssh',
    needs: ['/usr/bin/python3', '/usr/lib/python3/dist-packages/asyncssh'],
    version: () => packageVersion('python3-asyncssh'),
  },
  ['/usr/bin/python3', join(SOURCES, 'bare_asyncssh.py')],
)
