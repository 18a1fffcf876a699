import { Flags } from '@oclif/core'
import { readDepths } from '../../app/history/open-store.ts'
import { jsonLine } from '../../app/json-document.ts'
import { whyNotCounted } from '../../app/worker/worker-token.ts'
import { BaseCommand } from '../../cli/base-command.ts'
import { sandboxFlag } from '../../cli/run-flags.ts'
import { counted } from '../../core/counted.ts'
import { jobQueueOf } from '../../core/handed-work.ts'

export default class StateStatus extends BaseCommand {
  static override summary = 'Show where the state is, how large it is and what is in it.'
  static override description =
    'The state is journal, history, last known states, leases, episodes and incidents: a file of SQLite, or a PostgreSQL. ' +
    'Workers that share it are shown, and what waits for them.'
  static override examples = [
    { description: 'Where the history is', command: '<%= config.bin %> state status' },
    { description: 'How large it is', command: '<%= config.bin %> state status --json | jq .bytes' },
  ]
  static override flags = {
    json: Flags.boolean({ description: 'one JSON document (schema till.state/1)', helpGroup: 'OUTPUT' }),
    sandbox: sandboxFlag,
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(StateStatus)
    const project = await this.openProject(flags)
    const store = await project.store()
    const [facts, workers] = await Promise.all([store.facts(), store.work.workers()])
    const queues = await readDepths(project.state, [...new Set(workers.map(jobQueueOf))])
    await project.close()
    const rights = project.settings.workers()
    const whyNot = new Map(workers.map((worker) => [worker.session, whyNotCounted(rights, worker)]))
    if (flags.json) {
      const shown = workers.map(({ session, proof: _proof, resting = null, ...worker }) => ({
        ...worker,
        resting,
        refused: whyNot.get(session) ?? null,
      }))
      await this.write(jsonLine({ schema: 'till.state/1', ...facts, workers: shown, queues }))
      return
    }
    const { where, program, version, bytes, runs, leases, oldest } = facts
    const since = oldest === null ? '' : `, the oldest of ${oldest.slice(0, 16).replace('T', ' ')}Z`
    await this.write(
      `${program}: ${where}\nTables of version ${version}, ${(bytes / 1_000_000).toFixed(1)} MB\n${counted(runs, 'run')}${since}; ${counted(leases, 'lease')}\n`,
    )
    for (const { name, session, serve, busy, slots, host, pid, draining, resting } of workers) {
      const refused = whyNot.get(session)
      const rests = resting === undefined ? '' : `, could not work: ${resting}`
      const ends = draining ? ', takes nothing new' : rests
      const end = refused === undefined ? ends : `${ends}, is given no work: ${refused}`
      await this.write(
        `Worker ${name} serves ${serve}: ${busy} of ${slots} devices (process ${pid} on ${host})${end}\n`,
      )
    }
    for (const { queue, waiting, active, oldest_seconds } of queues) {
      const oldest = waiting > 0 ? `, the oldest for ${oldest_seconds} s` : ''
      await this.write(`Queue ${queue}: ${waiting} jobs wait${oldest}; ${active} are worked on\n`)
    }
  }
}
