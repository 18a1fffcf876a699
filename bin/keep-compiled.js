// What V8 compiles is kept for the next start: a quarter of the CPU of a short command.
'use strict'
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs')
const Module = require('node:module')
const { homedir } = require('node:os')
const { basename, dirname, join, sep } = require('node:path')
const { cachedDataVersionTag } = require('node:v8')
const { Script } = require('node:vm')
const { crc32 } = require('node:zlib')

const DIST = join(__dirname, '..', 'dist') + sep
/** Of so many builds it is kept, so that two that are used in turns keep theirs. */
const MOST_BUILDS = 4

/**
 * Only in a folder that nobody else may write to, since what is read there is run; NODE_DISABLE_COMPILE_CACHE=1 switches it
 * off. Node.js does it itself from 22.8 on.
 */
function keepCompiled() {
  const { XDG_CACHE_HOME: cache, NODE_DISABLE_COMPILE_CACHE: off } = process.env
  try {
    // With sudo, home may be another's: nothing of root is left there.
    if (off || !isOwn(cache || homedir())) return
    const folder = join(cache || join(homedir(), '.cache'), 'tillwright')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!isOwn(folder)) return
    if (Module.enableCompileCache) Module.enableCompileCache(join(folder, 'compiled'))
    else keepScripts(folderOfBuild(join(folder, 'builds')))
  } catch {
    // A home that cannot be written, or none: each start compiles anew.
  }
}

/** Nobody else may write to it. */
function isOwn(folder) {
  const own = process.getuid?.()
  if (own === undefined) return true
  const { uid, mode } = statSync(folder)
  return uid === own && (mode & 0o022) === 0
}

/** The folder of this build and of what V8 would accept. A new one takes the place of the oldest. */
function folderOfBuild(builds) {
  const { build } = JSON.parse(readFileSync(join(DIST, 'package.json'), 'utf8'))
  const folder = join(builds, `${build}-${process.arch}-${cachedDataVersionTag()}`)
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) === undefined) return folder
  const made = (name) => statSync(join(builds, name)).birthtimeMs
  const others = readdirSync(builds).filter((name) => join(builds, name) !== folder)
  const newestFirst = others.sort((a, b) => made(b) - made(a))
  for (const name of newestFirst.slice(MOST_BUILDS - 1)) rmSync(join(builds, name), { recursive: true, force: true })
  return folder
}

/**
 * Files of dist are compiled with what is in the folder; what is not is put there as the process ends, when V8 knows what was called.
 * A command that ends for the first time renews what others have kept: it calls more of the files that they share.
 */
function keepScripts(folder) {
  const loaded = new Map()
  const fresh = new Set()
  const asAlways = Module._extensions['.js']
  Module._extensions['.js'] = (module, filename) => {
    if (!filename.startsWith(DIST)) return asAlways(module, filename)
    const kept = join(folder, filename.slice(DIST.length).replaceAll(sep, '-'))
    const script = compiled(filename, kept)
    loaded.set(kept, script)
    if (script.cachedDataRejected !== false) fresh.add(kept)
    script.runInThisContext().call(module.exports, module.exports, requireOf(module), module, filename, dirname(filename))
  }
  process.on('exit', () => {
    try {
      const isNewCommand = [...fresh].some((kept) => basename(kept).startsWith('commands-'))
      for (const [kept, script] of loaded) if (isNewCommand || fresh.has(kept)) write(kept, script)
    } catch {
      // A full disk, or a folder that another start has taken away.
    }
  })
}

function compiled(filename, kept) {
  const cachedData = read(kept)
  // The wrapper has a line of its own, so that places in stacks are those of the file.
  // The build is ASCII (scripts/build.mjs): read as Latin-1, a text is taken as it lies there, in one go.
  const code = `${Module.wrapper[0]}\n${readFileSync(filename, 'latin1')}${Module.wrapper[1]}`
  return new Script(code, { filename, lineOffset: -1, cachedData })
}

/** What a file of dist says is where it says: nothing is looked for. */
function requireOf(module) {
  const folder = dirname(module.filename)
  const require = (name) => {
    if (!name.startsWith('.')) return module.require(name)
    const filename = join(folder, name)
    return (Module._cache[filename] ?? load(filename, module)).exports
  }
  require.resolve = (name, options) => Module._resolveFilename(name, module, false, options)
  return Object.assign(require, { main: process.mainModule, cache: Module._cache, extensions: Module._extensions })
}

function load(filename, parent) {
  const module = new Module(filename, parent)
  Module._cache[filename] = module
  try {
    module.load(filename)
  } catch (error) {
    delete Module._cache[filename]
    throw error
  }
  return module
}

/** What was written whole; V8 itself does not look whether a power cut has left holes. */
function read(kept) {
  try {
    const bytes = readFileSync(kept)
    const data = bytes.subarray(0, -4)
    return bytes.readUInt32LE(data.length) === crc32(data) ? data : undefined
  } catch {
    // The first start that loads it.
  }
}

function write(kept, script) {
  const partial = `${kept}.${process.pid}`
  try {
    const data = script.createCachedData()
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32(data))
    writeFileSync(partial, Buffer.concat([data, sum]), { mode: 0o600 })
    renameSync(partial, kept)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}

module.exports = { keepCompiled }
