import type { SecretSource } from '../core/ports.ts'
import { type AgeOptions, ageSecrets } from './age.ts'
import { commandSecrets, type SecretCommand } from './command.ts'
import { envSecrets } from './env.ts'
import { fileSecrets } from './file.ts'

/** What the project file says about secrets. */
export interface SecretSettings {
  /** Programs that secrets may be asked of, by name. */
  readonly commands: Readonly<Record<string, SecretCommand>>
  readonly age: AgeOptions
}

/** Every source of secrets there is, for the repository at `root`. One line each. */
export function secretSources(root: string, settings: SecretSettings): readonly SecretSource[] {
  return [envSecrets, fileSecrets, commandSecrets(root, settings.commands), ageSecrets(root, settings.age)]
}
