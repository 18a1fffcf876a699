import type { Change } from '../core/change.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { JsonObject } from '../core/json.ts'
import type { ModuleContext } from '../core/module.ts'
import { dotnetPattern, grepPattern } from '../pattern/device-pattern.ts'
import { askJson } from '../shell/powershell-ask.ts'
import { fragment } from '../shell/powershell-fragment.ts'
import { PROCESS_AWK } from '../shell/process-awk.ts'
import { failureOf, TOOL_PRELUDE } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { listOf, mapOf, number, text } from './value-schema.ts'

interface ProcessParams {
  readonly name?: string
  readonly pattern?: string
  readonly user?: string
  readonly running?: boolean
  readonly min?: number
  readonly max?: number
}

interface Running {
  readonly pid: number
  readonly user: string
  readonly command: string
}

// procps, other ps, busybox (which shortens users to eight characters). Picked on the device, so that a store's line
// carries what matches and not the whole list. What descends from this interpreter ($$) is the look itself.
const LIST = `${TOOL_PRELUDE}
need_tool ps awk grep cut
width=99
list=$(ps -A -o pid=,ppid=,user:32=,args= 2>/dev/null) || {
  width=8
  list=$(ps -A -o pid=,ppid=,user=,args= 2>/dev/null) || list=$(ps -o pid,ppid,user,args) || exit
}
TILL_NAME=$name TILL_USER=$user TILL_WIDTH=$width TILL_SELF=$$
export TILL_NAME TILL_USER TILL_WIDTH TILL_SELF
rows=$(printf '%s\\n' "$list" | awk '
  ${PROCESS_AWK}
  # One that has ended and waits for its parent: procps marks it, busybox shows it as it does threads of the kernel (proc_pid_stat(5)).
  function ended(pid, args,   file, line) {
    if (args !~ /^\\[.*\\]( <defunct>)?$/) return 0
    if (args ~ /<defunct>$/) return 1
    file = "/proc/" pid "/stat"
    getline line < file
    close(file)
    sub(/.*[)] /, "", line)
    return line ~ /^[ZX]/
  }
  $1 ~ /^[0-9]+$/ {
    parent[$1] = $2
    args = $0
    sub(/^ *[0-9]+ +[0-9]+ +[^ ]+ +/, "", args)
    if (ended($1, args)) next
    if (ENVIRON["TILL_USER"] != "" && $3 != substr(ENVIRON["TILL_USER"], 1, ENVIRON["TILL_WIDTH"])) next
    if (ENVIRON["TILL_NAME"] != "" && program(args) != ENVIRON["TILL_NAME"]) next
    pid[++count] = $1
    row[count] = $1 " " $3 " " args
  }
  END { for (i = 1; i <= count; i++) if (!own(pid[i])) print row[i] }') || exit
if [ -n "$pattern" ]; then
  hits=$(printf '%s\\n' "$rows" | cut -d ' ' -f 3- | grep -anE -e "$(printf %b "$pattern")")
  [ "$?" -le 1 ] || exit
  TILL_HITS=$(printf '%s\\n' "$hits" | cut -d : -f 1)
  export TILL_HITS
  rows=$(printf '%s\\n' "$rows" | awk '
    BEGIN { count = split(ENVIRON["TILL_HITS"], lines, "\\n"); for (i = 1; i <= count; i++) hit[lines[i]] = 1 }
    NR in hit')
fi
printf '%s\\n' "$rows" | cut -c 1-300
`

// By name alone without WMI. What this interpreter started, and itself, is the look.
const WINDOWS = fragment(
  'process.list',
  String.raw`$found = @()
$desired = $v.name -replace '\.exe$', ''
if ($v.pattern -eq '' -and $v.user -eq '') {
  foreach ($process in [Diagnostics.Process]::GetProcessesByName($desired)) {
    if ($process.Id -eq $PID) { continue }
    $command = $process.ProcessName + '.exe'
    try { $command = $process.MainModule.FileName } catch { }
    $found += @{ pid = $process.Id; user = ''; command = $command }
  }
} else {
  $regex = New-Object Text.RegularExpressions.Regex($v.pattern, 'CultureInvariant', [TimeSpan]::FromSeconds(10))
  $all = @(Get-CimInstance -ClassName Win32_Process)
  # cmd.exe, which has the command line of this interpreter in its own.
  $own = @($all | Where-Object { $_.ProcessId -eq $PID })[0]
  foreach ($process in $all) {
    # The number of a parent that has ended may be ours now: its children are older than we are.
    if ($process.ProcessId -eq $PID -or ($process.ParentProcessId -eq $PID -and $process.CreationDate -ge $own.CreationDate)) { continue }
    if ($process.ProcessId -eq $own.ParentProcessId -and $process.Name -eq 'cmd.exe') { continue }
    if ($desired -ne '' -and ($process.Name -replace '\.exe$', '') -ne $desired) { continue }
    $command = [string]$process.CommandLine
    if ($command -eq '') { $command = [string]$process.Name }
    if ($v.pattern -ne '' -and -not $regex.IsMatch($command)) { continue }
    $user = ''
    if ($v.user -ne '') {
      # It may have ended meanwhile.
      try { $owner = Invoke-CimMethod -InputObject $process -MethodName GetOwner } catch { continue }
      $user = [string]$owner.User
      if ($v.user -ne $user -and $v.user -ne ($owner.Domain + '\' + $user)) { continue }
    }
    $found += @{ pid = [int]$process.ProcessId; user = $user; command = $command.Substring(0, [Math]::Min(300, $command.Length)) }
  }
}
Write-TillJson @($found)
`,
)

export const processModule = defineModule({
  name: 'process',
  summary: 'Checks how many processes of a kind are running',
  sides: { linux: { observe }, windows: { observe: observeOnWindows } },
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: {
        type: 'string',
        minLength: 1,
        pattern: '^[^\\s/]+$',
        description:
          'The file name of the program: `nginx` is `/usr/sbin/nginx -g …`. On Windows with or without `.exe`.',
        examples: ['nginx'],
      },
      pattern: {
        type: 'string',
        minLength: 1,
        description: 'A regular expression that is found in the whole command line.',
        examples: ['java .*till-sync[.]jar'],
      },
      user: { type: 'string', minLength: 1, description: 'Only processes of this user.' },
      running: { type: 'boolean', description: 'At least one (true) or none (false). Default: true.' },
      min: { type: 'integer', minimum: 0, description: 'At least so many.' },
      max: { type: 'integer', minimum: 0, description: 'At most so many.' },
    },
  },
  patterns: { pattern: 'device' },
  validate,
  diff: (params, found) => diff(params, found),
  valueSchema: mapOf({
    count: number('How many there are.'),
    processes: listOf(
      mapOf({
        pid: number('Its number.'),
        user: text('Whose it is.'),
        command: text('Its command line, at most 300 characters.'),
      }),
      'The first 20 of them.',
    ),
  }),
  value: (found) => ({ count: found.length, processes: found.slice(0, 20).map((one) => ({ ...one })) }),
})

function validate(params: JsonObject): string | undefined {
  if ((params['name'] === undefined) === (params['pattern'] === undefined)) {
    return 'Say which processes: one of name, pattern is needed.'
  }
  const counted = params['min'] !== undefined || params['max'] !== undefined
  return counted && params['running'] !== undefined ? 'Use either running, or min and max.' : undefined
}

async function observe(context: ModuleContext, params: ProcessParams): Promise<Result<readonly Running[]>> {
  const values = {
    name: params.name ?? '',
    pattern: params.pattern === undefined ? '' : grepPattern(params.pattern),
    user: params.user ?? '',
  }
  const answer = await context.shell.ask({ script: LIST, values })
  const failure = failureOf(answer, 'observe', 'Listing the processes')
  if (failure) return fail(failure)
  const lines = answer.text.split('\n').filter((line) => line !== '')
  return success(lines.map(readLine))
}

async function observeOnWindows(
  { shell }: ModuleContext,
  { name = '', pattern = '', user = '' }: ProcessParams,
): Promise<Result<readonly Running[]>> {
  return askJson(
    shell,
    WINDOWS,
    { values: { name, pattern: pattern && dotnetPattern(pattern), user } },
    'Listing the processes',
  )
}

function readLine(line: string): Running {
  const [pid = '', user = ''] = line.split(' ', 2)
  return { pid: Number(pid), user, command: line.slice(pid.length + user.length + 2) }
}

function diff(params: ProcessParams, found: readonly Running[]): readonly Change[] {
  const { min, max } = params
  const count = found.length
  if (min === undefined && max === undefined) {
    const desired = params.running ?? true
    return count > 0 === desired ? [] : [{ path: 'running', before: count > 0, after: desired }]
  }
  if (min !== undefined && count < min) return [{ path: 'count', before: count, after: `at least ${min}` }]
  if (max !== undefined && count > max) return [{ path: 'count', before: count, after: `at most ${max}` }]
  return []
}
