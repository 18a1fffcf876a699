import { Flags } from '@oclif/core'
import { jsonLine } from '../../app/json-document.ts'
import { newToken, publicKeyOf } from '../../app/worker/worker-token.ts'
import { BaseCommand } from '../../cli/base-command.ts'

export default class WorkerToken extends BaseCommand {
  static override summary = 'Make a token for a worker, and the key that stands for it in tillwright.yaml.'
  static override description =
    `The token comes on stdout, once, and is kept nowhere: put it where the worker runs (TILL_WORKER_TOKEN, or --token file:PATH). Its key
comes on stderr, and belongs in \`workers\` of tillwright.yaml; the token cannot be had back from it. A worker signs with its token who it
is and what it serves, and runs give work to those alone whose signature is right. What that keeps off: docs/scale.md.`
  static override examples = [
    {
      description: 'Into a file that only its owner reads',
      command: '(umask 077; <%= config.bin %> worker token > worker.token)',
    },
    {
      description: 'A worker that uses it',
      command: '<%= config.bin %> worker --name hub-waw --token file:/etc/till/worker.token',
    },
  ]
  static override flags = {
    json: Flags.boolean({
      description: 'token and key as one JSON document (schema till.worker-token/1)',
      helpGroup: 'OUTPUT',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkerToken)
    const token = newToken()
    const key = publicKeyOf(token)
    if (flags.json) {
      await this.write(jsonLine({ schema: 'till.worker-token/1', token, key }))
      return
    }
    process.stderr.write(`The key for \`workers\` of tillwright.yaml: ${key}\n`)
    await this.write(`${token}\n`)
  }
}
