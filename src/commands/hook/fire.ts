import { Flags } from '@oclif/core'
import { fire } from '../../app/hooks/fire.ts'
import { firedText, firedWell, fireProgress } from '../../app/hooks/fired-text.ts'
import { openHooks } from '../../app/hooks/open-hooks.ts'
import { MOST_BODY_BYTES } from '../../app/hooks/place-alerts.ts'
import { jsonLine } from '../../app/json-document.ts'
import { parseParams } from '../../app/revision/runbooks.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { readStdin } from '../../cli/read-stdin.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { startInTerminal } from '../../cli/start-in-terminal.ts'
import { usageError } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'

export default class HookFire extends BaseCommand {
  static override summary = 'Take in one payload of monitoring, and do what the rules say.'
  static override description = [
    'The payload comes on stdin, or as --field for a system that can only start a program. It is kept on disk before anything',
    'else. If another process works on the alerts of this repository, the rest is left to it; otherwise it sees its own episodes',
    'through, waits for them up to --wait, and says what is left. A repair is an ordinary run. Nothing of a payload is ever read as',
    'a flag, an expression or a part of a command. Exit codes: 0 everything is taken care of; 3 an alert has no device, no rule, or',
    'needs people, or alerts were left out of the payload; 4 a repair failed; 2 the payload is none of that source. With --json the answer is one document (schema',
    'till.hook-fire/1).',
  ].join('\n')
  static override examples = [
    {
      description: 'A payload of Alertmanager',
      command: '<%= config.bin %> hook fire --source alertmanager < payload.json',
    },
    {
      description: 'From a script of Zabbix',
      command:
        '<%= config.bin %> hook fire --source zabbix --field event_id=4711 --field event_value=1 --field host=PL-0412-pos1 --field event_name=ServiceStopped --field \'event_tags=[{"tag":"service","value":"tillapp"}]\'',
    },
  ]
  static override flags = {
    source: Flags.string({
      required: true,
      description: 'whose payload it is: alertmanager, grafana, zabbix, or one of yours',
    }),
    field: Flags.string({
      multiple: true,
      description: 'a field of the payload, in place of stdin; several times',
      helpValue: 'NAME=VALUE',
    }),
    wait: Flags.string({
      description: 'for how long to see to it where no server runs',
      default: '2m',
      helpValue: 'DURATION',
    }),
    json: Flags.boolean({ description: 'one JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(HookFire)
    const waitMs = parseDuration(flags.wait)
    if (waitMs === undefined) throw usageError(`--wait: "${flags.wait}" is no time`, 'It is written as 90s, 2m or 1h.')
    const body = flags.field ? JSON.stringify(parseParams(flags.field)) : await readStdin(MOST_BODY_BYTES)
    const hooks = await openHooks(await this.openProject(flags), flags, startInTerminal)
    const progress = fireProgress((text) => process.stderr.write(text))
    const fired = await fire(hooks, { source: flags.source, body, waitMs, ...(!flags.json && { progress }) })
    if (flags.json) await this.write(jsonLine({ schema: 'till.hook-fire/1', ...fired }))
    else await this.write(firedText(fired))
    await hooks.close()
    this.exit(firedWell(fired))
  }
}
