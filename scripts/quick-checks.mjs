// For the build: validators of our own schemas, compiled ahead. They only say whether a value is right; what is wrong with
// it ajv says, which then compiles the schema itself. src/lang/quick-check.ts finds them by the digest of the schema.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'

/** Writes one file for each schema into the folder `checks` of a build. */
export async function writeQuickChecks(dist) {
  const folder = `${dist}/checks`
  mkdirSync(folder)
  const { OWN_SCHEMAS, STRICTNESS, schemaDigest } = await sources()
  const work = mkdtempSync('.quick-checks-')
  try {
    const entries = {}
    for (const schema of Object.values(OWN_SCHEMAS)) {
      const digest = schemaDigest(schema)
      entries[digest] = join(work, `${digest}.cjs`)
      writeFileSync(entries[digest], codeOf(schema, STRICTNESS))
    }
    await build({
      entryPoints: entries,
      outdir: folder,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20.19',
      minify: true,
      logLevel: 'warning',
    })
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** As validate.ts compiles them, but that the first problem is the end, and nothing is said of it. */
function codeOf(schema, strictness) {
  const ajv = new Ajv({ ...strictness, messages: false, inlineRefs: false, code: { source: true } })
  return standalone.default(ajv, ajv.compile(schema))
}

async function sources() {
  const work = mkdtempSync('.own-schemas-')
  try {
    const outfile = join(work, 'schemas.mjs')
    await build({
      stdin: {
        contents: `export { OWN_SCHEMAS } from './scripts/own-schemas.ts'\nexport { schemaDigest, STRICTNESS } from './src/lang/quick-check.ts'`,
        resolveDir: '.',
      },
      outfile,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      logLevel: 'warning',
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(work, { recursive: true })
  }
}
