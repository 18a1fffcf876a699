import { NOT_WHOLE } from './powershell.ts'

/**
 * Functions of the runner for lines: what goes out, at once or held back, what comes in, and whether it is whole.
 *
 * @param expand makes a text of the line `$packed`
 */
export function lineFunctions(expand: string): string {
  return `# Where every piece of output costs a round trip, it is held back until the exchange is over, or for two seconds.
function Send-TillText([string]$text) {
  if ($tillNow.text.Length -eq 0) { $tillNow.since = [Diagnostics.Stopwatch]::StartNew() }
  [void]$tillNow.text.Append($text)
  Push-TillText (-not $tillNow.gathers)
}

function Push-TillText([bool]$now) {
  if ($tillNow.text.Length -eq 0) { return }
  if (-not $now -and $tillNow.since.ElapsedMilliseconds -lt 2000 -and $tillNow.text.Length -lt 100000) { return }
  $bytes = [Text.Encoding]::ASCII.GetBytes($tillNow.text.ToString())
  [void]$tillNow.text.Remove(0, $tillNow.text.Length)
  $tillOut.Write($bytes, 0, $bytes.Length)
  $tillOut.Flush()
}

# The next line of stdin without its number; nothing at the end.
function Read-TillLine {
  while (($line = $tillIn.ReadLine()) -ne $null) {
    $at = $line.IndexOf(' ')
    $number = 0
    # What it was started with, sent a second time, begins with no number.
    if ($at -lt 0 -or -not [int]::TryParse($line.Substring(0, $at), [ref]$number)) { continue }
    if ($number -gt $tillNow.line) {
      $tillNow.line = $number
      return $line.Substring($at + 1)
    }
  }
}

function Read-TillBase64([string]$text) {
  [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text))
}

function Expand-TillText([string]$packed) {
  try {
${expand}
  } catch { Stop-TillCut }
}

# Not a byte may be missing of what is to be run: the first line of it says how many bytes the rest has, and their hash.
function Open-TillSeal([string]$text) {
  $at = $text.IndexOf($nl)
  if ($at -lt 0) { Stop-TillCut }
  $rest = $text.Substring($at + 1)
  $bytes = [Text.Encoding]::UTF8.GetBytes($rest)
  if ($text.Substring(0, $at) -cne ([string]$bytes.Length + ' ' + (Get-TillHash $bytes))) { Stop-TillCut }
  $rest
}

function Stop-TillCut {
  [Console]::Error.WriteLine('till: what arrived is not whole; nothing of it was run')
  Push-TillText $true
  [Environment]::Exit(${NOT_WHOLE})
}
`
}
