import { fail, success } from '../core/failure.ts'
import type { SecretSource } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'

/** `env:NAME`: an environment variable of the controller. */
export const envSecrets: SecretSource = {
  name: 'env',
  async read(name) {
    const value = process.env[name]
    if (value !== undefined && value !== '') return success(new Secret(value))
    const message = `The environment variable "${name}" is not set.`
    return fail({ code: 'SECRET_UNREADABLE', phase: 'resolve', message })
  },
}
