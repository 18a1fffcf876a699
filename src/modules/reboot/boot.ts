import { fail, type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { APT_REBOOT } from '../../devices/boot/pending-reboot.ts'
import { PENDING_REBOOT } from '../../devices/windows/pending-reboot.ts'
import { act, askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import { failureOf, parseFields, TOOL_PRELUDE } from '../../shell/tool-answer.ts'

/** What tells one run of a system from the next, and whether it wants to be restarted. */
export interface Boot {
  /** Another one after every start; empty where the system has no such thing. */
  readonly id: string
  readonly uptimeS: number
  /** When it was started, at the earliest and at the latest, by a clock of ours that nobody sets. */
  readonly startedS: readonly [number, number]
  /** null: the system does not say. */
  readonly pending: boolean | null
  readonly reasons: readonly string[]
}

const POSIX_OBSERVE = `${TOOL_PRELUDE}${APT_REBOOT}id=
if [ -r /proc/sys/kernel/random/boot_id ]; then read -r id </proc/sys/kernel/random/boot_id; fi
read -r uptime rest </proc/uptime || exit
printf 'id=%s\\nuptime=%s\\n' "$id" "\${uptime%%.*}"
if [ -e /run/reboot-required ]; then printf 'pending=yes\\n'
elif command -v needs-restarting >/dev/null 2>&1; then
  # It ends with 1 for a broken dnf, too.
  said=$(needs-restarting -r 2>/dev/null)
  case $?,$said in
    0,*'should not be necessary'* | 0,*'No core libraries'*) printf 'pending=no\\n' ;;
    1,*'Reboot is required'* | 1,*'Core libraries or services have been updated'*) printf 'pending=yes\\n' ;;
  esac
elif command -v apt-get >/dev/null 2>&1; then apt_reboot; if [ -n "$pending" ]; then printf 'pending=%s\\n' "$pending"; fi
fi
`

// Later, so that the answer still comes. What is known to refuse it is asked before, since nobody hears it then.
const POSIX_RESTART = `${TOOL_PRELUDE}command -v shutdown >/dev/null 2>&1 || need_tool reboot
if command -v systemctl >/dev/null 2>&1; then
  case $(systemctl show -p LoadState -- reboot.target 2>/dev/null) in
    LoadState=masked) printf '%s\\n' 'reboot.target is masked: somebody ruled that this device is not restarted' >&2; exit 1 ;;
  esac
fi
(sleep 2; shutdown -r now || reboot) </dev/null >/dev/null 2>&1 3>&- &
`

const WINDOWS_OBSERVE = fragment(
  'reboot.observe',
  String.raw`$settings = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters' -ErrorAction SilentlyContinue
${PENDING_REBOOT}
Write-TillJson @{
  id = [string]$settings.BootId
  uptime = [long]([Diagnostics.Stopwatch]::GetTimestamp() / [Diagnostics.Stopwatch]::Frequency)
  reasons = $reasons
}
`,
)

const WINDOWS_RESTART = fragment(
  'reboot.restart',
  `$program = Join-Path ([Environment]::SystemDirectory) 'shutdown.exe'
$line = '/r /t 5 /f /d p:0:0'
$ended = Invoke-TillProcess $program $line
# 1190: somebody has ordered one for later; ours takes its place.
if ($ended.exit -eq 1190) {
  [void](Invoke-TillProcess $program '/a')
  $ended = Invoke-TillProcess $program $line
}
# 1115: it is shutting down already.
if ($ended.exit -ne 0 -and $ended.exit -ne 1115) { Stop-Till $ended.exit ([Text.Encoding]::UTF8.GetString($ended.err)) }
`,
)

/** Reads which run of the system this is. Writes nothing. */
export async function readBoot({ shell }: ModuleContext): Promise<Result<Boot>> {
  const sent = now()
  if (shell.dialect === 'powershell') {
    const asked = await askJson<{ id: string; uptime: number; reasons: string[] }>(
      shell,
      WINDOWS_OBSERVE,
      {},
      'Reading the boot',
    )
    if (!asked.ok) return asked
    const { id, uptime, reasons } = asked.value
    return success({
      id,
      uptimeS: uptime,
      startedS: [sent - uptime, now() - uptime],
      pending: reasons.length > 0,
      reasons,
    })
  }
  const answer = await shell.ask({ script: POSIX_OBSERVE })
  const failure = failureOf(answer, 'observe', 'Reading the boot')
  if (failure) return fail(failure)
  const fields = parseFields(answer.text)
  const mark = fields.get('pending')
  const uptimeS = Number(fields.get('uptime'))
  return success({
    id: fields.get('id') ?? '',
    uptimeS,
    startedS: [sent - uptimeS, now() - uptimeS],
    pending: mark === undefined ? null : mark === 'yes',
    reasons: mark === 'yes' ? ['packages'] : [],
  })
}

/** Orders the restart, which begins a few seconds later. */
export async function orderRestart({ shell }: ModuleContext): Promise<Result<void>> {
  if (shell.dialect === 'powershell') return act(shell, WINDOWS_RESTART, {}, 'The order to restart')
  const failure = failureOf(await shell.ask({ script: POSIX_RESTART }), 'converge', 'The order to restart')
  return failure ? fail(failure) : success(undefined)
}

function now(): number {
  return performance.now() / 1000
}

/** Uptimes are whole seconds, and no two clocks go alike. */
const INEXACT_S = 5

/**
 * Whether the system was started anew between two looks. Under a write filter the id of a boot is thrown away with all else
 * in the registry, and a slow start may take longer than the device was up before.
 */
export function wasRestarted(before: Boot, after: Boot): boolean {
  return after.id !== before.id || after.uptimeS < before.uptimeS || after.startedS[0] > before.startedS[1] + INEXACT_S
}
