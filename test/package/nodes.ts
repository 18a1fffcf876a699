import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where `.ci/run` puts another Node.js than the one that runs the tests: `npm install --prefix .peers/node-24 …`. */
const OTHER = join(
  fileURLToPath(new URL('../../.peers/node-24/', import.meta.url)),
  `node_modules/node-${process.platform}-${process.arch}/bin/node`,
)

/** Every Node.js that is here, by its version; elsewhere than in CI, a missing one is skipped loudly. */
export const nodes: readonly { readonly version: string; readonly path: string }[] = [process.execPath, OTHER].flatMap(
  (path) => {
    if (existsSync(path)) return [{ version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), path }]
    const install = `npm install --prefix .peers/node-24 node-${process.platform}-${process.arch}@24`
    if (process.env['CI']) throw new Error(`Node.js 24 is missing: ${install}`)
    console.warn(`Skipped: the package on Node.js 24; ${install}`)
    return []
  },
)
