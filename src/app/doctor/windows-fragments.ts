import { fragment } from '../../shell/powershell-fragment.ts'

export const ABOUT = fragment(
  'doctor.about',
  `$me = [Security.Principal.WindowsIdentity]::GetCurrent()
Write-TillJson @{
  version = [string]$PSVersionTable.PSVersion
  mode = [string]$ExecutionContext.SessionState.LanguageMode
  user = $me.Name
  elevated = (New-Object Security.Principal.WindowsPrincipal($me)).IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
  page = [string](Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage').OEMCP
  narrow = ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess)
  culture = [Globalization.CultureInfo]::CurrentUICulture.Name
}
`,
)

export const TEXT = fragment(
  'doctor.text',
  `$v.text
$v.text.ToUpperInvariant()
`,
)

export const VALUES = fragment(
  'doctor.values',
  `$sha = New-Object Security.Cryptography.SHA256CryptoServiceProvider
$hash = [BitConverter]::ToString($sha.ComputeHash([Text.Encoding]::UTF8.GetBytes($v.secret))) -replace '-', ''
$around = [Environment]::CommandLine + (@([Environment]::GetEnvironmentVariables().Values) -join ' ')
Write-TillJson @{
  secret = $hash.ToLowerInvariant()
  kinds = (@($v.whole, $v.part, $v.is, $v.none) | ForEach-Object { $_.GetType().Name }) -join ' '
  leaked = $around.Contains($v.secret)
}
`,
)

export const USER_SCRIPT = fragment(
  'doctor.user-script',
  `$name = 'kasa ' + [char]0x17C
Complete-Till (Invoke-TillScript '$word; [Console]::Error.WriteLine("nie ma"); exit 7' @{ word = $name })
`,
)

export const PROGRAM = fragment(
  'doctor.program',
  // Behind -EncodedCommand powershell.exe takes no arguments; behind -Command they are text, and here all a comment.
  String.raw`$show = 'foreach ($word in [Environment]::GetCommandLineArgs() | Select-Object -Last 3) { [Console]::Write((''['' + $word + ''] '')) } #'
$line = '-NoProfile -NonInteractive -Command "' + $show + '" "a b" "c\"d\\" ""'
Complete-Till (Invoke-TillProcess (Join-Path $PSHOME 'powershell.exe') $line)
`,
)

// A program under a program, as an installer has them; the second time it is counted what is left of it.
export const HANG = fragment(
  'doctor.hang',
  `if ($v.look) {
  Start-Sleep -Milliseconds 500
  @(Get-CimInstance -ClassName Win32_Process | Where-Object { $_.Name -eq 'PING.EXE' -and $_.CommandLine -like '*127.0.0.73*' }).Count
  return
}
[void](Invoke-TillProcess 'cmd.exe' '/c ping.exe -n 60 127.0.0.73')
`,
)

export const LARGE = fragment(
  'doctor.large',
  `$line = 'x' * 109
for ($i = 0; $i -lt 10000; $i++) { $line }
`,
)

export const FLOOD = fragment(
  'doctor.flood',
  `$line = 'y' * 999
for ($i = 0; $i -lt 1000; $i++) { $line }
`,
)

export const PLACE = fragment('doctor.place', '[IO.Path]::GetTempPath().TrimEnd([IO.Path]::DirectorySeparatorChar)\n')

// One for each shell of WinRM, whoever opened it.
export const SHELLS = fragment(
  'doctor.shells',
  `@(Get-Process | Where-Object { $_.ProcessName -eq 'winrshost' }).Count
`,
)
