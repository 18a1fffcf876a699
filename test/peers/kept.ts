import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'

/** What takes long to make and is as good the next time is kept here, for other processes and later runs. */
const KEPT = process.env['TILL_TEST_KEPT'] ?? `/var/tmp/till-test-kept-${userInfo().uid}`

/**
 * The folder that `make` has filled, made by whoever comes first; nobody sees half of one. `name` has to tell all that it
 * depends on. Others may use it at the same time: copy what is changed.
 */
export function kept(name: string, make: (folder: string) => void): string {
  const folder = join(KEPT, name)
  if (existsSync(folder)) return folder
  mkdirSync(KEPT, { recursive: true, mode: 0o711 })
  const made = mkdtempSync(`${folder}.`)
  make(made)
  try {
    renameSync(made, folder)
  } catch (error) {
    rmSync(made, { recursive: true })
    // Somebody else was quicker.
    if (!existsSync(folder)) throw error
  }
  return folder
}
