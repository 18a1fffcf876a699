import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ended } from '../cli/project.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
}

/**
 * The package as users get it: packed by npm and installed by npm into an empty folder, in the versions of our lock file.
 * What the repository was installed from is in npm's cache, so that no network is needed.
 */
export class InstalledPackage {
  readonly folder = mkdtempSync(join(tmpdir(), 'till-package-'))
  /** Paths in the package, without the leading `package/`. */
  readonly files: readonly string[]
  readonly packedBytes: number

  constructor() {
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', this.folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [tarball] = JSON.parse(packed) as { filename: string; size: number; files: { path: string }[] }[]
    if (!tarball) throw new Error('npm pack has packed nothing')
    this.files = tarball.files.map(({ path }) => path)
    this.packedBytes = tarball.size
    this.#lock(tarball.filename)
    execFileSync('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], {
      cwd: this.folder,
    })
  }

  /** Names of the packages that were installed with it. */
  get others(): readonly string[] {
    const { packages } = JSON.parse(readFileSync(join(this.folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, Locked>
    }
    return Object.keys(packages).flatMap((path) => path.split('node_modules/').at(-1) || [])
  }

  /** Runs the installed `till` in a folder, by the given Node.js. */
  till(node: string, cwd: string, ...args: readonly string[]): Promise<Ended> {
    return this.tillWith({}, node, cwd, ...args)
  }

  /** As `till`, with some more in its environment. */
  tillWith(more: NodeJS.ProcessEnv, node: string, cwd: string, ...args: readonly string[]): Promise<Ended> {
    const bin = join(this.folder, 'node_modules/tillwright/bin/till')
    const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1', ...more }
    return new Promise((resolve) => {
      execFile(node, [bin, ...args], { cwd, env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      })
    })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #lock(tarball: string): void {
    const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
    const { lockfileVersion, packages } = JSON.parse(read('package-lock.json')) as {
      lockfileVersion: number
      packages: Record<string, Locked>
    }
    const { version, bin, dependencies } = JSON.parse(read('package.json')) as Record<string, unknown>
    const wanted = { name: 'somewhere', version: '1.0.0', dependencies: { tillwright: `file:${tarball}` } }
    const ofUsers = Object.entries(packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
    )
    const lock = {
      ...{ name: wanted.name, version: wanted.version, lockfileVersion, requires: true },
      packages: {
        '': wanted,
        'node_modules/tillwright': { version, resolved: `file:${tarball}`, bin, dependencies },
        ...Object.fromEntries(ofUsers),
      },
    }
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(wanted))
    writeFileSync(join(this.folder, 'package-lock.json'), JSON.stringify(lock))
  }
}
