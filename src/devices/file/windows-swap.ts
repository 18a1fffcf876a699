/**
 * Functions for fragments that remove files. Windows removes nothing that is read-only, as files of a CD or a share are; that
 * another program has a file open (32, 33) passes. Links to folders are removed by themselves: Directory.Delete of a tree
 * takes a junction away, says that it could not, and leaves the rest (dotnet/runtime#86249).
 */
export const WINDOWS_REMOVE = `# Answers whether it was read-only.
function Set-TillWritable([string]$path) {
  if (-not [IO.File]::Exists($path) -and -not [IO.Directory]::Exists($path)) { return $false }
  $attributes = [IO.File]::GetAttributes($path)
  if (($attributes -band [IO.FileAttributes]::ReadOnly) -eq 0) { return $false }
  [IO.File]::SetAttributes($path, ($attributes -bxor [IO.FileAttributes]::ReadOnly))
  $true
}
function Test-TillHeld($problem) {
  $why = $problem.GetBaseException()
  $why -is [IO.IOException] -and (32, 33, 1175, 1176, 1177) -contains ($why.HResult -band 0xFFFF)
}
function Invoke-TillPatiently([ScriptBlock]$act) {
  for ($tries = 1; $true; $tries++) {
    try { . $act; return } catch { if ($tries -ge 10 -or -not (Test-TillHeld $_.Exception)) { throw } }
    Start-Sleep -Milliseconds 200
  }
}
function Remove-TillFile([string]$path) {
  [void](Set-TillWritable $path)
  Invoke-TillPatiently { [IO.File]::Delete($path) }
}
function Remove-TillFolder([string]$path, [bool]$recurse = $true) {
  if ($recurse) {
    foreach ($below in [IO.Directory]::GetDirectories($path)) {
      Remove-TillFolder $below (([IO.File]::GetAttributes($below) -band [IO.FileAttributes]::ReparsePoint) -eq 0)
    }
    foreach ($file in [IO.Directory]::GetFiles($path)) { Remove-TillFile $file }
  }
  [void](Set-TillWritable $path)
  Invoke-TillPatiently { [IO.Directory]::Delete($path) }
}
`

/**
 * Functions for fragments that put a file in the place of another. ReplaceFile is no single step: with a name for the old
 * file it says 1177 where that has its new name and the new file did not get its place; without one the old file can be
 * gone (1176). An antivirus program that looks at a fresh file is enough for each.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-replacefilew
 */
export const WINDOWS_SWAP = `${WINDOWS_REMOVE}# With its attributes.
function Copy-TillFile([string]$from, [string]$to) {
  [void](Set-TillWritable $to)
  [IO.File]::Copy($from, $to, $true)
}
# What was there stands in $backup afterwards, or is gone if that is empty. It stays read-only.
function Move-TillInPlace([string]$new, [string]$path, [string]$backup) {
  if (-not [IO.File]::Exists($path)) {
    Invoke-TillPatiently { [IO.File]::Move($new, $path) }
    return
  }
  $old = $backup
  if ($old -eq '') { $old = $path + '.till-old' }
  [void](Set-TillWritable $old)
  $fixed = Set-TillWritable $path
  try {
    Invoke-TillPatiently {
      try { [IO.File]::Replace($new, $path, $old, $true) } catch {
        if (-not [IO.File]::Exists($path) -and [IO.File]::Exists($old)) { Invoke-TillPatiently { [IO.File]::Move($old, $path) } }
        throw
      }
    }
  } finally {
    if ($fixed -and [IO.File]::Exists($path)) { [IO.File]::SetAttributes($path, ([IO.File]::GetAttributes($path) -bor [IO.FileAttributes]::ReadOnly)) }
  }
  # Where it is held, the next change takes it away.
  if ($backup -eq '') { try { Remove-TillFile $old } catch { } }
}
`
