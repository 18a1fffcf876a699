import { fragment } from '../../shell/powershell-fragment.ts'
import { WINDOWS_REMOVE, WINDOWS_SWAP } from '../file/windows-swap.ts'

/** A program that Windows lists as installed. */
export interface Product {
  readonly code: string
  readonly name: string
  readonly version: string
  /** Installed by Windows Installer, which can take it away again. */
  readonly msi: boolean
  /** The account that it is installed for; empty: for all. */
  readonly user: string
}

/** What the fragment `package.observe` puts out. */
export interface FoundPrograms {
  readonly products: readonly Product[]
  /** An installation that was not over at its deadline has left what it saved. */
  readonly unfinished: boolean
}

/** What the fragment `package.install` puts out. */
export interface Installed {
  /** Of msiexec. */
  readonly code: number
  /** The part of its log that explains a failure. */
  readonly log: string
  /** What is there now; empty: nothing. */
  readonly version: string
  /** The checksum, if it is the wrong one. */
  readonly sum: string
  /** What is wrong with the signature; empty: nothing. */
  readonly signature: string
  /** Files that were put back. */
  readonly restored: readonly string[]
}

// From the registry: Win32_Product reconfigures every package when it is read. What was installed for one account stands in the
// registry of that account, which is there while somebody is logged in with it.
const PRODUCTS = String.raw`function Get-TillProducts([string]$name) {
  $pattern = '^' + [regex]::Escape($name) + '( \(.*\)| x64| x86)?$'
  $seen = @{}
  $list = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall'
  $roots = @()
  foreach ($view in 'Registry64', 'Registry32') {
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]$view)
    $roots += @{ key = $base.OpenSubKey($list); user = '' }
  }
  $users = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::Users, [Microsoft.Win32.RegistryView]::Default)
  foreach ($sid in $users.GetSubKeyNames()) {
    if ($sid -match '^S-1-[0-9-]+$') { $roots += @{ key = $users.OpenSubKey($sid + '\' + $list); user = $sid } }
  }
  foreach ($root in $roots) {
    if ($root.key -eq $null) { continue }
    foreach ($code in $root.key.GetSubKeyNames()) {
      $key = $root.key.OpenSubKey($code)
      if ($key -eq $null -or $seen.ContainsKey($root.user + $code)) { continue }
      $display = [string]$key.GetValue('DisplayName')
      if ($display -notmatch $pattern) { continue }
      $seen[$root.user + $code] = $true
      @{ code = $code; name = $display; version = [string]$key.GetValue('DisplayVersion'); msi = ([int]$key.GetValue('WindowsInstaller') -eq 1); user = $root.user }
    }
  }
}
`

// Where only administrators write, so that nobody can put another file in its place.
export const STAGE = fragment(
  'package.stage',
  `${WINDOWS_REMOVE}$root = Join-Path $env:windir 'Temp'
$free = (New-Object IO.DriveInfo([IO.Path]::GetPathRoot($root))).AvailableFreeSpace
# As much again is what Windows Installer keeps, and twice that is what it unpacks.
if ($free -lt 4 * $v.bytes) {
  Write-TillJson @{ path = ''; free = $free }
  return
}
# What an earlier installation could not take away, but for what it has saved of one that was not over. Others have folders there whose
# names begin so, too.
foreach ($old in [IO.Directory]::GetDirectories($root, 'till-*')) {
  if ([IO.Path]::GetFileName($old) -notmatch '^till-[0-9a-f]{16}$' -or [IO.File]::Exists((Join-Path $old 'unfinished'))) { continue }
  if ([IO.Directory]::GetLastWriteTimeUtc($old) -lt [DateTime]::UtcNow.AddDays(-1)) { try { Remove-TillFolder $old } catch { } }
}
$rights = New-Object Security.AccessControl.DirectorySecurity
$rights.SetSecurityDescriptorSddlForm('D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
$path = Join-Path $root $v.folder
[void][IO.Directory]::CreateDirectory($path, $rights)
Write-TillJson @{ path = $path; free = $free }
`,
)

export const UNSTAGE = fragment('package.unstage', `${WINDOWS_REMOVE}Remove-TillFolder $v.folder\n`)

/**
 * The installation itself is in the Windows Installer service, and goes on when msiexec is ended: so that is not, and what
 * was saved for it stays until it is over. Then the mutex is gone: https://learn.microsoft.com/windows/win32/msi/-msiexecute-mutex
 */
const FIND_UNFINISHED = `function Find-TillUnfinished([string]$name) {
  foreach ($folder in [IO.Directory]::GetDirectories((Join-Path $env:windir 'Temp'), 'till-*')) {
    $list = Join-Path $folder 'unfinished'
    if ([IO.Path]::GetFileName($folder) -notmatch '^till-[0-9a-f]{16}$' -or -not [IO.File]::Exists($list)) { continue }
    if (@([IO.File]::ReadAllLines($list))[0] -eq $name) { $folder }
  }
}
`
const RESTORE = `function Restore-TillKept([string]$folder) {
  $number = 0
  foreach ($path in @([IO.File]::ReadAllLines((Join-Path $folder 'unfinished')) | Select-Object -Skip 1)) {
    $copy = Join-Path $folder "kept-$number"
    $number++
    if ([IO.File]::Exists($path) -and (Get-TillSha256 $path) -eq (Get-TillSha256 $copy)) { continue }
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($path))
    Copy-TillFile $copy $path
    $path
  }
}
`

/** Reads the programs of a name, as `FoundPrograms`. */
export const OBSERVE = fragment(
  'package.observe',
  `${PRODUCTS}${FIND_UNFINISHED}Write-TillJson @{
  products = @(Get-TillProducts $v.name)
  unfinished = (@(Find-TillUnfinished $v.name).Count -gt 0)
}
`,
)

/** Waits for its end and puts back what was saved. */
export const FINISH = fragment(
  'package.finish',
  `${WINDOWS_SWAP}${FIND_UNFINISHED}${RESTORE}while ($true) {
  try { [Threading.Mutex]::OpenExisting('Global\\_MSIExecute').Dispose() } catch {
    if ($_.Exception.GetBaseException() -is [Threading.WaitHandleCannotBeOpenedException]) { break }
  }
  Start-Sleep -Milliseconds 500
}
foreach ($folder in @(Find-TillUnfinished $v.name)) {
  [void]@(Restore-TillKept $folder)
  Remove-TillFolder $folder
}
`,
)

const MSIEXEC = `function Invoke-TillInstaller([string]$line) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  while ($true) {
    $ended = Invoke-TillProcess (Join-Path ([Environment]::SystemDirectory) 'msiexec.exe') $line @{ leave = $true }
    if ($ended.exit -ne 1618 -or $watch.Elapsed.TotalSeconds -gt 60) { return $ended.exit }
    Start-Sleep -Seconds 5
  }
}
`

export const INSTALL = fragment(
  'package.install',
  `${PRODUCTS}${WINDOWS_SWAP}${RESTORE}${MSIEXEC}$begun = $false
$result = @{ code = 0; log = ''; version = ''; sum = ''; signature = ''; restored = @() }
try {
  $sum = Get-TillSha256 $v.file
  if ($sum -ne $v.sha256) { $result.sum = $sum }
  if ($v.signer -ne '' -and $result.sum -eq '') {
    $signature = Get-AuthenticodeSignature -LiteralPath $v.file
    $name = ''
    if ($signature.SignerCertificate -ne $null) {
      $name = $signature.SignerCertificate.GetNameInfo([Security.Cryptography.X509Certificates.X509NameType]::SimpleName, $false)
    }
    if ($signature.Status -ne 'Valid') { $result.signature = "the signature is $($signature.Status)" }
    elseif ($name -ne $v.signer) { $result.signature = "it is by $name" }
  }
  if ($result.sum -eq '' -and $result.signature -eq '') {
    $lines = @([string]$v.name)
    $list = ConvertFrom-Json $v.keep
    foreach ($path in @($list)) {
      if (-not [IO.File]::Exists($path)) { continue }
      Copy-TillFile $path (Join-Path $v.folder "kept-$($lines.Count - 1)")
      $lines += $path
    }
    [IO.File]::WriteAllLines((Join-Path $v.folder 'unfinished'), [string[]]$lines, (New-Object Text.UTF8Encoding($false)))
    $log = Join-Path $v.folder 'install.log'
    $begun = $true
    $line = '/i "' + $v.file + '" /qn /norestart REBOOT=ReallySuppress /l*v "' + $log + '" ' + $v.line
    try { $result.code = Invoke-TillInstaller $line } catch { $begun = $false; throw }
    $begun = $false
    $result.restored = @(Restore-TillKept $v.folder)
    if ([IO.File]::Exists($log) -and $result.code -ne 0) {
      $text = [IO.File]::ReadAllText($log, [Text.Encoding]::Unicode)
      # "Action ended 12:00:00: InstallFiles. Return value 3.", in the language of Windows.
      $end = $text.Length
      $hit = [regex]::Match($text, '(?m)\\d\\d?:\\d\\d:\\d\\d: \\w[\\w.]*\\.[^\\r\\n\\d]* 3\\.\\s*$')
      if ($hit.Success) { $end = $hit.Index + $hit.Length }
      $from = [Math]::Max(0, $end - 1500)
      $result.log = $text.Substring($from, $end - $from)
    }
    $result.version = [string](@(Get-TillProducts $v.name) | Where-Object { $_.user -eq '' } | ForEach-Object { $_.version } | Select-Object -First 1)
  }
} finally { if (-not $begun) { try { Remove-TillFolder $v.folder } catch { } } }
Write-TillJson $result
`,
)

export const REMOVE = fragment(
  'package.remove',
  `${MSIEXEC}Write-TillJson @{ code = (Invoke-TillInstaller ('/x ' + $v.code + ' /qn /norestart REBOOT=ReallySuppress')) }
`,
)

/** Behind the look: no program of that name is left. */
export const GONE = fragment(
  'package.gone',
  `$seen = ConvertFrom-Json $v.till_seen
if (@($seen.products).Count -gt 0) { Stop-Till 1 'It is still there.' }
`,
)
