import type { PackageFile } from '../../devices/package/package-file.ts'
import type * as manager from '../../devices/package/package-manager.ts'

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

/** A program that Windows lists as installed. */
export interface Product {
  readonly code: string
  readonly name: string
  readonly version: string
  /** Installed by Windows Installer, which can take it away again. */
  readonly msi: boolean
  /** The account that it is installed for; empty: for all. */
  readonly user: string
}

export interface State extends Omit<manager.PackageState, 'manager'> {
  readonly manager: manager.PackageManager | 'msi'
  readonly file?: PackageFile
  readonly products?: readonly Product[]
  /** Windows: an installation was not over at its deadline, and what it saved is still there. */
  readonly unfinished?: boolean
}
