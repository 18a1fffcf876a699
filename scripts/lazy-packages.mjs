// For the build: packages that load when one of their functions is called for the first time, not when they are imported.
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * A plugin of esbuild. Where src imports one of the packages, it finds stand-ins for the package's functions and classes.
 * What else a package exports has none: a build that needs it fails.
 */
export function lazyPackages(packages) {
  return {
    name: 'lazy-packages',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^(${packages.join('|')})$`) }, ({ path, importer }) => {
        return importer.startsWith(`${process.cwd()}/src/`) ? { path, namespace: 'lazy-package' } : undefined
      })
      onLoad({ filter: /.*/, namespace: 'lazy-package' }, async ({ path }) => {
        return { contents: standIns(path, await import(path)), resolveDir: process.cwd() }
      })
    },
  }
}

function standIns(path, exported) {
  const file = relative(process.cwd(), fileURLToPath(import.meta.resolve(path)))
  const names = Object.keys(exported).filter((name) => name !== 'default' && typeof exported[name] === 'function')
  return `
    let loaded
    const real = (name) => (loaded ??= require(${JSON.stringify(`./${file}`)}))[name]
    function standIn(name) {
      function lazy(...args) {
        return new.target ? Reflect.construct(real(name), args) : real(name).apply(this, args)
      }
      Object.defineProperty(lazy, Symbol.hasInstance, { value: (object) => object instanceof real(name) })
      // What stands on a class, such as its static methods, is asked of the real one.
      return new Proxy(lazy, { get: (own, key) => (key === Symbol.hasInstance || key === 'prototype' ? own[key] : real(name)[key]) })
    }
    ${names.map((name) => `export const ${name} = /* @__PURE__ */ standIn('${name}')`).join('\n')}`
}
