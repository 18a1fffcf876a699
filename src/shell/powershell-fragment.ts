/** A PowerShell script that is shipped, under a name that stays: `service.observe`. Stand-ins for Windows know it by that. */
export interface Fragment {
  readonly name: string
  readonly script: string
}

const shipped = new Map<string, Fragment>()

/**
 * A script for `ShellRequest`, under its name (`module.purpose`). It runs with `$ErrorActionPreference = 'Stop'` in a
 * session that has the functions of the prelude, and finds its values in the hashtable `$v`. What it puts out is stdout,
 * one line an object; what it throws is stderr, with exit code 1, or the one given to `Stop-Till`.
 */
export function fragment(name: string, script: string): Fragment {
  if (!/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/.test(name)) throw new Error(`"${name}" is no name for a fragment.`)
  if (shipped.has(name)) throw new Error(`There are two fragments "${name}".`)
  const made = { name, script }
  shipped.set(name, made)
  return made
}

/** Every fragment of the modules that are loaded, by name. */
export function shippedFragments(): ReadonlyMap<string, Fragment> {
  return shipped
}
