import type { ShellDialect, ShellRequest, ShellValue } from '../core/channel.ts'
import { THERE } from './posix-there.ts'
import { fragment } from './powershell-fragment.ts'

/** What is run, for each kind of shell that it can be run by, and how it may be shown. */
export interface Programs {
  readonly posix?: Pick<ShellRequest, 'script' | 'values'>
  readonly powershell?: Pick<ShellRequest, 'name' | 'script' | 'values'>
}

/** Where it runs. Where a text stands a `Secret` may stand. */
export interface Surroundings {
  readonly cwd?: string
  readonly environment?: { readonly [name: string]: string | number | boolean }
}

/** By this exit code and these words a device says that the directory to run in does not exist. */
export const NO_DIRECTORY_EXIT = 98
export const NO_DIRECTORY = 'till: no such directory'

const POSIX_SETUP = `till_i=1
while [ "$till_i" -le "$till_env_count" ]; do
  eval "export \\"\\$till_env_name_$till_i=\\$till_env_value_$till_i\\""
  till_i=$((till_i + 1))
done
if [ -n "$till_cwd" ]; then
  unset CDPATH
  cd "$till_cwd" 2>/dev/null || {
    till_why='does not exist'
    if [ -d "$till_cwd" ]; then till_why='may not be entered by the account that runs this'
    elif [ -e "$till_cwd" ]; then till_why='is not a directory'
    else case $(LC_ALL=C ls -d "$till_cwd" 2>&1) in *denied*) till_why='may not be seen by the account that runs this' ;; esac
    fi
    printf '%s: %s\\n' '${NO_DIRECTORY}' "$till_why" >&2
    exit ${NO_DIRECTORY_EXIT}
  }
fi
`
// The proofs of `command` and `script` go by these variables.
const POSIX_PATH = `${THERE}till_exists=no
if till_there "$till_path"; then till_exists=yes; fi
printf 'exists=%s\\n' "$till_exists"`
const POSIX_CHECK = `${POSIX_SETUP}(eval "$till_check") >/dev/null 2>&1
till_exit=$?
printf 'exit=%s\\n' "$till_exit"`

const WINDOWS_SETUP = `$more = @{ environment = @{} }
for ($i = 1; $i -le $v.till_env_count; $i++) { $more.environment[[string]$v["till_env_name_$i"]] = [string]$v["till_env_value_$i"] }
if ($v.till_cwd -ne '') {
  if (-not [IO.Directory]::Exists($v.till_cwd)) { Stop-Till ${NO_DIRECTORY_EXIT} '${NO_DIRECTORY}' }
  $more.folder = $v.till_cwd
}
`

const WINDOWS_PATH = fragment(
  'run.path',
  `try {
  [void][IO.File]::GetAttributes($v.till_path)
  'exists=yes'
} catch {
  $why = $_.Exception.GetBaseException()
  if ($why -isnot [IO.FileNotFoundException] -and $why -isnot [IO.DirectoryNotFoundException]) { throw }
  'exists=no'
}
`,
)

const WINDOWS_CHECK = fragment(
  'run.check',
  `${WINDOWS_SETUP}if ($v.till_check -eq '') { return }
"exit=$((Invoke-TillScript $v.till_check @{} $more).exit)"
`,
)

/** Behind one of the two above: it said what is wanted, if anything is. */
export const WINDOWS_SETTLED = fragment(
  'run.proof',
  `if ($v.want_said -ne '' -and $v.till_seen.Trim() -cne $v.want_said) { Stop-Till 1 $v.till_seen }
`,
)

/** A text for PowerShell, in an interpreter of its own. */
export const WINDOWS_TEXT = fragment(
  'run.text',
  `${WINDOWS_SETUP}Complete-Till (Invoke-TillScript $v.till_text @{} $more)
`,
)

/** A program with its arguments, quoted already. */
export const WINDOWS_PROGRAM = fragment(
  'run.program',
  `${WINDOWS_SETUP}Complete-Till (Invoke-TillProcess $v.till_program $v.till_line $more)
`,
)

/** In place of a program that cannot be given its arguments as they are. */
export const WINDOWS_REFUSED = fragment('run.refused', 'Stop-Till 1 $v.till_why\n')

/** Looks whether a path exists: prints `exists=yes` or `exists=no`. */
export function lookAtPath(dialect: ShellDialect, path: string): ShellRequest {
  const values = { till_path: path }
  return dialect === 'powershell' ? { ...WINDOWS_PATH, values } : { script: POSIX_PATH, values }
}

/** Runs a check, a text that changes nothing, and prints `exit=CODE`; without one it only looks at the directory. */
export function lookByCheck(dialect: ShellDialect, check: string | undefined, where: Surroundings): ShellRequest {
  const values = { ...surroundings(where), till_check: check ?? '' }
  if (dialect === 'powershell') return { ...WINDOWS_CHECK, values }
  return { script: check === undefined ? ':' : POSIX_CHECK, values }
}

/** Runs it where it is to run; undefined when it is nothing for this kind of shell. */
export function runRequest(dialect: ShellDialect, programs: Programs, where: Surroundings): ShellRequest | undefined {
  const program = programs[dialect]
  if (!program) return undefined
  const values = { ...surroundings(where), ...program.values }
  const script = dialect === 'posix' ? POSIX_SETUP + program.script : program.script
  return { ...program, script, values, foreign: true }
}

function surroundings({ cwd, environment }: Surroundings): Record<string, ShellValue> {
  const variables = Object.entries(environment ?? {})
  const values: Record<string, ShellValue> = { till_cwd: cwd ?? '', till_env_count: variables.length }
  for (const [index, [name, value]] of variables.entries()) {
    values[`till_env_name_${index + 1}`] = name
    values[`till_env_value_${index + 1}`] = value
  }
  return values
}
