import { text } from 'node:stream/consumers'
import { hashPassword, LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../../app/accounts/password-hash.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { usageError } from '../../core/diagnostic.ts'

export default class AccountHash extends BaseCommand {
  static override summary =
    'Make what stands for a password in server.accounts of tillwright.yaml, from the password on stdin.'
  static override description =
    `The dashboard of till serve knows people by it (scrypt with a salt of its own); the password cannot be had back from it. A
password has at least ${SHORTEST_PASSWORD} characters; several words are fine. A line end behind it does not count. Nothing is written anywhere.`
  static override examples = [
    {
      description: 'A password without an echo',
      command: 'read -rs p; printf %s "$p" | <%= config.bin %> account hash',
    },
    {
      description: 'A long one made by chance, and its hash',
      command: 'openssl rand -base64 18 | tee /dev/stderr | <%= config.bin %> account hash',
    },
  ]
  static override flags = {}

  async run(): Promise<void> {
    await this.parse(AccountHash)
    const password = (await text(process.stdin)).replace(/\r?\n$/, '')
    const letters = [...password].length
    if (letters < SHORTEST_PASSWORD || letters > LONGEST_PASSWORD) {
      const summary = `The password has ${letters} characters`
      const detail = `It has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD}.`
      throw usageError(summary, detail)
    }
    await this.write(`${await hashPassword(password)}\n`)
  }
}
