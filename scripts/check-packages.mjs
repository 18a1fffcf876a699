// Compares the Debian packages that tests ask for (`debian: '…'`) with those that `.ci/run` installs; with --installed,
// also with those that are here. Prints all that is missing as one list.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const FEWEST = 20

/** Package names that a text asks for. */
export function askedFor(text) {
  return [...text.matchAll(/\bdebian:\s*(?:'([^']*)'|"([^"]*)")/g)].flatMap(([, a, b]) => (a ?? b).split(' ').filter(Boolean))
}

/** Package names that a script of `apt-get install` lists. */
export function installedBy(script) {
  const [, list = ''] = /apt-get install ((?:[^\n]*\\\n)*[^\n]*)/.exec(script) ?? []
  return list.replaceAll('\\\n', ' ').replace(/>.*/, '').split(/\s+/).filter((word) => word !== '' && !word.startsWith('-'))
}

function main() {
  const files = ['test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )
  const asked = new Map()
  for (const file of files) for (const name of askedFor(readFileSync(join(ROOT, file), 'utf8'))) asked.set(name, file)
  const listed = installedBy(readFileSync(join(ROOT, '.ci/run'), 'utf8'))
  if (asked.size < FEWEST) throw new Error(`Only ${asked.size} packages are asked for: this check looks in the wrong place`)
  const unlisted = [...asked].filter(([name]) => !listed.includes(name))
  for (const [name, file] of unlisted) console.error(`${file} needs the Debian package ${name}, which .ci/run does not install.`)
  const absent = process.argv.includes('--installed') ? listed.filter((name) => !isInstalled(name)) : []
  if (absent.length > 0) console.error(`Not installed here: apt-get install ${absent.join(' ')}`)
  process.exitCode = unlisted.length + absent.length > 0 ? 1 : 0
  if (process.exitCode === 0) console.log(`All ${asked.size} Debian packages that tests ask for are installed by .ci/run.`)
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' })
  return stdout === 'installed'
}

if (process.argv[1] === import.meta.filename) main()
