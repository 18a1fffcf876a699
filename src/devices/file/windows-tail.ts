/**
 * A function of PowerShell: the last lines of a file that is open elsewhere, in every encoding that it may be in. That is
 * one, where it is told, marked, or the bytes are UTF-8; else those of the two code pages of the machine (`guessed`).
 */
export const WINDOWS_TAIL = String.raw`function Read-TillEnd([string]$path, [int]$lines, [long]$most = 268435456) {
  $stream = New-Object IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
  try {
    [long]$length = $stream.Length
    $mark = New-Object byte[] 3
    [void]$stream.Read($mark, 0, 3)
    [long]$size = 262144
    while ($true) {
      [long]$from = [Math]::Max([long]0, $length - $size)
      # A unit of UTF-16 has two bytes.
      $from = $from - $from % 2
      $bytes = New-Object byte[] ($length - $from)
      [void]$stream.Seek($from, [IO.SeekOrigin]::Begin)
      $have = 0
      while ($have -lt $bytes.Length) {
        $count = $stream.Read($bytes, $have, $bytes.Length - $have)
        if ($count -le 0) { break }
        $have += $count
      }
      $plain = [Text.Encoding]::GetEncoding(28591).GetString($bytes)
      if ($from -eq 0 -or $size -ge $most -or $plain.Split([char]10).Count -gt $lines + 1) { break }
      $size = $size * 4
    }
  } finally { $stream.Dispose() }
  @{ mark = ([BitConverter]::ToString($mark)); bytes = $bytes; plain = $plain; whole = ($from -eq 0); guessed = $false }
}
function Get-TillEncodings([string]$wish, $end) {
  $pages = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
  if ($wish -eq 'ansi') { return ,[Text.Encoding]::GetEncoding([int]$pages.ACP) }
  if ($wish -eq 'oem') { return ,[Text.Encoding]::GetEncoding([int]$pages.OEMCP) }
  if ($wish -ne '') { return ,[Text.Encoding]::GetEncoding($wish) }
  if ($end.mark.StartsWith('FF-FE')) { return ,[Text.Encoding]::Unicode }
  if ($end.mark.StartsWith('FE-FF')) { return ,[Text.Encoding]::BigEndianUnicode }
  if ($end.mark -eq 'EF-BB-BF') { return ,[Text.Encoding]::UTF8 }
  # Without a mark: every second byte of Latin letters is zero in UTF-16.
  $zeros = $end.plain.Split([char]0).Count - 1
  if ($zeros * 4 -gt $end.plain.Length -and -not $end.plain.Contains([string][char]0 * 3)) {
    if ($end.plain[0] -eq [char]0) { return ,[Text.Encoding]::BigEndianUnicode }
    return ,[Text.Encoding]::Unicode
  }
  $first = 0
  if (-not $end.whole) { $first = $end.plain.IndexOf([char]10) + 1 }
  $last = $end.plain.LastIndexOf([char]10) + 1
  try {
    if ($last -gt $first) { [void](New-Object Text.UTF8Encoding($false, $true)).GetString($end.bytes, $first, $last - $first) }
    else { [void](New-Object Text.UTF8Encoding($false, $true)).GetString($end.bytes) }
    return ,[Text.Encoding]::UTF8
  } catch { }
  $end.guessed = $true
  foreach ($page in @([int]$pages.ACP, [int]$pages.OEMCP) | Select-Object -Unique) { [Text.Encoding]::GetEncoding($page) }
}
function Get-TillLines($encoding, $end) {
  $text = $encoding.GetString($end.bytes)
  if (-not $end.whole) { $text = $text.Substring($text.IndexOf([char]10) + 1) }
  # A power cut leaves NULs in logs.
  $text = $text.TrimStart([char]0xFEFF).Replace([string][char]0, '')
  if ($text.EndsWith($nl)) { $text = $text.Substring(0, $text.Length - 1) }
  if ($text -ne '') { $text.Split([char]10) }
}
function Get-TillTail([string]$path, [int]$lines, [string]$wish) {
  if (-not [IO.File]::Exists($path)) { Stop-Till 1 ($path + ': there is no such file') }
  $end = Read-TillEnd $path $lines
  foreach ($encoding in @(Get-TillEncodings $wish $end)) {
    $found = @(Get-TillLines $encoding $end | Select-Object -Last $lines | ForEach-Object { $_.TrimEnd([char]13) })
    @{ name = $encoding.WebName; lines = $found }
  }
}
`
