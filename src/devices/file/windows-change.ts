import type { ShellAnswer, ShellChannel, ShellValue } from '../../core/channel.ts'
import { Secret } from '../../core/secret.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import { EXIT, type Replacement } from './replacement.ts'
import { WINDOWS_SWAP } from './windows-swap.ts'

// The old file's access rights are kept; a file that is new has those of its folder. Where the swap failed so that nothing has the
// name any more, the new file stays beside it.
const REPLACE = fragment(
  'file.replace',
  `${WINDOWS_SWAP}try {
  if ([IO.Directory]::Exists($v.path)) { Stop-Till ${EXIT.directory} 'a directory is in the way' }
  $folder = [IO.Path]::GetDirectoryName($v.path)
  if (-not [IO.Directory]::Exists($folder)) { Stop-Till ${EXIT.noFolder} ($folder + ': no such directory') }
  foreach ($old in [IO.Directory]::GetFiles($folder, '.till-new-*')) {
    if ($old -ne $v.temp -and $old -match '\\.till-new-[0-9a-f]{16}$' -and [IO.File]::GetLastWriteTimeUtc($old) -lt [DateTime]::UtcNow.AddHours(-1)) { [IO.File]::Delete($old) }
  }
  $isThere = [IO.File]::Exists($v.path)
  if (-not $v.uploaded) { [IO.File]::Create($v.temp).Dispose() }
  if ($v.private -and -not $isThere) {
    $rights = New-Object Security.AccessControl.FileSecurity
    $rights.SetSecurityDescriptorSddlForm('D:P(A;;FA;;;SY)(A;;FA;;;BA)')
    Set-Acl -LiteralPath $v.temp -AclObject $rights
  }
  if (-not $v.uploaded) { [IO.File]::WriteAllBytes($v.temp, (New-Object Text.UTF8Encoding($false)).GetBytes($v.content)) }
  $size = (New-Object IO.FileInfo($v.temp)).Length
  if ($size -ne $v.bytes) { Stop-Till ${EXIT.incomplete} "only $size of $($v.bytes) bytes could be written" }
  if ($v.validate -ne '') {
    $ended = Invoke-TillScript $v.validate @{ file = $v.temp }
    if ($ended.exit -ne 0) {
      $said = [Text.Encoding]::UTF8.GetString($ended.err) + [Text.Encoding]::UTF8.GetString($ended.out)
      Stop-Till ${EXIT.refused} ($said.Trim() + $nl + "exit code $($ended.exit)")
    }
  }
  if ($v.expected -ne 'any') {
    $now = 'absent'
    if ([IO.File]::Exists($v.path)) { $now = 'sha256:' + (Get-TillSha256 $v.path) }
    if ($now -ne $v.expected) { Stop-Till ${EXIT.moved} 'it was changed meanwhile' }
  }
  $backup = ''
  if ($v.backup) { $backup = $v.path + '.till-backup' }
  Move-TillInPlace $v.temp $v.path $backup
  if ($v.owner -ne '') {
    $rights = Get-Acl -LiteralPath $v.path
    $rights.SetOwner((New-Object Security.Principal.SecurityIdentifier((Get-TillSid $v.owner))))
    Set-Acl -LiteralPath $v.path -AclObject $rights
  }
} finally {
  if ([IO.File]::Exists($v.temp) -and ([IO.File]::Exists($v.path) -or -not $isThere)) { [IO.File]::Delete($v.temp) }
}
`,
)

const OWNER = fragment(
  'file.owner',
  `$rights = Get-Acl -LiteralPath $v.path
$rights.SetOwner((New-Object Security.Principal.SecurityIdentifier((Get-TillSid $v.owner))))
Set-Acl -LiteralPath $v.path -AclObject $rights
`,
)

const REMOVE = fragment(
  'file.remove',
  `${WINDOWS_SWAP}if ([IO.Directory]::Exists($v.path)) { Stop-Till 1 'a directory is in the way' }
if ($v.backup -and [IO.File]::Exists($v.path)) {
  Remove-TillFile ($v.path + '.till-backup')
  Invoke-TillPatiently { [IO.File]::Move($v.path, $v.path + '.till-backup') }
} else { Remove-TillFile $v.path }
`,
)

/** The part of a path before its last separator. */
export function windowsFolder(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')))
}

export async function replaceOnWindows(
  shell: ShellChannel,
  replacement: Replacement,
  dependencies: { readonly temp: string; readonly uploaded: boolean },
): Promise<ShellAnswer> {
  const { content } = replacement
  const values: Record<string, ShellValue> = {
    path: replacement.path,
    temp: dependencies.temp,
    uploaded: dependencies.uploaded,
    content: content.text ?? '',
    bytes: content.sizeBytes,
    owner: replacement.owner,
    private: content.text instanceof Secret && replacement.mode === '0600',
    validate: replacement.validate ?? '',
    backup: replacement.backup,
    expected: replacement.expected,
  }
  return shell.ask({ ...REPLACE, values })
}

export async function ownOnWindows(shell: ShellChannel, path: string, owner: string): Promise<ShellAnswer> {
  return shell.ask({ ...OWNER, values: { path, owner } })
}

export async function removeOnWindows(shell: ShellChannel, path: string, backup: boolean): Promise<ShellAnswer> {
  return shell.ask({ ...REMOVE, values: { path, backup } })
}
