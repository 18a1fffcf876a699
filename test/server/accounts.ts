import { randomBytes, scryptSync } from 'node:crypto'

export const PASSWORD = 'correct horse battery'

/** A hash as weak as it may be, so that tests do not wait for it. */
export function hashOf(password: string): string {
  const salt = randomBytes(16)
  const key = scryptSync(password, salt, 32, { N: 16_384, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
  return `scrypt:16384:8:1:${salt.toString('base64url')}:${key.toString('base64url')}`
}
