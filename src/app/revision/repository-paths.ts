import { realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Module } from '../../core/module.ts'
import { isLfsPointer, pointerFailure } from '../../files/lfs-pointer.ts'

/**
 * Parameters of a module with the paths of this machine in them absolute: relative ones count from `root`, the folder of
 * tillwright.yaml, wherever till was started. A file whose content goes to a device has to lie below it, links followed; one
 * from elsewhere is named by its absolute path. `PARAMS_INVALID` for one that leads out, `FILE_IS_POINTER` for one whose content is
 * not here.
 */
export function withPaths(module: Module, params: JsonObject, root: string): Result<JsonObject> {
  let given = params
  for (const [path, kind] of Object.entries(module.paths ?? {})) {
    const placed = placedAt(given, path.split('.'), { kind, root })
    if (!placed.ok) return placed
    given = placed.value
  }
  return success(given)
}

interface Way {
  readonly kind: NonNullable<Module['paths']>[string]
  readonly root: string
}

function placedAt(params: JsonObject, [key = '', ...rest]: readonly string[], way: Way): Result<JsonObject> {
  const { kind, root } = way
  const value: JsonValue | undefined = params[key]
  if (rest.length > 0) {
    if (!isMap(value)) return success(params)
    const inner = placedAt(value, rest, way)
    return inner.ok ? success({ ...params, [key]: inner.value }) : inner
  }
  if (value === undefined && kind === 'folder') return success({ ...params, [key]: root })
  if (typeof value !== 'string' || (kind === 'asked' && params['from'] !== 'controller')) return success(params)
  const isContent = kind === 'content' || kind === 'asked'
  if (isContent && !isAbsolute(value) && leadsOut(value, root)) return fail(outside(key, value))
  const file = resolve(root, value)
  return isContent && isLfsPointer(file) ? fail(pointerFailure(value)) : success({ ...params, [key]: file })
}

/** Whether a relative path leads out of a folder, links followed. */
export function leadsOut(path: string, root: string): boolean {
  if (isOutside(root, resolve(root, path))) return true
  try {
    return isOutside(realpathSync(root), realpathSync(resolve(root, path)))
  } catch {
    // It is not there, which whoever reads it says.
    return false
  }
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '..' || way.startsWith('../') || way.startsWith('..\\') || isAbsolute(way)
}

function outside(key: string, path: string): Failure {
  const message = `"${key}" leads out of the repository: "${path}".`
  const hint = 'Put the file into the repository, or write its absolute path.'
  return { code: 'PARAMS_INVALID', phase: 'resolve', message, hint }
}
