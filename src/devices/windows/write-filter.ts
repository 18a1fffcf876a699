import type { ShellChannel } from '../../core/channel.ts'
import type { Failure, Result } from '../../core/failure.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'

/** What a step of a module would leave on the device. `system` is anything that Windows keeps in places of its own. */
export type Lasting =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'registry'; readonly key: string }
  | { readonly kind: 'system' }

/** A filter that takes changes back at the next start of Windows; `kind` is empty where none is at work. */
interface WriteFilter {
  readonly kind: '' | 'UWF' | 'EWF' | 'FBWF'
  readonly system_drive: string
  /** Drives under it, as `C:`. */
  readonly drives: readonly string[]
  /** Files, folders and registry keys that it leaves alone. */
  readonly files: readonly string[]
  readonly keys: readonly string[]
}

// https://learn.microsoft.com/windows/iot/iot-enterprise/customize/uwf-wmi-provider-reference: the current session has an
// instance of its own in each class; in servicing mode nothing is taken back. EWF and FBWF are asked by their own programs,
// which came with Windows Embedded Standard 7 and POSReady 7 in English alone. Their drivers say whether there is any.
// What they print: https://learn.microsoft.com/previous-versions/windows/embedded/ms940853(v=winembedded.5) and .../aa940817(v=winembedded.5),
// and word for word in the tests. A volume without a letter counts as the system's.
export const WRITE_FILTER = fragment(
  'windows.write-filter',
  String.raw`$found = @{ kind = ''; system_drive = ([string]$env:windir).Substring(0, 2); drives = @(); files = @(); keys = @() }
$services = 'HKLM:\SYSTEM\CurrentControlSet\Services\'
if (Test-Path -LiteralPath ($services + 'uwfvol')) {
  $at = 'root\standardcimv2\embedded'
  $filter = @(Get-CimInstance -Namespace $at -ClassName UWF_Filter -OperationTimeoutSec 10)[0]
  $servicing = @(Get-CimInstance -Namespace $at -ClassName UWF_Servicing -OperationTimeoutSec 10 | Where-Object { $_.CurrentSession })[0]
  if ($filter.CurrentEnabled -and -not $servicing.ServicingEnabled) {
    $found.kind = 'UWF'
    foreach ($volume in @(Get-CimInstance -Namespace $at -ClassName UWF_Volume -OperationTimeoutSec 10)) {
      if (-not $volume.CurrentSession -or -not $volume.Protected) { continue }
      $drive = [string]$volume.DriveLetter
      $found.drives += $drive
      foreach ($one in @((Invoke-CimMethod -InputObject $volume -MethodName GetExclusions).ExcludedFiles)) {
        if ($one -eq $null) { continue }
        $name = [string]$one.FileName
        if ($name -notmatch '^[A-Za-z]:') { $name = $drive + $name }
        $found.files += $name
      }
    }
    foreach ($registry in @(Get-CimInstance -Namespace $at -ClassName UWF_RegistryFilter -OperationTimeoutSec 10)) {
      if (-not $registry.CurrentSession) { continue }
      foreach ($one in @((Invoke-CimMethod -InputObject $registry -MethodName GetExclusions).ExcludedKeys)) {
        if ($one -ne $null) { $found.keys += [string]$one.RegistryKey }
      }
    }
  }
}
if ($found.kind -eq '' -and (Test-Path -LiteralPath ($services + 'ewf'))) {
  $said = [Text.Encoding]::ASCII.GetString((Invoke-TillProcess 'ewfmgr.exe' $found.system_drive).out)
  if ($said -match '(?m)^\s*State\s+ENABLED') { $found.kind = 'EWF'; $found.drives += $found.system_drive }
}
if ($found.kind -eq '' -and (Test-Path -LiteralPath ($services + 'fbwf'))) {
  $said = [Text.Encoding]::ASCII.GetString((Invoke-TillProcess 'fbwfmgr.exe' '/displayconfig').out)
  $part = ''
  $at = ''
  $letters = @{}
  foreach ($line in (@($said -split 'next session')[0] -split '\r?\n')) {
    $line = $line.Trim()
    if ($line -match '^filter (state: )?enabled') { $found.kind = 'FBWF' }
    elseif ($line -match '^protected volume list') { $part = 'volumes' }
    elseif ($line -match '^write through list') { $part = 'paths' }
    elseif ($part -eq 'volumes' -and $line -match '^(\\Device\\\w+)(?: [\(\[]([A-Za-z]:)[\)\]])?') {
      $letter = [string]$Matches[2]
      if ($letter -eq '') { $letter = $found.system_drive }
      $letters[$Matches[1]] = [string]$Matches[2]
      $found.drives += $letter
    }
    elseif ($part -eq 'paths' -and $line -match '^(\\Device\\\w+)') { $at = [string]$letters[$Matches[1]] }
    elseif ($part -eq 'paths' -and $at -ne '' -and $line.StartsWith('\')) { $found.files += $at + $line }
  }
  if ($found.kind -eq '') { $found.drives = @(); $found.files = @() }
}
Write-TillJson $found
`,
)

const asked = new WeakMap<ShellChannel, Promise<Result<WriteFilter>>>()

/** The filter of a device, asked for once a visit. */
export function writeFilterOf(shell: ShellChannel): Promise<Result<WriteFilter>> {
  const known = asked.get(shell) ?? askJson<WriteFilter>(shell, WRITE_FILTER, {}, 'Looking for a write filter')
  asked.set(shell, known)
  return known
}

/** Why a change would be gone after the next start; undefined where it stays. */
export function takenBack(filter: WriteFilter, lasting: Lasting): Failure | undefined {
  if (filter.kind === '' || stays(filter, lasting)) return undefined
  const { kind, drives } = filter
  return {
    code: 'WRITE_FILTER_ACTIVE',
    phase: 'observe',
    message: `The write filter ${kind} protects ${drives.join(', ')}: what is changed here would be gone after the next start of Windows.`,
    hint: HOW[kind],
  }
}

const HOW: Readonly<Record<'UWF' | 'EWF' | 'FBWF', string>> = {
  UWF: 'Put it into servicing mode (`uwfmgr servicing enable`, then a restart), apply, and end that; or exclude the place (`uwfmgr file add-exclusion`, `uwfmgr registry add-exclusion`).',
  EWF: 'Switch it off (`ewfmgr c: -disable`, then a restart), apply, and switch it on again.',
  FBWF: 'Switch it off (`fbwfmgr /disable`, then a restart), apply, and switch it on again; or exclude the place (`fbwfmgr /addexclusion`).',
}

function stays({ drives, files, keys, system_drive: system }: WriteFilter, lasting: Lasting): boolean {
  const isProtected = (drive: string): boolean => drives.some((one) => same(one, drive))
  if (lasting.kind === 'system') return !isProtected(system)
  if (lasting.kind === 'registry')
    return !isProtected(system) || keys.some((key) => isWithin(longKey(lasting.key), key))
  const path = lasting.path.replaceAll('/', '\\')
  return !isProtected(path.slice(0, 2)) || files.some((file) => isWithin(path, file))
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [path, longKey(folder)].map((one) => `${one.toLowerCase().replace(/(?<!\\)\\+$/, '')}\\`)
  return inner?.startsWith(outer ?? '') ?? false
}

/** `HKLM\…` as the filter writes it: `HKEY_LOCAL_MACHINE\…`. */
function longKey(key: string): string {
  return key.replace(/^HKLM(?=\\)/i, 'HKEY_LOCAL_MACHINE')
}
