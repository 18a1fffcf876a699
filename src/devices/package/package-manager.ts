import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { LOOK_HOLD } from './hold.ts'

export const PACKAGE_MANAGERS = ['apt', 'dnf', 'yum', 'rpm', 'apk'] as const
export type PackageManager = (typeof PACKAGE_MANAGERS)[number]

export interface PackageState {
  readonly manager: PackageManager
  /** Full versions, as the manager writes them; more than one where it keeps several side by side. */
  readonly installed: readonly string[]
  /** Half installed or half configured. */
  readonly broken: boolean
  /** Whether upgrades leave it as it is: at the installed version, at another one, or not; undefined where nothing holds. */
  readonly held?: 'yes' | 'other' | 'no'
}

/**
 * Reads which versions of `$name` are installed, by `$manager` or the one that the device has. Never writes. That there is
 * no such package is what the tool says in the one way that stands here; whatever else it says is a failure, since all of
 * them end with 1 for a broken database too. What only bears the name of a tool (an applet of busybox) is none.
 */
export const OBSERVE_PACKAGE = `${TOOL_PRELUDE}
has() { command -v "$1" >/dev/null 2>&1; }
has_rpm() { has rpm && case $(rpm --version 2>/dev/null) in RPM*) ;; *) return 1 ;; esac; }
if [ "$manager" = auto ]; then
  if has dpkg-query && has apt-get; then manager=apt
  elif has apk; then manager=apk
  elif has_rpm && has dnf; then manager=dnf
  elif has_rpm && has yum; then manager=yum
  elif has_rpm; then manager=rpm
  else lacks 'package manager that is known: none of apt-get with dpkg-query, apk, dnf, yum and rpm'
  fi
fi
printf 'manager=%s\\n' "$manager"
complaint= broken=no nl='
'
case $manager in
  apt)
    need_tool dpkg-query
    found=$(dpkg-query -W -f='package=\${db:Status-Abbrev}\${Version}\\n' -- "$name" 2>&1)
    code=$?
    case $code,$found in
      0,*) ;;
      1,*error:*) complaint=$found ;;
      1,*"dpkg-query: no packages found matching $name") found= ;;
      *) complaint=$found ;;
    esac
    ;;
  apk)
    need_tool apk
    found=$(apk info -e -v "$name" 2>/dev/null)
    code=$?
    # What another package provides by this name is not it.
    case $code,$found in
      0,"$name"-[0-9]*) found=package=\${found#"$name"-} found=\${found%%"$nl"*} ;;
      0,?* | 1,) found= complaint=$(apk info -e "$name" 2>&1 >/dev/null | grep '^ERROR') ;;
      *) complaint="apk info ended with exit code $code" ;;
    esac
    # Its database keeps which package lacks files, rights, or has scripts that failed: "f:" and a letter for each.
    for db in /lib/apk/db/installed /usr/lib/apk/db/installed; do
      if [ -z "$found" ] || ! grep -q '^f:.*[fsx]' "$db" 2>/dev/null; then continue; fi
      while IFS= read -r line; do
        case $line in P:*) at=\${line#P:} ;; f:*[fsx]*) if [ "$at" = "$name" ]; then broken=yes; fi ;; esac
      done <"$db"
    done
    ;;
  *)
    has_rpm || { printf '%s\\n' 'till: missing program: rpm' >&2; exit 97; }
    found=$(rpm -q --qf 'package=%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n' -- "$name" 2>&1)
    code=$?
    case $code,$found in
      0,package=*) case $found in *error:*) complaint=$found ;; esac ;;
      1,"package $name is not installed") found= ;;
      *) complaint=$found ;;
    esac
    ;;
esac
if [ -n "$complaint" ]; then printf '%s\\n' "$complaint" >&2; if [ "$code" -eq 0 ]; then exit 1; fi; exit "$code"; fi
${LOOK_HOLD}printf '%s\\nhold=%s\\nbroken=%s\\n' "$found" "$hold" "$broken"
`

/**
 * Behind `OBSERVE_PACKAGE`: whether the package is `$want_state` (present, absent) in `$want_version`, or in any if that
 * is empty, and on hold if `$want_hold` (yes, no) is not. Says yes only where `readPackage` and `isVersion` would.
 */
export const TEST_PACKAGE = `set -f
IFS='
'
there=no is=no
for line in $found; do
  case $line in package=*) full=\${line#package=} ;; *) continue ;; esac
  if [ "$manager" = apt ]; then
    case $full in ?i\\ *) full=\${full#???} ;; ?[Wt]\\ *) full=\${full#???} ;; ?c\\ * | ?n\\ *) continue ;; *) exit 1 ;; esac
  fi
  there=yes
  plain=$full
  case \${full%%:*} in "$full" | *[!0-9]*) ;; *) plain=\${full#*:} ;; esac
  case $want_version in '' | "$full" | "$plain" | "\${full%-*}" | "\${plain%-*}") is=yes ;; esac
done
case $want_state,$there,$is in present,yes,yes | absent,no,no) ;; *) exit 1 ;; esac
case $broken,\${want_hold:-},$hold in no,,* | no,yes,yes | no,no,no) ;; *) exit 1 ;; esac
`

const WORKS: ReadonlySet<string> = new Set(['i ', 'W ', 't '])

/** What `OBSERVE_PACKAGE` printed. */
export function readPackage(text: string): PackageState | undefined {
  const manager = PACKAGE_MANAGERS.find((known) => text.startsWith(`manager=${known}\n`))
  if (!manager) return undefined
  const lines = text.split('\n').filter((line) => line.startsWith('package='))
  const versions = lines.map((line) => line.slice('package='.length))
  const held = (['yes', 'other', 'no'] as const).find((known) => text.includes(`\nhold=${known}\n`))
  const common = { manager, ...(held && { held }) }
  if (manager !== 'apt') return { ...common, installed: versions, broken: text.includes('\nbroken=yes\n') }
  // dpkg: desired action, state and error in three letters (dpkg-query(1)); `ii ` and `hi ` are installed, `rc ` is gone. What waits
  // for triggers (W), or has them pending (t), is configured and works.
  const packages = versions.map((line) => ({ state: line.slice(1, 3), version: line.slice(3) }))
  const installed = packages.filter(({ state }) => WORKS.has(state)).map(({ version }) => version)
  return {
    ...common,
    installed,
    broken: packages.some(({ state }) => !WORKS.has(state) && !['c ', 'n '].includes(state)),
  }
}

/**
 * A version as dpkg and rpm print what is installed: an epoch of 0 is left out, where `dnf repoquery` writes it (`0:4.2.1-1.el9`). It is
 * the same version (Debian Policy, 5.6.12; rpm-version(7)).
 */
export function withoutZeroEpoch(version: string): string {
  return version.replace(/^0:/, '')
}

/**
 * Whether an installed version is the desired one: equal to it in full, or without epoch, or without the packaging
 * revision, or without both. `2:4.1.0-3+deb12u1` is `4.1.0`, `4.1.0-3+deb12u1` and `2:4.1.0`, but not `4.1`.
 */
export function isVersion(given: string, full: string): boolean {
  const desired = withoutZeroEpoch(given)
  const withoutEpoch = full.replace(/^\d+:/, '')
  return [full, withoutEpoch].some((form) => form === desired || form.replace(/-[^-]*$/, '') === desired)
}
