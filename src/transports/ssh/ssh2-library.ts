import { createRequire } from 'node:module'
import type ssh2 from 'ssh2'

const require = createRequire(import.meta.url)

/** ssh2, which takes 3 % of a short command to load: from the first login or key on, not where no device is spoken to by it. */
export function ssh2Library(): typeof ssh2 {
  return require('ssh2') as typeof ssh2
}
