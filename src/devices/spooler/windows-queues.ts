import type { ShellChannel } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import type { SpooledJob, SpooledQueue, SpooledQueues } from './spooled-queue.ts'

// Get-Printer has the bits of the spooler; where it is missing, Win32_Printer says whether it works offline. WMI makes the
// time of a job from that of the spooler, which is UTC, and an offset. If that were wrong each fresh job would be hours old,
// so that the job's shadow file has a say: the later of both counts, and a time to come does not.
const OBSERVE = fragment(
  'spooler.observe',
  `$service = Find-TillService 'Spooler'
if ($service -eq $null) {
  Write-TillJson @{ exists = $false; running = $false; queues = @() }
  return
}
if ($service.Status -ne 'Running') {
  Write-TillJson @{ exists = $true; running = $false; queues = @() }
  return
}
$now = [DateTime]::UtcNow
$folder = ''
$printers = Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Print\\Printers' -ErrorAction SilentlyContinue
if ($printers -ne $null) { $folder = [string]$printers.DefaultSpoolDirectory }
if ($folder -eq '') { $folder = [Environment]::GetEnvironmentVariable('windir') + '\\System32\\spool\\PRINTERS' }
$waiting = @{}
foreach ($job in @(Get-CimInstance -ClassName Win32_PrintJob)) {
  $queue = $job.Name.Substring(0, $job.Name.LastIndexOf(','))
  if (-not $waiting.ContainsKey($queue)) { $waiting[$queue] = @() }
  $ages = @()
  if ($job.TimeSubmitted) { $ages += ($now - ([DateTime]$job.TimeSubmitted).ToUniversalTime()).TotalSeconds }
  $shadow = [IO.Path]::Combine($folder, ([int]$job.JobId).ToString('00000') + '.SHD')
  if ([IO.File]::Exists($shadow)) { $ages += ($now - [IO.File]::GetCreationTimeUtc($shadow)).TotalSeconds }
  $seconds = $null
  $past = @($ages | Where-Object { $_ -gt -60 } | Sort-Object)
  if ($past.Count -gt 0) { $seconds = [long][Math]::Max(0, [Math]::Round($past[0])) }
  $waiting[$queue] += @{ id = [int]$job.JobId; status = [long]$job.StatusMask; seconds = $seconds }
}
$bits = @{}
if (Get-Command -Name Get-Printer -ErrorAction SilentlyContinue) {
  foreach ($printer in @(Get-Printer)) { $bits[$printer.Name] = [long][int]$printer.PrinterStatus }
}
$queues = @()
foreach ($printer in @(Get-CimInstance -ClassName Win32_Printer)) {
  $status = 0
  if ($bits.ContainsKey($printer.Name)) { $status = $bits[$printer.Name] }
  $jobs = @()
  if ($waiting.ContainsKey($printer.Name)) { $jobs = @($waiting[$printer.Name]) }
  $queues += @{ name = $printer.Name; status = $status; offline = [bool]$printer.WorkOffline; jobs = $jobs }
}
Write-TillJson @{ exists = $true; running = $true; queues = $queues }
`,
)

/** PRINTER_STATUS_* (MS-RPRN 2.2.3.12): what is in the way of a job. */
const PRINTER_STATUS: Readonly<Record<number, string>> = {
  1: 'paused',
  2: 'error',
  4: 'pending-deletion',
  8: 'paper-jam',
  16: 'paper-out',
  32: 'manual-feed',
  64: 'paper-problem',
  128: 'offline',
  2048: 'output-bin-full',
  4096: 'not-available',
  131072: 'toner-low',
  262144: 'no-toner',
  524288: 'page-punt',
  1048576: 'user-intervention',
  2097152: 'out-of-memory',
  4194304: 'door-open',
  8388608: 'server-unknown',
}
const PRINTER_PAUSED = 0x1
/** Busy, printing, processing. */
const PRINTER_AT_WORK = 0x200 | 0x400 | 0x4000

/** JOB_STATUS_* (MS-RPRN 2.2.3.12). */
export const JOB = {
  paused: 0x1,
  error: 0x2,
  printing: 0x10,
  offline: 0x20,
  paperOut: 0x40,
  blocked: 0x200,
  user: 0x400,
} as const
/** A job that prints by one bit and cannot by another does not print. */
export const JOB_HALTED = JOB.paused | JOB.error | JOB.offline | JOB.paperOut | JOB.blocked | JOB.user

interface Answer {
  readonly exists: boolean
  readonly running: boolean
  readonly queues: readonly {
    readonly name: string
    readonly status: number
    readonly offline: boolean
    readonly jobs: readonly { readonly id: number; readonly status: number; readonly seconds: number | null }[]
  }[]
}

/** The queues of Windows. */
export async function windowsQueues(shell: ShellChannel): Promise<Result<SpooledQueues>> {
  const asked = await askJson<Answer>(shell, OBSERVE, {}, 'Asking for the queues')
  if (!asked.ok) return asked
  const { exists, running, queues } = asked.value
  return exists ? success({ running, queues: queues.map(queueOf) }) : noSpooler()
}

function noSpooler(): Result<never> {
  const message = 'There is no service "Spooler" on the device.'
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message })
}

function queueOf({ name, status, offline, jobs }: Answer['queues'][number]): SpooledQueue {
  const reasons = Object.entries(PRINTER_STATUS).flatMap(([bit, word]) => ((status & Number(bit)) === 0 ? [] : [word]))
  const isAtWork = (status & PRINTER_AT_WORK) !== 0
  return {
    name,
    state: (status & PRINTER_PAUSED) !== 0 ? 'stopped' : isAtWork ? 'printing' : 'idle',
    accepting: true,
    reasons: offline && !reasons.includes('offline') ? [...reasons, 'offline'] : reasons,
    jobs: jobs.map(jobOf),
  }
}

function jobOf({ id, status, seconds }: Answer['queues'][number]['jobs'][number]): SpooledJob {
  const printing = (status & JOB.printing) !== 0 && (status & JOB_HALTED) === 0
  return { id: String(id), ...(seconds !== null && { seconds }), held: (status & JOB.paused) !== 0, printing }
}
