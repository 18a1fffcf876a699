// Checks the layers of ARCHITECTURE.md, and that the check looked at the whole of src: a gate that sees nothing passes.
import { lstatSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cruise } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

// Behind a link the libraries are outside of the tree, so that no fence around them would be looked at.
if (lstatSync('node_modules').isSymbolicLink()) {
  console.error('The layers check sees no library behind a link: run `npm ci` here, in place of linking node_modules.')
  process.exit(1)
}
const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs')
const sources = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.ts'))
const options = { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true, outputType: 'err-long' }
const report = await cruise(['src'], options, undefined, { tsConfig: extractTSConfig('tsconfig.json') })
process.stdout.write(typeof report.output === 'string' ? report.output : JSON.stringify(report.output))
const json = await cruise(['src'], { ...options, outputType: 'json' }, undefined, { tsConfig: extractTSConfig('tsconfig.json') })
const { summary, modules } = JSON.parse(json.output)
const seen = modules.filter((module) => module.source.startsWith('src/')).length
if (seen < sources.length) {
  console.error(`The layers check looked at ${seen} of ${sources.length} files.`)
  process.exit(1)
}
const name = JSON.parse(readFileSync('package.json', 'utf8')).name
console.log(`${name}: ${seen} files, ${summary.violations.length} violations of the layers`)
process.exit(summary.violations.length === 0 ? 0 : 1)
