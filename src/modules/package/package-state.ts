import type { PackageFile } from '../../devices/package/package-file.ts'
import type * as manager from '../../devices/package/package-manager.ts'
import type { Product } from '../../devices/package/windows-installer.ts'

export interface PackageParams {
  readonly name: string
  readonly state?: 'present' | 'absent'
  readonly version?: string
  readonly hold?: boolean
  readonly manager?: 'auto' | manager.PackageManager
  readonly file?: { readonly path: string; readonly sha256: string; readonly signer?: string }
  readonly properties?: { readonly [name: string]: string | number | boolean }
  readonly keep?: readonly string[]
}

export interface State extends Omit<manager.PackageState, 'manager'> {
  readonly manager: manager.PackageManager | 'msi'
  readonly file?: PackageFile
  readonly products?: readonly Product[]
  /** Windows: an installation was not over at its deadline, and what it saved is still there. */
  readonly unfinished?: boolean
}
