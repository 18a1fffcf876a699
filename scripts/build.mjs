// Bundles src to dist and puts beside it what is not TypeScript. The old dist is there until the new one is whole.
// Bundled, `till` opens a handful of files at its start instead of hundreds. Types are checked by `npm run types`.
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { build } from 'esbuild'
import { asciiOf, asciiPackages } from './ascii-packages.mjs'
import { MODULE_URL, writeCommonJs } from './commonjs.mjs'
import { lazyPackages, writeLazyPackages } from './lazy-packages.mjs'
import { buildPages } from './pages.mjs'
import { writeQuickChecks } from './quick-checks.mjs'
import { bundledPackages, missingDependencies, noticesOf } from './third-party.mjs'

/** What is started or imported by its name: where it comes to lie, and its source. Commands are too; they are found by their folder. */
const ENTRIES = {
  'cli/main': 'cli/main',
  'cli/complete': 'cli/complete',
  'cli/unknown-command': 'cli/unknown-command',
  'cli/flag-values': 'cli/flag-values',
  'cli/help': 'cli/help',
  'app/device-thread': 'app/run/device-thread',
  'sandbox/worker': 'sandbox/worker',
  'sandbox/black-hole': 'sandbox/black-hole',
}

/** Have native parts: they are the dependencies of package.json, and all others are in the bundle. */
const NATIVE = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies)

/** Are looked for by oclif, pg and ws only in case that they are there. */
const OPTIONAL = ['typescript', 'ts-node', 'tsx', 'pg-native', 'pg-cloudflare', 'bufferutil', 'utf-8-validate']

/** Take long to load and are often not needed; only functions and classes of theirs are imported. */
const LAZY = ['ajv', 'yaml', 're2js', '@marcbachmann/cel-js', 'ical.js', 'saxes', 'diff']

const fresh = `dist.${process.pid}`
try {
  await bundle()
  await writeQuickChecks(fresh)
  await buildPages(`${fresh}/pages`)
  copyStandIns()
  sealBuild()
} catch (error) {
  rmSync(fresh, { recursive: true, force: true })
  // esbuild has said already what is wrong with the sources.
  if (!error.errors) console.error(error)
  process.exit(1)
}
try {
  renameSync('dist', `${fresh}.old`)
} catch (error) {
  if (error.code !== 'ENOENT') throw error
}
renameSync(fresh, 'dist')
rmSync(`${fresh}.old`, { recursive: true, force: true })
await writeManifest()

/**
 * Everything lies one folder deep, as the rooms of src do, so that `import.meta.url` means the same in both. Commands
 * are deeper: a line there leads to each of them.
 */
async function bundle() {
  const commands = filesOf('src/commands', '.ts').map((file) => file.slice('src/commands/'.length, -'.ts'.length))
  const nameOf = (command) => `command/${command.replaceAll('/', '-')}`
  const { metafile, outputFiles } = await build({
    write: false,
    entryPoints: Object.fromEntries([
      ...Object.entries(ENTRIES).map(([name, source]) => [name, `src/${source}.ts`]),
      ...commands.map((command) => [nameOf(command), `src/commands/${command}.ts`]),
    ]),
    outdir: fresh,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: [...NATIVE, ...OPTIONAL],
    plugins: [lazyPackages(LAZY), asciiPackages()],
    alias: { semver: './scripts/node-version-check.cjs' },
    define: { ...MODULE_URL, TILL_BUILD: JSON.stringify(digestOf([...filesOf('src', '.ts'), 'package-lock.json'])) },
    // Less to read at each start; names are kept for stacks.
    minifyWhitespace: true,
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
    metafile: true,
  })
  await writeCommonJs(outputFiles)
  const lazy = await writeLazyPackages(LAZY, fresh)
  const missing = missingDependencies(metafile, [...NATIVE, ...OPTIONAL])
  if (missing.length > 0) throw new Error(`neither in the bundle nor a dependency: ${missing.join(', ')}`)
  writeFileSync(`${fresh}/THIRD-PARTY-NOTICES.txt`, noticesOf(bundledPackages({ outputs: { ...metafile.outputs, ...lazy.outputs } })))
  for (const command of commands) {
    const file = `${fresh}/commands/${command}.js`
    mkdirSync(dirname(file), { recursive: true })
    const up = '../'.repeat(command.split('/').length)
    writeFileSync(file, `module.exports = require('${up}${nameOf(command)}.js')\n`)
  }
}

/** Says to Node.js what the files are, and to bin/till by what name their compiled code is kept. */
function sealBuild() {
  const files = filesOf(fresh, '.js', '.cjs')
  for (const file of files.filter((name) => !name.startsWith(`${fresh}/pages/`))) {
    const [, beyond] = /(.{0,40}[\u0080-\uffff])/.exec(readFileSync(file, 'utf8')) ?? []
    if (beyond) throw new Error(`esbuild leaves letters in regular expressions as they are: write \\u… in ${beyond}`)
  }
  const build = digestOf(files, fresh.length)
  writeFileSync(`${fresh}/package.json`, JSON.stringify({ type: 'commonjs', build }))
}

/** Programs and files that the sandbox's devices are made of. */
function copyStandIns() {
  const standIns = 'src/sandbox/stand-ins'
  cpSync(standIns, `${fresh}/sandbox/stand-ins`, { recursive: true })
  for (const file of readdirSync(standIns)) chmodSync(`${fresh}/sandbox/stand-ins/${file}`, 0o755)
}

/** With a manifest, `till --help` and completion read one file instead of importing every command. */
async function writeManifest() {
  const { Plugin } = await import('@oclif/core')
  const plugin = new Plugin({ root: process.cwd(), type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  writeFileSync(`oclif.manifest.json.${process.pid}`, asciiOf(JSON.stringify(plugin.manifest)))
  renameSync(`oclif.manifest.json.${process.pid}`, 'oclif.manifest.json')
}

function filesOf(folder, ...endings) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => endings.includes(extname(name)))
  return names.map((name) => `${folder}/${name}`).sort()
}

/** `from`: so many letters of the names do not count. */
function digestOf(files, from = 0) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file.slice(from)}\0`).update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}
