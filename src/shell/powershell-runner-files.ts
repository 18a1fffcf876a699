/** The function of the runner that takes a file. */
export const FILE_FUNCTIONS = `# Writes the lines that follow to a new file, up to the line "."; "!" gives up. A file that is not whole is taken away.
function Receive-TillFile($ask) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  $file = $null
  $said = ''
  $exit = 75
  try { $file = New-Object IO.FileStream($ask.path, [IO.FileMode]::CreateNew) } catch { $said = $_.Exception.GetBaseException().Message }
  $made = $file -ne $null
  while (($line = Read-TillLine) -ne $null) {
    if ($line -eq '!') { $said = 'It was given up.'; $exit = 124; break }
    if ($line.StartsWith('. ')) {
      if ($said -eq '' -and $file.Length -ne [long]$line.Substring(2)) { $said = "$($file.Length) of $($line.Substring(2)) bytes arrived." }
      if ($said -eq '') { $exit = 0 }
      break
    }
    if ($said -ne '') { continue }
    try {
      $bytes = [Convert]::FromBase64String($line)
      $file.Write($bytes, 0, $bytes.Length)
    } catch { $said = $_.Exception.GetBaseException().Message }
  }
  if ($made) {
    try { $file.Dispose() } catch { if ($said -eq '') { $said = $_.Exception.GetBaseException().Message; $exit = 75 } }
    if ($exit -ne 0) { try { [IO.File]::Delete($ask.path) } catch { } }
  }
  $err = [Text.Encoding]::UTF8.GetBytes($said)
  $how = 'done'
  if ($exit -eq 124) { $how = 'late' }
  $body = [Text.Encoding]::ASCII.GetBytes("$how $exit 0 $($watch.ElapsedMilliseconds) 0 $($err.Length)$nl") + $err
  @{ how = $how; exit = $exit; body = [byte[]]$body }
}
`
