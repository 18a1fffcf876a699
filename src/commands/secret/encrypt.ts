import { text } from 'node:stream/consumers'
import { Flags } from '@oclif/core'
import { sealForInventory } from '../../app/revision/seal-secret.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class SecretEncrypt extends BaseCommand {
  static override summary = 'Encrypt a value, read from stdin, for the inventory or for variables of it.'
  static override description =
    `Prints what stands in place of the value in YAML. It is encrypted by age for --recipient, or for those whom
secrets.age.recipients of tillwright.yaml names; whoever has one of their private keys can read it. A line end at the end of
the value does not count. Nothing is written anywhere.`
  static override examples = [
    {
      description: 'For two people, the value without an echo',
      command: 'read -rs v; printf %s "$v" | <%= config.bin %> secret encrypt --recipient age1… --recipient age1…',
    },
    {
      description: 'For those whom the project file names',
      command: '<%= config.bin %> secret encrypt < password.txt',
    },
  ]
  static override flags = {
    recipient: Flags.string({ multiple: true, helpValue: 'age1…', description: 'a public key of age (repeatable)' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(SecretEncrypt)
    const project = await this.openProject(flags)
    const value = (await text(process.stdin)).replace(/\r?\n$/, '')
    const reference = await sealForInventory(value, flags.recipient ?? project.settings.secrets.age.recipients)
    await project.close()
    await this.write(`{ secret: ${JSON.stringify(reference)} }\n`)
  }
}
