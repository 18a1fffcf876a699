// For the build: which packages are inside the bundle, and the notices that their licences ask for.
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i

/**
 * The packages of a bundle, by the metafile of esbuild: name, version, licence and the text of it, in order of names.
 * A package counts only if something of it was put in.
 */
export function bundledPackages(metafile) {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => {
    return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []))
  })
  const folders = new Set(used.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  const packages = [...folders].map(readPackage).map((one) => [`${one.name} ${one.version}`, one])
  return [...new Map(packages).values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Packages that the bundle expects beside it and that users would not get. */
export function missingDependencies(metafile, expected) {
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external))
  const names = outside.map(({ path }) => path).filter((path) => !isBuiltin(path))
  return [...new Set(names)].filter((name) => !expected.includes(name))
}

function readPackage(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file))
  const texts = files.sort().map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim())
  const by = typeof author === 'object' ? author.name : author
  return { name, version, licence: license ?? 'see below', text: texts.join('\n\n') || `By ${by ?? 'its authors'}.` }
}

/** The text of `dist/THIRD-PARTY-NOTICES.txt`. */
export function noticesOf(packages) {
  const line = '-'.repeat(78)
  return [
    'Tillwright contains these packages. What is theirs stays under their licences.',
    ...packages.map(({ name, version, licence, text }) => `${line}\n${name} ${version} (${licence})\n\n${text}`),
    '',
  ].join('\n\n')
}
