import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'

/** An interpreter of this machine. */
export interface Interpreter {
  readonly name: string
  readonly path: string
}

/** Shells as devices have them: `sh` of this machine, and dash, busybox and bash where they are. */
export function posixShells(): readonly Interpreter[] {
  const known = ['dash', 'busybox', 'bash'].flatMap((name) => interpreter(name) ?? [])
  const sh = interpreter('sh')
  // It mostly is one of the others under another name.
  const isKnown = sh !== undefined && known.some(({ path }) => realpathSync(path) === realpathSync(sh.path))
  return sh === undefined || isKnown ? known : [sh, ...known]
}

/** A PowerShell of this machine, if there is one. */
export function powerShell(): Interpreter | undefined {
  return interpreter('pwsh') ?? interpreter('powershell')
}

function interpreter(name: string): Interpreter | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    if (folder !== '' && isProgram(path)) return { name: basename(name), path }
  }
  return undefined
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
