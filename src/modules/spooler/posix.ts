import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { posixQueues } from '../../devices/spooler/posix-queues.ts'
import { hasSentNothing, SENT_NOTHING, type SpooledQueue } from '../../devices/spooler/spooled-queue.ts'
import { failureOf, RUN_ACTION, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { Side } from '../define.ts'
import { type SpoolerParams, type SpoolerState, stuckJobs } from './spooler-state.ts'

/** Exit code by which the change says that it was not made, since a job has begun to print. */
const NOT_SAFE_EXIT = 75

// Looks once more in the moment before: a till prints whenever it likes. Jobs are files of the spooler, and stay.
const CONVERGE = `${TOOL_PRELUDE}${RUN_ACTION}need_tool lpstat
lpstat -p 2>/dev/null | while read -r word name now state _; do
  case $word,$now,$state in printer,now,printing) ;; *) continue ;; esac
  # One that has sent nothing may have got through since.
  case " $unsent " in *" $name "*) if lpstat -l -p "$name" 2>/dev/null | grep -Eiq "$nothing"; then continue; fi ;; esac
  printf '%s\\n' "$name"
done >"$log"
if [ -s "$log" ]; then
  printf 'Queue %s has begun to print.\\n' "$(head -n 1 "$log")" >&2
  exit ${NOT_SAFE_EXIT}
fi
if command -v systemctl >/dev/null 2>&1 && [ "$(systemctl is-system-running 2>/dev/null)" != offline ]; then
  run_action systemctl --no-ask-password daemon-reload
  run_action systemctl --no-ask-password restart cups
elif command -v rc-service >/dev/null 2>&1; then
  # Debian's OpenRC has the script of the package, whose name is another than Gentoo's and Alpine's.
  cups=cupsd
  if [ ! -e /etc/init.d/cupsd ] && [ -e /etc/init.d/cups ]; then cups=cups; fi
  run_action rc-service "$cups" restart
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
    const read = await posixQueues(shell)
    return read.ok ? chosen(read.value.queues, read.value.running, params) : read
  },
  async converge({ shell }, params, _changes, state): Promise<Result<void>> {
    const unsent = state.all.filter(hasSentNothing).map(({ name }) => name)
    const values = {
      unsent: unsent.join(' '),
      nothing: `${SENT_NOTHING}|offline`,
      stuck: stuckJobs(state, params).join(' '),
    }
    const answer = await shell.ask({ script: CONVERGE, values, whole: true })
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
