import type { Change } from '../core/change.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { ModuleContext } from '../core/module.ts'
import { act, askJson } from '../shell/powershell-ask.ts'
import { fragment } from '../shell/powershell-fragment.ts'
import { failureOf, parseFields, TOOL_PRELUDE } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { mapOf, number, text } from './value-schema.ts'

interface ClockParams {
  readonly max_skew_s?: number
  readonly time_zone?: string
}

interface ClockState {
  /** Seconds by which the device is ahead for sure; what the line may have taken is in its favour. */
  readonly skewS: number
  readonly zone: string
}

const POSIX_OBSERVE = `${TOOL_PRELUDE}need_tool date
zone=
if [ -L /etc/localtime ]; then need_tool readlink; zone=$(readlink /etc/localtime); zone=\${zone#*zoneinfo/}
elif [ -r /etc/timezone ]; then read -r zone </etc/timezone
fi
printf 'time=%s\\nzone=%s\\n' "$(date +%s)" "$zone"`

const POSIX_CONVERGE = `${TOOL_PRELUDE}[ -e "/usr/share/zoneinfo/$zone" ] || { printf '%s\\n' "there is no time zone $zone on the device" >&2; exit 1; }
if command -v timedatectl >/dev/null 2>&1 && timedatectl set-timezone "$zone" 2>/dev/null; then exit 0; fi
ln -sf "/usr/share/zoneinfo/$zone" /etc/localtime || exit
printf '%s\\n' "$zone" >/etc/timezone`

// Where the box "adjust for daylight saving time" is unticked the zone keeps its name, and its winter time all year. `_dstoff` is
// what tzutil calls that: https://learn.microsoft.com/windows-server/administration/windows-commands/tzutil
const WINDOWS_OBSERVE = fragment(
  'clock.observe',
  `$epoch = New-Object DateTime(1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
[TimeZoneInfo]::ClearCachedData()
$zone = [TimeZoneInfo]::Local.Id
$settings = Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation' -ErrorAction SilentlyContinue
if ([int]$settings.DynamicDaylightTimeDisabled -eq 1) {
  try { if ([TimeZoneInfo]::FindSystemTimeZoneById($zone).SupportsDaylightSavingTime) { $zone += '_dstoff' } } catch { }
}
Write-TillJson @{ time = ([DateTime]::UtcNow - $epoch).TotalSeconds; zone = $zone }
`,
)

const WINDOWS_CONVERGE = fragment(
  'clock.converge',
  `[void][TimeZoneInfo]::FindSystemTimeZoneById(($v.zone -replace '_dstoff$', ''))
$ended = Invoke-TillProcess 'tzutil.exe' $v.line
if ($ended.exit -ne 0) { Stop-Till $ended.exit ([Text.Encoding]::UTF8.GetString($ended.err)) }
`,
)

export const clock = defineModule({
  name: 'clock',
  summary: "Checks a device's clock against the controller's, and sees to its time zone",
  systems: ['linux', 'windows'],
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      max_skew_s: {
        type: 'number',
        exclusiveMinimum: 0,
        description:
          'How far it may be from the clock of the controller; what the line takes is not counted against it.',
        examples: [5],
      },
      time_zone: {
        type: 'string',
        pattern: '^[A-Za-z][A-Za-z0-9 ()/+._-]*$',
        description:
          'In the words of the system: an IANA name, or the name of Windows, with `_dstoff` behind it where the till is to have winter time all year.',
        examples: ['Europe/Warsaw', 'Central European Standard Time'],
      },
    },
  },
  validate: ({ max_skew_s, time_zone }) =>
    max_skew_s === undefined && time_zone === undefined
      ? 'Say what to see to: `max_skew_s`, `time_zone` or both.'
      : undefined,
  onlyChecks: ({ time_zone }) => time_zone === undefined,
  observe,
  diff,
  valueSchema: mapOf({
    skew_seconds: number('By how much the device is ahead for sure, negative when behind.'),
    time_zone: text('Its time zone, in the words of its system.'),
  }),
  value: ({ skewS, zone }) => ({ skew_seconds: skewS, time_zone: zone }),
  converge,
})

async function observe({ shell }: ModuleContext): Promise<Result<ClockState>> {
  const sent = Date.now() / 1000
  let time: number
  let zone: string
  if (shell.dialect === 'powershell') {
    const asked = await askJson<{ time: number; zone: string }>(shell, WINDOWS_OBSERVE, {}, 'Reading the clock')
    if (!asked.ok) return asked
    ;({ time, zone } = asked.value)
  } else {
    const answer = await shell.ask({ script: POSIX_OBSERVE })
    const failure = failureOf(answer, 'observe', 'Reading the clock')
    if (failure) return fail(failure)
    const fields = parseFields(answer.text)
    time = Number(fields.get('time'))
    zone = fields.get('zone') ?? ''
  }
  if (!Number.isFinite(time)) {
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: 'What the device says of its clock is no time.' })
  }
  return success({ skewS: skewOf(time, { sent, received: Date.now() / 1000 }), zone })
}

/** It was read between sending and receiving, to the whole second. */
function skewOf(time: number, { sent, received }: { readonly sent: number; readonly received: number }): number {
  const skew = time < sent - 1 ? time - sent : Math.max(0, time - received)
  return Math.round(skew * 10) / 10
}

function diff({ max_skew_s, time_zone }: ClockParams, { skewS, zone }: ClockState): readonly Change[] {
  const changes: Change[] = []
  if (max_skew_s !== undefined && Math.abs(skewS) > max_skew_s) {
    changes.push({ path: 'skew', before: `${skewS} s`, after: `at most ${max_skew_s} s` })
  }
  if (time_zone !== undefined && !isSameZone(zone, time_zone)) {
    changes.push({ path: 'time_zone', before: zone === '' ? null : zone, after: time_zone })
  }
  return changes
}

/**
 * One zone has several names (`backward` of the IANA data). Debian writes the newer one whenever its package tzdata is configured (2025b:
 * `UTC` becomes `Etc/UTC`, `Europe/Kiev` `Europe/Kyiv`), so that the other one would be put back after each update. Names of
 * Windows are none to ICU, but for `UTC`.
 */
function isSameZone(one: string, other: string): boolean {
  return one === other || (one !== '' && idOf(one) === idOf(other))
}

/** The name that stands for all names of a zone; one that is not known stands for itself. */
function idOf(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return zone
  }
}

/** Only a time service can keep a clock right: what is set once runs away again. */
async function converge(
  { shell }: ModuleContext,
  { time_zone = '' }: ClockParams,
  changes: readonly Change[],
): Promise<Result<void>> {
  if (changes.some(({ path }) => path === 'skew')) {
    const message = 'The clock is not set from here: see to the time service of the device, in an earlier step.'
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message })
  }
  const what = 'The change of the time zone'
  if (shell.dialect === 'powershell') {
    return act(shell, WINDOWS_CONVERGE, { values: { zone: time_zone, line: `/s "${time_zone}"` } }, what)
  }
  const failure = failureOf(await shell.ask({ script: POSIX_CONVERGE, values: { zone: time_zone } }), 'converge', what)
  return failure ? fail(failure) : success(undefined)
}
