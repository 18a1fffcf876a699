// Compiles src to dist and puts beside it what is not TypeScript. The old dist is there until the new one is whole.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const fresh = `dist.${process.pid}`
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', fresh]
const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' })
if (status !== 0) {
  rmSync(fresh, { recursive: true, force: true })
  process.exit(status ?? 1)
}
const standIns = 'src/sandbox/stand-ins'
if (existsSync(standIns)) {
  cpSync(standIns, `${fresh}/sandbox/stand-ins`, { recursive: true })
  for (const file of readdirSync(standIns)) chmodSync(`${fresh}/sandbox/stand-ins/${file}`, 0o755)
}
if (existsSync('dist')) renameSync('dist', `${fresh}.old`)
renameSync(fresh, 'dist')
rmSync(`${fresh}.old`, { recursive: true, force: true })

// With a manifest, `till --help` and completion read one file instead of importing every command.
const { Plugin } = await import('@oclif/core')
const plugin = new Plugin({ root: process.cwd(), type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
await plugin.load()
writeFileSync(`oclif.manifest.json.${process.pid}`, JSON.stringify(plugin.manifest))
renameSync(`oclif.manifest.json.${process.pid}`, 'oclif.manifest.json')
