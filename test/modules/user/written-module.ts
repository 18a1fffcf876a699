import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Diagnostic } from '../../../src/core/diagnostic.ts'
import type { Module } from '../../../src/core/module.ts'
import { loadModule } from '../../../src/lang/module/load-module.ts'
import { MODULES } from '../../../src/modules/index.ts'
import { userModule } from '../../../src/modules/user/user-module.ts'

const SHIPPED = MODULES.map(({ name }) => name)

/** Loads the text of a module as the file `name`.yaml. */
export function load(text: string, name = 'mine'): ReturnType<typeof loadModule> {
  const folder = mkdtempSync(join(tmpdir(), 'till-module-'))
  try {
    const file = join(folder, `${name}.yaml`)
    writeFileSync(file, text)
    return loadModule(file, SHIPPED)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A module from its text, which must be without fault. */
export function written(text: string, name = 'mine'): Module {
  const { module, diagnostics } = load(text, name)
  if (!module) throw new Error(diagnostics.map(placed).join('; '))
  return userModule(module)
}

export function placed({ code, source, summary }: Diagnostic): string {
  return `${code} ${source?.line}:${source?.column} ${summary}`
}
