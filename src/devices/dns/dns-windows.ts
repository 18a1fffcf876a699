import { fragment } from '../../shell/powershell-fragment.ts'
import { type DnsAnswer, type DnsState, dnsAnswer } from './answer.ts'

/** What the fragment `dns.resolve` puts out. */
export interface WindowsDns {
  /** 0, or what Windows calls the error (winerror.h). */
  readonly code: number
  readonly detail: string
  readonly answers: readonly string[]
  readonly ms: number
}

/** DNS_ERROR_RCODE_*, DNS_INFO_NO_RECORDS, ERROR_TIMEOUT; 10060 and 10061 are of the sockets. */
const CODES: Readonly<Record<number, DnsState>> = {
  0: 'resolved',
  1460: 'timed-out',
  9002: 'servfail',
  9003: 'nxdomain',
  9004: 'refused',
  9005: 'refused',
  9501: 'no-data',
  10060: 'timed-out',
  10061: 'unreachable',
  11001: 'nxdomain',
  11002: 'servfail',
  11004: 'no-data',
}

// Windows 7 has no Resolve-DnsName; there the system itself is asked for addresses.
export const RESOLVE_WINDOWS = fragment(
  'dns.resolve',
  `$watch = [Diagnostics.Stopwatch]::StartNew()
$code = 0
$detail = ''
$answers = @()
try {
  if (Get-Command Resolve-DnsName -ErrorAction SilentlyContinue) {
    $asked = @{ Name = $v.name; Type = $v.type; DnsOnly = $true; NoHostsFile = $true; QuickTimeout = [bool]$v.quick }
    if ($v.server -ne '') { $asked.Server = $v.server }
    foreach ($record in @(Resolve-DnsName @asked)) {
      if ([string]$record.Type -ne $v.type -or [string]$record.Section -ne 'Answer') { continue }
      if ($v.type -eq 'A' -or $v.type -eq 'AAAA') { $answers += [string]$record.IPAddress }
      elseif ($v.type -eq 'MX') { $answers += "$($record.Preference) $($record.NameExchange)" }
      elseif ($v.type -eq 'TXT') { $answers += ($record.Strings -join '') }
      else { $answers += [string]$record.NameHost }
    }
    if ($answers.Count -eq 0) { $code = 9501 }
  } elseif ($v.server -eq '' -and ($v.type -eq 'A' -or $v.type -eq 'AAAA')) {
    $family = 'InterNetwork'
    if ($v.type -eq 'AAAA') { $family = 'InterNetworkV6' }
    $answers = @([Net.Dns]::GetHostAddresses($v.name) | Where-Object { [string]$_.AddressFamily -eq $family } | ForEach-Object { [string]$_ })
    if ($answers.Count -eq 0) { $code = 11004 }
  } else { Stop-Till 1 'This Windows has no Resolve-DnsName, and its own resolver knows addresses only.' }
} catch {
  $why = $_.Exception.GetBaseException()
  if (-not ($why -is [ComponentModel.Win32Exception])) { throw }
  $code = $why.NativeErrorCode
  $detail = $why.Message
}
Write-TillJson @{ code = $code; detail = $detail; answers = $answers; ms = [int]$watch.ElapsedMilliseconds }
`,
)

export function resolvedOnWindows({ code, detail, answers }: WindowsDns): DnsAnswer {
  const state = CODES[code] ?? 'error'
  return dnsAnswer(state, state === 'resolved' ? answers : [], detail)
}
