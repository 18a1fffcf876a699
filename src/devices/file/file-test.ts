import type { Proof } from '../../core/module.ts'
import { proofBy } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'

/** What a path is desired to be; what is not named may be anything. */
export interface DesiredFile {
  readonly kind: 'file' | 'directory' | 'absent' | 'link'
  readonly fingerprint?: string
  readonly linkTarget?: string
  /** Octal. */
  readonly mode?: string
  /** Name or number. */
  readonly owner?: string
  readonly group?: string
}

// Fields of `ls -l` are cut at blanks, as in `fileReading`.
const TEST = `[ -z "$trouble" ] && [ "$kind" = "$want_kind" ] || exit 1
[ -z "$want_link" ] || [ "$link" = "$want_link" ] || exit 1
[ -z "$want_sum" ] || [ "$sum" = "$want_sum" ] || exit 1
set -f
set -- $numbers
case $1 in "$want_listing"*) ;; *) exit 1 ;; esac
[ -z "$want_uid" ] || [ "$3" = "$want_uid" ] || exit 1
[ -z "$want_gid" ] || [ "$4" = "$want_gid" ] || exit 1
set -- $names
[ -z "$want_owner" ] || [ "$3" = "$want_owner" ] || exit 1
[ -z "$want_group" ] || [ "$4" = "$want_group" ]`

const WINDOWS_TEST = fragment(
  'file.proof',
  `$seen = ConvertFrom-Json $v.till_seen
if ($seen.trouble -ne '' -or $seen.kind -cne $v.want_kind) { Stop-Till 1 'kind' }
if ($v.want_sum -ne '' -and $seen.sum -cne $v.want_sum) { Stop-Till 1 'sum' }
if ($v.want_owner -ne '' -and $seen.owner -cne $v.want_owner) { Stop-Till 1 'owner' }
`,
)

/** A test for behind a reading, by what that found: whether the path is as desired. */
export function fileTest(system: 'posix' | 'windows', desiredValue: DesiredFile): Proof {
  return system === 'windows' ? windowsTest(desiredValue) : posixTest(desiredValue)
}

function windowsTest({ kind, fingerprint = '', owner = '' }: DesiredFile): Proof {
  const sum = fingerprint.replace(/^sha256:/, '')
  return proofBy(WINDOWS_TEST, { want_kind: kind, want_sum: sum, want_owner: owner })
}

function posixTest(desiredValue: DesiredFile): Proof {
  const { kind, fingerprint = '', linkTarget = '', mode, owner = '', group = '' } = desiredValue
  const isNumber = (name: string): boolean => /^\d+$/.test(name)
  const values = {
    want_kind: kind,
    want_sum: fingerprint,
    want_link: linkTarget,
    want_listing: mode === undefined ? '' : `-${listingOf(mode)}`,
    want_uid: isNumber(owner) ? owner : '',
    want_gid: isNumber(group) ? group : '',
    want_owner: isNumber(owner) ? '' : owner,
    want_group: isNumber(group) ? '' : group,
  }
  return { test: TEST, values }
}

/** `5755` as `rwsr-xr-t`, as `ls` writes it. */
export function listingOf(mode: string): string {
  const [special = 0, ...digits] = [...mode.padStart(4, '0')].map(Number)
  return digits
    .map((digit, at) => {
      const letters = at === 2 ? 'tT' : 'sS'
      const last = digit & 1 ? 'x' : '-'
      const marked = special & (4 >> at) ? (digit & 1 ? letters[0] : letters[1]) : last
      return `${digit & 4 ? 'r' : '-'}${digit & 2 ? 'w' : '-'}${marked}`
    })
    .join('')
}
