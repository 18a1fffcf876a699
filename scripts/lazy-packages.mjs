// For the build: packages that load when one of their functions is called for the first time, not when they are imported.
// Each is a file of its own, so that a start does not even read what it does not call.
import { build } from 'esbuild'
import { asciiPackages } from './ascii-packages.mjs'

const NAMESPACE = 'lazy-package'

/** Bundles each package into the folder `lazy` of a build; what esbuild says of them, in one. */
export async function writeLazyPackages(packages, dist) {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(packages.map((name) => [fileNameOf(name), name])),
    outdir: `${dist}/lazy`,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    plugins: [asciiPackages()],
    logLevel: 'warning',
    metafile: true,
  })
  return metafile
}

/**
 * A plugin of esbuild. Where src imports one of the packages, it finds stand-ins for the package's functions and classes,
 * or for the object that holds them all.
 * What else a package exports has none: a build that needs it fails.
 */
export function lazyPackages(packages) {
  return {
    name: NAMESPACE,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^(${packages.join('|')})$`) }, ({ path, importer }) => {
        return importer.startsWith(`${process.cwd()}/src/`) ? { path, namespace: NAMESPACE } : undefined
      })
      onLoad({ filter: /.*/, namespace: NAMESPACE }, async ({ path }) => {
        return { contents: standIns(path, await import(path)), resolveDir: process.cwd() }
      })
    },
  }
}

function fileNameOf(name) {
  return name.replace(/^@/, '').replace('/', '-')
}

/** Everything that is built lies one folder deep, and so does the file of a package. */
function standIns(path, exported) {
  const names = Object.keys(exported).filter((name) => name !== 'default' && typeof exported[name] === 'function')
  return `
    import { createRequire } from 'node:module'
    let loaded
    const real = (name) => (loaded ??= createRequire(import.meta.url)('../lazy/${fileNameOf(path)}.cjs'))[name]
    function standIn(name) {
      function lazy(...args) {
        return new.target ? Reflect.construct(real(name), args) : real(name).apply(this, args)
      }
      Object.defineProperty(lazy, Symbol.hasInstance, { value: (object) => object instanceof real(name) })
      // What stands on a class, such as its static methods, is asked of the real one.
      return new Proxy(lazy, { get: (own, key) => (key === Symbol.hasInstance || key === 'prototype' ? own[key] : real(name)[key]) })
    }
    ${names.length === 0 ? "export default /* @__PURE__ */ new Proxy({}, { get: (_, key) => real('default')[key] })" : ''}
    ${names.map((name) => `export const ${name} = /* @__PURE__ */ standIn('${name}')`).join('\n')}`
}
