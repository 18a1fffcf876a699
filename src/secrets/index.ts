import type { SecretSource } from '../core/ports.ts'
import { envSecrets } from './env.ts'
import { fileSecrets } from './file.ts'

/** Every source of secrets there is. One line each. */
export const SECRET_SOURCES: readonly SecretSource[] = [envSecrets, fileSecrets]
