import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where `.ci/run` puts the newest Node.js of each line: `npm install --prefix .peers/node-24 …`. */
const OTHERS = ['22', '24', '26'].map((line) => ({
  line,
  path: join(
    fileURLToPath(new URL(`../../.peers/node-${line}/`, import.meta.url)),
    `node_modules/node-${process.platform}-${process.arch}/bin/node`,
  ),
}))

/** Every Node.js that is here, by its version; elsewhere than in CI, a missing one is skipped loudly. */
export const nodes: readonly { readonly version: string; readonly path: string }[] = [
  { line: 'this', path: process.execPath },
  ...OTHERS,
].flatMap(({ line, path }) => {
  if (existsSync(path)) return [{ version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), path }]
  const install = `npm install --prefix .peers/node-${line} node-${process.platform}-${process.arch}@${line}`
  if (process.env['CI']) throw new Error(`Node.js ${line} is missing: ${install}`)
  console.warn(`Skipped: the package on Node.js ${line}; ${install}`)
  return []
})
