import { RUN_ACTION, TOOL_PRELUDE } from '../../shell/tool-answer.ts'

export const PACKAGE_MANAGERS = ['apt', 'dnf', 'yum', 'rpm', 'apk'] as const
export type PackageManager = (typeof PACKAGE_MANAGERS)[number]

export interface PackageState {
  readonly manager: PackageManager
  /** Full versions, as the manager writes them; more than one where it keeps several side by side. */
  readonly installed: readonly string[]
  /** Half installed or half configured. */
  readonly broken: boolean
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
  else need_tool apt-get
  fi
fi
printf 'manager=%s\\n' "$manager"
complaint= nl='
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
printf '%s\\n' "$found"
`

/**
 * Behind `OBSERVE_PACKAGE`: whether the package is `$want_state` (present, absent) in `$want_version`, or in any if that
 * is empty. Says yes only where `readPackage` and `isVersion` would.
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
`

const WORKS: ReadonlySet<string> = new Set(['i ', 'W ', 't '])

/** What `OBSERVE_PACKAGE` printed. */
export function readPackage(text: string): PackageState | undefined {
  const manager = PACKAGE_MANAGERS.find((known) => text.startsWith(`manager=${known}\n`))
  if (!manager) return undefined
  const lines = text.split('\n').filter((line) => line.startsWith('package='))
  const versions = lines.map((line) => line.slice('package='.length))
  if (manager !== 'apt') return { manager, installed: versions, broken: false }
  // dpkg: desired action, state and error in three letters (dpkg-query(1)); `ii ` and `hi ` are installed, `rc ` is gone. What waits
  // for triggers (W), or has them pending (t), is configured and works.
  const packages = versions.map((line) => ({ state: line.slice(1, 3), version: line.slice(3) }))
  const installed = packages.filter(({ state }) => WORKS.has(state)).map(({ version }) => version)
  return {
    manager,
    installed,
    broken: packages.some(({ state }) => !WORKS.has(state) && !['c ', 'n '].includes(state)),
  }
}

/**
 * Whether an installed version is the desired one: equal to it in full, or without epoch, or without the packaging
 * revision, or without both. `2:4.1.0-3+deb12u1` is `4.1.0`, `4.1.0-3+deb12u1` and `2:4.1.0`, but not `4.1`.
 */
export function isVersion(desired: string, full: string): boolean {
  const withoutEpoch = full.replace(/^\d+:/, '')
  return [full, withoutEpoch].some((form) => form === desired || form.replace(/-[^-]*$/, '') === desired)
}

/** Exit codes of the scripts below, beyond those of the managers. */
export const NO_VERSION_EXIT = 96
export const CHECKSUM_EXIT = 95
export const SPACE_EXIT = 94
export const ON_HOLD_EXIT = 90

const HEAD = `${TOOL_PRELUDE}${RUN_ACTION}
DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l
export DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND NEEDRESTART_MODE
`

// apt-get takes an unknown name with a dot in it for a pattern and installs all that match: the name must be known.
// Nothing else is ever removed to make room.
const APT_INSTALL = `need_tool apt-get
pick() {
  apt-cache madison "$name" 2>/dev/null | while IFS=' |' read -r found full rest; do
    [ "\${found%%:*}" = "\${name%%:*}" ] || continue
    plain=\${full#*:}
    case $version in
      '' | "$full" | "$plain" | "\${full%-*}" | "\${plain%-*}") printf '%s\\n' "$full"; break ;;
    esac
  done
}
if [ -n "$file" ]; then
  target=$file
else
  picked=$(pick)
  if [ -z "$picked" ]; then run_action apt-get -q update; picked=$(pick); fi
  if [ -z "$picked" ]; then exit ${NO_VERSION_EXIT}; fi
  target=$name
  if [ -n "$version" ]; then target=$name=$picked; fi
fi
run_action apt-get install -y -q --no-remove --allow-downgrades -o DPkg::Lock::Timeout=60 \\
  -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -- "$target"
`

const RPM_INSTALL = `if [ -n "$file" ]; then
  need_tool rpm
  run_action rpm -U --oldpackage -- "$file"
else
  if [ "$manager" = rpm ]; then manager=dnf; fi
  need_tool "$manager"
  target=$name
  if [ -n "$version" ]; then target=$name-$version; fi
  before=$(rpm -q -- "$name" 2>/dev/null)
  run_action "$manager" -y -q install -- "$target"
  if [ -n "$version" ] && [ "$before" = "$(rpm -q -- "$name" 2>/dev/null)" ]; then
    run_action "$manager" -y -q downgrade -- "$target"
  fi
fi
`

const APK_INSTALL = `need_tool apk
if [ -n "$file" ]; then
  run_action apk --wait 60 add --allow-untrusted --no-network "$file"
else
  case $version in
    '') target=$name ;;
    *-r[0-9]*) target=$name=$version ;;
    *) target=$name~$version ;;
  esac
  run_action apk --wait 60 add "$target"
fi
`

// dpkg and rpm refuse to remove what others need; apt-get and dnf would remove the others too.
const REMOVE: Readonly<Record<'apt' | 'rpm' | 'apk', string>> = {
  apt: `need_tool dpkg dpkg-query
if [ "$(dpkg-query -W -f='\${db:Status-Want}' -- "$name" 2>/dev/null)" = hold ]; then exit ${ON_HOLD_EXIT}; fi
run_action dpkg --remove "$name"
`,
  rpm: `need_tool rpm
run_action rpm -e -- "$name"
`,
  apk: `need_tool apk
run_action apk --wait 60 del "$name"
# It ends with 0, removes nothing, and says for whom the package is needed.
if apk info -e "$name" >/dev/null 2>&1; then cat "$log" >&2; exit 1; fi
`,
}

const INSTALL = { apt: APT_INSTALL, rpm: RPM_INSTALL, apk: APK_INSTALL } as const

/** Installs `$name` (`$version`, or `$file` if it is not empty), or removes it. */
export function convergeScript(manager: PackageManager, desired: 'present' | 'absent'): string {
  return HEAD + (desired === 'present' ? INSTALL : REMOVE)[familyOf(manager)]
}

/** Makes a private directory with room for `$kilobytes` and prints it. */
export const STAGE_DIRECTORY = `${TOOL_PRELUDE}
umask 077
dir=$(mktemp -d "\${TMPDIR:-/var/tmp}/till.XXXXXX") || exit
free=$(df -Pk "$dir" 2>/dev/null | { read -r head; read -r device size used free rest; printf '%s' "$free"; })
if [ -n "$free" ] && [ "$free" -lt "$kilobytes" ]; then
  rmdir "$dir"
  printf '%s' "$free"
  exit ${SPACE_EXIT}
fi
printf '%s' "$dir"
`

/** Installs `$file` out of `$scratch` only if it is what `$sha256` says; the directory is gone afterwards in any case. */
export function convergeFileScript(manager: PackageManager): string {
  return HEAD + CHECK_FILE + INSTALL[familyOf(manager)]
}

const CHECK_FILE = `need_tool sha256sum
sum=$(sha256sum "$file") || exit
sum=\${sum%% *}
if [ "$sum" != "$sha256" ]; then printf '%s' "$sum"; exit ${CHECKSUM_EXIT}; fi
`

function familyOf(manager: PackageManager): 'apt' | 'rpm' | 'apk' {
  return manager === 'apt' || manager === 'apk' ? manager : 'rpm'
}
