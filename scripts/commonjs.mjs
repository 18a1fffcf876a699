// For the build: what esbuild wrote as ES modules, as CommonJS. esbuild cuts a bundle into chunks in ES modules only, and
// Node.js loads CommonJS with less work: without a loader of its own, and on every release with V8's cache (bin/keep-compiled.js).
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { transform } from 'esbuild'

/** For the option `define` of the bundle. */
export const MODULE_URL = { 'import.meta.url': '__moduleUrl' }

const STRICT = '"use strict";'
const URL_OF_FILE = "const __moduleUrl=require('node:url').pathToFileURL(__filename).href;"

/** Writes the files of a bundle, which has its maps inside, and each map beside its file. */
export async function writeCommonJs(outputFiles) {
  for (const { path, text } of outputFiles) {
    const { code, map } = await transform(text, {
      sourcefile: path,
      format: 'cjs',
      platform: 'node',
      target: 'node20.19',
      // A chunk is loaded by require: import() would go through the loader of ES modules again.
      supported: { 'dynamic-import': false },
      banner: STRICT + (text.includes('__moduleUrl') ? URL_OF_FILE : ''),
      minifyWhitespace: true,
      sourcemap: 'external',
      sourcesContent: false,
      logLevel: 'warning',
    })
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${code}//# sourceMappingURL=${basename(path)}.map\n`)
    writeFileSync(`${path}.map`, map)
  }
}
