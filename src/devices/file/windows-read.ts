import type { ShellAnswer, ShellRequest } from '../../core/channel.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import type { FileKind, FileReading, ReadOptions } from './file-reading.ts'
import { WINDOWS_AGE } from './windows-age.ts'

/** What a path of a file must look like, on either system. */
export const FILE_PATH = '^(/([\\s\\S]*[^/])?|[A-Za-z]:[\\\\/][^<>"|?*:]*[^<>"|?*:\\\\/. ])$'

/** Absolute paths, also of folders. */
export const ANY_PATH = '^(/|[A-Za-z]:([\\\\/][^<>"|?*:]*)?$)'

// A file that is open elsewhere is read all the same. The content is the only large thing, and is text in base64.
const READ = fragment(
  'file.read',
  String.raw`${WINDOWS_AGE}$at = @{ kind = 'absent'; real = $v.path; link = ''; owner = ''; size = 0; sum = ''; content = $null; age = $null; trouble = '' }
function Get-TillAttributes([string]$path) {
  try { return [int][IO.File]::GetAttributes($path) } catch {
    $why = $_.Exception.GetBaseException()
    if ($why -is [IO.FileNotFoundException] -or $why -is [IO.DirectoryNotFoundException]) { return -1 }
    $at.trouble = $why.Message
    return -1
  }
}
if ($v.path -notmatch '^[A-Za-z]:[\\/]') { $at.trouble = 'it is not an absolute path of Windows' }
else {
  $at.real = [IO.Path]::GetFullPath($v.path)
  $attributes = Get-TillAttributes $at.real
  if ($attributes -ge 0 -and ($attributes -band [int][IO.FileAttributes]::ReparsePoint) -ne 0) {
    $target = @((Get-Item -LiteralPath $at.real -Force).Target)[0]
    if ($target) {
      $at.link = [string]$target
      if ($v.follow) {
        $at.real = [IO.Path]::GetFullPath([IO.Path]::Combine([IO.Path]::GetDirectoryName($at.real), [string]$target))
        $attributes = Get-TillAttributes $at.real
      }
    }
  }
  if ($attributes -ge 0) {
    $at.kind = 'file'
    if (($attributes -band [int][IO.FileAttributes]::Directory) -ne 0) { $at.kind = 'directory' }
    if ($at.link -ne '' -and -not $v.follow) { $at.kind = 'link' }
    $rights = Get-Acl -LiteralPath $at.real
    $at.owner = [string]$rights.Owner
    # By its identifier: the account may be gone.
    $sid = $rights.GetOwner([Security.Principal.SecurityIdentifier]).Value
    if ($v.owner -ne '' -and (Get-TillSid $v.owner) -eq $sid) { $at.owner = $v.owner }
  }
  if ($at.kind -eq 'file') { $at.size = (New-Object IO.FileInfo($at.real)).Length }
  if ($at.kind -eq 'file' -and $v.age) { $at.age = [long](Get-TillAge $at.real) }
  if ($at.kind -eq 'file' -and $v.wants) {
    try {
      $at.sum = Get-TillSha256 $at.real
      if ($at.size -le $v.send_bytes -and "sha256:$($at.sum)" -ne $v.known) {
        $stream = New-Object IO.FileStream($at.real, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
        $memory = New-Object IO.MemoryStream
        try { $stream.CopyTo($memory) } finally { $stream.Dispose() }
        $at.content = [Convert]::ToBase64String($memory.ToArray())
      }
    } catch { $at.trouble = $_.Exception.GetBaseException().Message }
  }
}
Write-TillJson $at
`,
)

interface Answer {
  readonly kind: FileKind
  readonly real: string
  readonly link: string
  readonly owner: string
  readonly size: number
  readonly sum: string
  readonly content: string | null
  readonly age: number | null
  readonly trouble: string
}

/** One question about a path of a Windows device. Writes nothing. */
export function windowsReadRequest(options: ReadOptions): ShellRequest {
  const { path, follow, wants, sendBytes, known = '', owner = '', age = false } = options
  return {
    ...READ,
    values: { path, follow, wants: wants === 'content', send_bytes: sendBytes, known, owner, age },
    maxOutputBytes: Math.ceil((sendBytes * 4) / 3) + 64 * 1024,
  }
}

/** What was answered; undefined when the answer is not whole. */
export function windowsReading(answer: ShellAnswer): FileReading | undefined {
  if (answer.exitCode !== 0 || answer.truncated) return undefined
  const { kind, real, link, owner, size, sum, content, age, trouble } = JSON.parse(answer.text) as Answer
  return {
    system: 'windows',
    kind,
    realPath: real,
    ...(link !== '' && { linkTarget: link }),
    ...(owner !== '' && { owner }),
    ...(kind === 'file' && { sizeBytes: size }),
    ...(sum !== '' && { fingerprint: `sha256:${sum}` }),
    ...(typeof age === 'number' && { ageSeconds: age }),
    ...(content !== null && { content: Buffer.from(content, 'base64') }),
    ...(trouble !== '' && { trouble }),
  }
}
