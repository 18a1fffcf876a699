/**
 * A function for fragments: how many seconds ago a file or folder was written. As long as a program keeps a file open,
 * Windows may tell the time before what was written last, until somebody opens it anew: "the last write time is not fully
 * updated until all handles that are used for writing are closed", https://learn.microsoft.com/windows/win32/sysinfo/file-times
 */
export const WINDOWS_AGE = `function Get-TillAge([string]$path) {
  if ([IO.File]::Exists($path)) { try { [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete').Dispose() } catch [IO.IOException] { } }
  ([DateTime]::UtcNow - [IO.File]::GetLastWriteTimeUtc($path)).TotalSeconds
}
`
