import type { ShellChannel } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { hasSentNothing, type SpooledJob, type SpooledQueue, type SpooledQueues } from './spooled-queue.ts'

// In UTC, so that the dates of lpstat, which have no offset, are what they say.
const OBSERVE = `${TOOL_PRELUDE}need_tool lpstat
TZ=UTC0; export TZ
printf '== now\\n'; date +%s
printf '== running\\n'; running=$(lpstat -r 2>&1); printf '%s\\n' "$running"
case $running in *'is running'*) ;; *) exit 0 ;; esac
printf '== queues\\n'; lpstat -l -p 2>/dev/null
printf '== accepting\\n'; lpstat -a 2>/dev/null
printf '== jobs\\n'; lpstat -l -o 2>/dev/null
exit 0
`

/** The queues of CUPS, by its own tools. */
export async function posixQueues(shell: ShellChannel): Promise<Result<SpooledQueues>> {
  const answer = await shell.ask({ script: OBSERVE })
  const failure = failureOf(answer, 'observe', 'Asking for the queues')
  if (failure) return fail(failure)
  return success({ running: /^scheduler is running/m.test(answer.text), queues: queuesOf(answer.text) })
}

/** What `OBSERVE` printed, queue by queue. */
function queuesOf(text: string): readonly SpooledQueue[] {
  const sections = new Map(
    text.split(/^== /m).map((section) => {
      const end = section.indexOf('\n')
      return [section.slice(0, end), section.slice(end + 1)] as const
    }),
  )
  const now = Number(sections.get('now') ?? Number.NaN)
  const accepting = sections.get('accepting') ?? ''
  const jobs = paragraphs(sections.get('jobs') ?? '').map((lines) => jobOf(lines, now))
  return paragraphs(sections.get('queues') ?? '').flatMap((lines) => {
    const [, name = '', said = ''] = /^printer (\S+) (.*)$/.exec(lines[0] ?? '') ?? []
    if (name === '') return []
    const state = said.startsWith('disabled') ? 'stopped' : said.startsWith('now printing') ? 'printing' : 'idle'
    const message = (lines[1] ?? '').trim()
    const queue: SpooledQueue = {
      name,
      state,
      // Only what is said counts: no word of it is no rejection.
      accepting: !accepting.split('\n').some((line) => line.startsWith(`${name} not accepting`)),
      reasons: alertsOf(lines),
      ...(message !== '' && !/^[A-Z][a-z ]+:/.test(message) && { message }),
      jobs: [],
    }
    const own = jobs.filter((job) => job !== undefined && job.queue === name) as readonly QueuedJob[]
    return [{ ...queue, jobs: own.map(({ job }) => ({ ...job, printing: job.printing && !hasSentNothing(queue) })) }]
  })
}

/** Lines that belong together: those behind the first are indented. */
function paragraphs(text: string): readonly (readonly string[])[] {
  const found: string[][] = []
  for (const line of text.split('\n')) {
    if (/^\s/.test(line)) found.at(-1)?.push(line)
    else if (line !== '') found.push([line])
  }
  return found
}

function alertsOf(lines: readonly string[]): readonly string[] {
  const alerts = lines.map((line) => /^\s+Alerts: (.*)$/.exec(line)?.[1]).find((words) => words !== undefined) ?? ''
  return alerts.split(/[ ,]+/).filter((word) => word !== '' && word !== 'none')
}

interface QueuedJob {
  readonly queue: string
  readonly job: SpooledJob
}

/** `dead-1   root   1024   Wed Nov 25 18:48:04 2026`, in UTC. */
function jobOf(lines: readonly string[], now: number): QueuedJob | undefined {
  const [, queue = '', number, date = ''] = /^(\S+)-(\d+)\s.*?\s\d+\s+(\S.*)$/.exec(lines[0] ?? '') ?? []
  const at = Date.parse(`${date} UTC`)
  if (queue === '' || Number.isNaN(at)) return undefined
  const alerts = alertsOf(lines)
  const seconds = Math.max(0, Math.round(now - at / 1000))
  // One that its queue holds (`cupsdisable --hold`) waits on nobody's purpose.
  const held = alerts.some((alert) => /hold|held/.test(alert) && alert !== 'job-held-on-create')
  return { queue, job: { id: `${queue}-${number}`, seconds, held, printing: alerts.includes('job-printing') } }
}
