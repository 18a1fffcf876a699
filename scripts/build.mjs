// Compiles src to dist and puts beside it what is not TypeScript.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
const standIns = 'src/sandbox/stand-ins'
if (existsSync(standIns)) {
  cpSync(standIns, 'dist/sandbox/stand-ins', { recursive: true })
  for (const file of readdirSync('dist/sandbox/stand-ins')) chmodSync(`dist/sandbox/stand-ins/${file}`, 0o755)
}

// With a manifest, `till --help` and completion read one file instead of importing every command.
rmSync('oclif.manifest.json', { force: true })
const { Plugin } = await import('@oclif/core')
const plugin = new Plugin({ root: process.cwd(), type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
await plugin.load()
writeFileSync('oclif.manifest.json', JSON.stringify(plugin.manifest))
