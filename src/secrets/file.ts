import { homedir } from 'node:os'
import { fail, success } from '../core/failure.ts'
import type { SecretSource } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'

/** `file:PATH`: the contents of a file of the controller, without the line end at its end. `~/` is the home folder. */
export const fileSecrets: SecretSource = {
  name: 'file',
  async read(path) {
    try {
      const text = readRegular(path.replace(/^~(?=\/)/, homedir()), MOST_BYTES.secret).toString('utf8')
      return success(new Secret(text.replace(/\r?\n$/, '')))
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
      return fail({
        code: 'SECRET_UNREADABLE',
        phase: 'resolve',
        message: `The file "${path}" cannot be read: ${reason}.`,
      })
    }
  },
}
