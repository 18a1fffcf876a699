import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { failureOf, RUN_ACTION, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import {
  type SpooledJob,
  type SpooledQueue,
  type SpoolerParams,
  type SpoolerState,
  stuckJobs,
} from './spooler-state.ts'

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

/** Exit code by which the change says that it was not made, since a job has begun to print. */
const NOT_SAFE_EXIT = 75

// Looks once more in the moment before: a till prints whenever it likes. Jobs are files of the spooler, and stay.
const CONVERGE = `${TOOL_PRELUDE}${RUN_ACTION}need_tool lpstat
lpstat -p 2>/dev/null | while read -r word name now state _; do
  case $word,$now,$state in printer,now,printing) ;; *) continue ;; esac
  case " $unreachable " in *" $name "*) ;; *) printf '%s\\n' "$name" ;; esac
done >"$log"
if [ -s "$log" ]; then
  printf 'Queue %s has begun to print.\\n' "$(head -n 1 "$log")" >&2
  exit ${NOT_SAFE_EXIT}
fi
if command -v systemctl >/dev/null 2>&1 && [ "$(systemctl is-system-running 2>/dev/null)" != offline ]; then
  run_action systemctl --no-ask-password restart cups
elif command -v rc-service >/dev/null 2>&1; then run_action rc-service cupsd restart
elif command -v service >/dev/null 2>&1; then run_action service cups restart
else run_action /etc/init.d/cups restart
fi
tries=0
while [ "$tries" -lt 20 ]; do
  waiting=
  case $(lpstat -r 2>&1) in
    *'is running'*) for job in $stuck; do if lpstat -o 2>/dev/null | grep -q "^$job "; then waiting=yes; fi; done ;;
    *) waiting=yes ;;
  esac
  if [ -z "$waiting" ]; then exit 0; fi
  sleep 1
  tries=$((tries + 1))
done
exit 0
`

export const onPosix: Side<SpoolerParams, SpoolerState> = {
  async observe({ shell }, params) {
    const answer = await shell.ask({ script: OBSERVE })
    const failure = failureOf(answer, 'observe', 'Asking for the queues')
    if (failure) return fail(failure)
    const all = queuesOf(answer.text)
    const running = /^scheduler is running/m.test(answer.text)
    return chosen(all, running, params)
  },
  async converge({ shell }, params, _changes, state): Promise<Result<void>> {
    const unreachable = state.all.filter(isUnreachable).map(({ name }) => name)
    const values = { unreachable: unreachable.join(' '), stuck: stuckJobs(state, params).join(' ') }
    const answer = await shell.ask({ script: CONVERGE, values })
    const failure = failureOf(answer, 'converge', 'The restart of CUPS')
    return failure ? fail(failure) : success(undefined)
  },
}

/** The queues that the step is about, or that the one it names is not there. */
export function chosen(all: readonly SpooledQueue[], running: boolean, params: SpoolerParams): Result<SpoolerState> {
  const queues = params.queue === undefined ? all : all.filter(({ name }) => name === params.queue)
  if (running && params.queue !== undefined && queues.length === 0) return fail(missing(params.queue, all))
  return success({ running, queues, all })
}

function missing(queue: string, all: readonly SpooledQueue[]): Failure {
  const names = all.map(({ name }) => `"${name}"`).join(', ')
  const message = `There is no queue "${queue}" on the device; it has ${names === '' ? 'none' : names}.`
  return { code: 'OBSERVE_FAILED', phase: 'observe', message, hint: 'Check the name of the queue.' }
}

/** What `OBSERVE` printed, queue by queue. */
export function queuesOf(text: string): readonly SpooledQueue[] {
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
      accepting: accepting.split('\n').some((line) => line.startsWith(`${name} accepting`)),
      reasons: alertsOf(lines),
      ...(message !== '' && !/^[A-Z][a-z ]+:/.test(message) && { message }),
      jobs: [],
    }
    const own = jobs.filter((job) => job !== undefined && job.queue === name) as readonly QueuedJob[]
    return [{ ...queue, jobs: own.map(({ job }) => ({ ...job, printing: job.printing && !isUnreachable(queue) })) }]
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
  const held = alerts.some((alert) => /hold|held/.test(alert))
  return { queue, job: { id: `${queue}-${number}`, seconds, held, printing: alerts.includes('job-printing') } }
}

/** CUPS prints to nobody: it waits for the device, and nothing of the job has left. In doubt it prints. */
export function isUnreachable({ reasons, message = '' }: SpooledQueue): boolean {
  if (reasons.some((reason) => /^(offline|connecting-to-device)/.test(reason))) return true
  return /may not exist or is unavailable|not responding|unable to (connect|locate)|host is down|no route to/i.test(
    message,
  )
}
