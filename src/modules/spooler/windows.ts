import type { Result } from '../../core/failure.ts'
import { WINDOWS_SERVICE_ACT } from '../../devices/service/windows-service-act.ts'
import { JOB, JOB_HALTED, windowsQueues } from '../../devices/spooler/windows-queues.ts'
import { act } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import type { Side } from '../define.ts'
import { chosen } from './posix.ts'
import { type SpoolerParams, type SpoolerState, stuckJobs } from './spooler-state.ts'

// Looks once more in the moment before. Jobs are files in spool\\PRINTERS, and stay.
const CONVERGE = fragment(
  'spooler.converge',
  `${WINDOWS_SERVICE_ACT}$service = Get-Service -Name Spooler
if ($service.Status -eq 'Running') {
  foreach ($job in @(Get-CimInstance -ClassName Win32_PrintJob)) {
    $status = [long]$job.StatusMask
    if (($status -band $v.printing) -ne 0 -and ($status -band $v.halted) -eq 0) {
      Stop-Till 75 "Job $($job.Name) has begun to print."
    }
  }
}
Set-TillService Spooler restart
if ($v.stuck -eq '') { return }
$stuck = $v.stuck.Split(' ')
for ($tries = 0; $tries -lt 20; $tries++) {
  $left = @(Get-CimInstance -ClassName Win32_PrintJob | Where-Object { $stuck -contains [string]$_.JobId })
  if ($left.Count -eq 0) { return }
  Start-Sleep -Seconds 1
}
`,
)

export const onWindows: Side<SpoolerParams, SpoolerState> = {
  async observe({ shell }, params) {
    const read = await windowsQueues(shell)
    return read.ok ? chosen(read.value.queues, read.value.running, params) : read
  },
  converge({ shell }, params, _changes, state): Promise<Result<void>> {
    const values = { printing: JOB.printing, halted: JOB_HALTED, stuck: stuckJobs(state, params).join(' ') }
    return act(shell, CONVERGE, { values, whole: true }, 'The restart of the spooler')
  },
}
