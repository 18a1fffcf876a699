import { hostname } from 'node:os'
import { Flags } from '@oclif/core'
import { jsonLine } from '../app/json-document.ts'
import { LastingCommand } from '../cli/lasting-command.ts'
import { sandboxFlag } from '../cli/run-flags.ts'
import { stopped } from '../cli/until-stopped.ts'
import { counted } from '../core/counted.ts'
import { InputError } from '../core/diagnostic.ts'
import { serveText } from '../core/served.ts'

const MOST_SLOTS = 10_000
/** How often it says on stderr what it does, where that has changed. */
const TELL_EVERY_MS = 5_000

export default class WorkerCommand extends LastingCommand {
  static override summary = 'Work on devices of runs that are started elsewhere with --on workers, until it is stopped.'
  static override description =
    `It needs the repository (for known hosts, secrets and where the state is) and reaches the PostgreSQL of the state and the devices;
nothing connects to it. Runbooks and modules of a run come by their content; secrets and files (source:) are read here. It takes jobs that
--serve fits: values of one term are alternatives, terms hold together. SIGTERM or Ctrl-C: takes nothing new and finishes the devices
that it has; a second one ends them after what they are changing, a third one now. What a worker that dies was working on is looked
at again by another one. The first line on stdout says what it serves; with --json it is one document (schema till.working/1).
Where tillwright.yaml names workers, it works by its --name and its token, and serves what its entry allows (till worker token makes one).

Exit codes: 0 it was stopped, 2 it cannot begin, 4 the database is away, and may be back by itself.`
  static override examples = [
    { description: 'Whatever there is, on this machine', command: '<%= config.bin %> worker --slots 50' },
    {
      description: 'Tills and routers of one region',
      command: '<%= config.bin %> worker --serve region:mazowieckie,kind:till,kind:router --slots 200 --name hub-waw',
    },
  ]
  static override flags = {
    serve: Flags.string({
      description: 'region:NAME, store:ID, kind:KIND, profile:NAME, with a comma between them (default: all)',
      helpValue: 'TERMS',
    }),
    slots: Flags.integer({ description: 'devices at a time', min: 1, max: MOST_SLOTS, default: 100 }),
    name: Flags.string({ description: 'what it is called among workers (default: host and process)' }),
    token: Flags.string({
      description: 'where its token is, where tillwright.yaml names workers: env:NAME, file:PATH, command:NAME/…',
      helpValue: 'REFERENCE',
      default: 'env:TILL_WORKER_TOKEN',
    }),
    json: Flags.boolean({ description: 'the first line as a JSON document', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkerCommand)
    const asked = serveText(flags.serve)
    const { name = `${hostname()}-${process.pid}`, slots } = flags
    if (!/^[\w.-]{1,100}$/.test(name)) throw new InputError([BAD_NAME])
    const { openWorker } = await import('../controller/open-worker.ts')
    const tell = (text: string): void => void process.stderr.write(`${text}\n`)
    const folder = flags.project ?? process.cwd()
    const warn = (text: string): void => tell(`warning ${text}`)
    const { sandbox, token } = flags
    const working = await openWorker({ folder, sandbox, name, token, serve: asked, slots, tell, warn })
    const { serve } = working
    if (flags.json) await this.write(jsonLine({ schema: 'till.working/1', name, serve, slots, pid: process.pid }))
    else await this.write(`Worker ${name} serves ${serve}, ${counted(slots, 'device')} at a time.\n`)
    let told = ''
    const timer = setInterval(() => {
      const { done, busy } = working.counts
      const text = `${counted(done, 'device')} done, ${busy} in hand.`
      if (text !== told && done + busy > 0) tell(text)
      told = text
    }, TELL_EVERY_MS).unref()
    await stopped(working)
    clearInterval(timer)
  }
}

const BAD_NAME = {
  code: 'USAGE_INVALID',
  severity: 'error',
  summary: '--name is no name of a worker',
  detail: 'Write letters, digits, dots, dashes and underscores.',
} as const
