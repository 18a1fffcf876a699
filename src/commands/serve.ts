import { Flags } from '@oclif/core'
import { jsonLine } from '../app/json-document.ts'
import { LastingCommand } from '../cli/lasting-command.ts'
import { sandboxFlag } from '../cli/run-flags.ts'
import { stopped } from '../cli/until-stopped.ts'

export default class Serve extends LastingCommand {
  static override summary = 'Take alerts in by HTTP, and do what the rules say, until it is stopped.'
  static override description = [
    'Monitoring sends to /hooks/SOURCE; who may is in server.senders of tillwright.yaml. An alert is on disk before it is answered;',
    'then its episode is seen through, as till hook fire does it for one payload. What till hook fire takes in meanwhile is worked off',
    'too. There are /healthz, /readyz and /metrics. When files of the repository change, or of secrets that tillwright.yaml names, they',
    'are taken into force; what cannot be used is told, and the revision before stays. SIGHUP reads everything anew, secrets that',
    'programs tell too. SIGTERM or Ctrl-C: nothing new begins, repairs under way are made to their end; a second one ends them after',
    'what they are changing. Exit codes: 0 it was stopped; 2 it cannot begin, as where another one works on a state in a file (in',
    'PostgreSQL it stands by); 4 what it needs is away, and may be back by itself: a database, what tells a secret. The first line on',
    'stdout says where it listens; with --json it is one document (schema till.serving/1).',
  ].join('\n')
  static override examples = [
    { description: 'As tillwright.yaml says', command: '<%= config.bin %> serve' },
    { description: 'On any free port of this machine', command: '<%= config.bin %> serve --listen 127.0.0.1:0 --json' },
  ]
  static override flags = {
    listen: Flags.string({
      description: 'where to listen, in place of server.listen; port 0 is any that is free',
      helpValue: 'ADDRESS:PORT',
    }),
    json: Flags.boolean({ description: 'the first line as a JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve)
    const { serve } = await import('../server/serve.ts')
    const folder = flags.project ?? process.cwd()
    const serving = await serve({ folder, sandbox: flags.sandbox, listen: flags.listen })
    const { url, address, port } = serving.listening
    if (flags.json) await this.write(jsonLine({ schema: 'till.serving/1', url, address, port, pid: process.pid }))
    else await this.write(`${url}\n`)
    await stopped(serving)
  }
}
