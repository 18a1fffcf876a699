import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll } from 'vitest'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The other process of the contract and its store as plain JavaScript: it is started twenty times, and tsx takes most of a second each time. */
export function bundledChild(module: string): { readonly program: string; readonly module: string } {
  // Where their packages are found.
  mkdirSync(at('node_modules/.cache'), { recursive: true })
  const outdir = mkdtempSync(at('node_modules/.cache/till-store-child-'))
  afterAll(() => rmSync(outdir, { recursive: true }))
  buildSync({
    entryPoints: { child: at('src/testing/store-child.ts'), module },
    ...{
      outdir,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
    },
    outExtension: { '.js': '.mjs' },
  })
  return { program: `${outdir}/child.mjs`, module: `${outdir}/module.mjs` }
}
