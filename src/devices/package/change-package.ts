import { RUN_ACTION, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { SET_HOLD } from './hold.ts'
import type { PackageManager } from './package-manager.ts'

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
  # It ends with 0 although it reached none of its sources.
  if [ -z "$picked" ]; then grep -E '^[WE]: Failed' "$log" >&2; exit ${NO_VERSION_EXIT}; fi
  target=$name
  if [ -n "$version" ]; then target=$name=$picked; fi
fi
allow=
case \${hold:-} in yes | no) allow=--allow-change-held-packages ;; esac
install() {
  try_action apt-get install -y -q --no-remove --allow-downgrades $allow -o DPkg::Lock::Timeout=60 \\
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -- "$target"
}
install
# Its lists are older than its sources, which no longer have what these say.
if [ "$code" -ne 0 ] && [ -z "$file" ] && grep -q '^E: Unable to fetch some archives' "$log"; then
  run_action apt-get -q update
  if [ -n "$version" ]; then
    picked=$(pick)
    [ -n "$picked" ] || exit ${NO_VERSION_EXIT}
    target=$name=$picked
  fi
  install
fi
end_action
`

// dnf installs what another package provides by this name, and calls a source that does not answer "Unable to find a match":
// what the sources have by this very name is asked first; dnf 5 ends a line only where the format says so. That a script
// of a package failed is a warning to it.
const RPM_INSTALL = `scripts_ran() {
  failed=$(grep -B 5 -E '^(warning: %|error: %|Error in [A-Z]+ scriptlet)' "$log") || return 0
  printf '%s\\n' "$failed" | grep -vE '^( +(Prep|Install|Upgrad|Clean|Verif)| *$|--$)' >&2
  exit 1
}
if [ -n "$file" ]; then
  need_tool rpm
  run_action rpm -U --oldpackage -- "$file"
  scripts_ran
else
  if [ "$manager" = rpm ]; then manager=dnf; fi
  need_tool "$manager"
  unlocked=
  case \${hold:-} in yes | no) unlocked=--disableplugin=versionlock ;; esac
  target=$name
  if [ -n "$version" ]; then target=$name-$version; fi
  if [ "$manager" = dnf ]; then
    run_action dnf $unlocked repoquery --qf 'found=%{name} %{epoch}:%{version}-%{release}\\n' -- "$name"
    picked=
    while read -r found full; do
      [ "$found" = "found=$name" ] || continue
      plain=\${full#*:}
      case $version in '' | "$full" | "$plain" | "\${full%-*}" | "\${plain%-*}") picked=$full ;; esac
    done <"$log"
    if [ -z "$picked" ]; then grep -vE '^(found=|Last metadata|Updating and loading|Repositories loaded|$)' "$log" >&2; exit ${NO_VERSION_EXIT}; fi
    if [ -n "$version" ]; then target=$name-$picked; fi
  fi
  before=$(rpm -q -- "$name" 2>/dev/null)
  run_action "$manager" -y $unlocked install -- "$target"
  scripts_ran
  if [ -n "$version" ] && [ "$before" = "$(rpm -q -- "$name" 2>/dev/null)" ]; then
    run_action "$manager" -y $unlocked downgrade -- "$target"
    scripts_ran
  fi
fi
`

// A version with ~ would be the beginning of one, and go on growing with each upgrade. Its exit code is the count of
// packages with errors, those of earlier calls among them: it counts only where it names this one, or has done nothing.
const RUN_APK = `need_tool apk
renewed=
run_apk() {
  as_the_system_does apk --wait 60 "$@" >"$log" 2>&1
  code=$?
  if [ "$code" -eq 0 ]; then return; fi
  # Its lists are older than its sources, which no longer have what these say.
  if [ -z "$renewed" ] && grep -q 'mentioned in index not found' "$log"; then renewed=yes; run_apk update; run_apk "$@"; return; fi
  if grep -q "^[0-9]* errors\\{0,1\\};" "$log" && ! grep -qF "ERROR: $name-" "$log"; then return; fi
  cat "$log" >&2
  exit "$code"
}
`

const APK_INSTALL = `offered() {
  apk policy "$name" 2>/dev/null | while IFS= read -r line; do
    case $line in "   "*) ;; "  "*:) line=\${line#  }; printf '%s\\n' "\${line%:}" ;; esac
  done
}
pick() {
  best=
  for full in $(offered); do
    case $version in '' | "$full" | "\${full%-*}") ;; *) continue ;; esac
    if [ -z "$best" ] || [ "$(apk version -t "$full" "$best" 2>/dev/null)" = '>' ]; then best=$full; fi
  done
  printf '%s' "$best"
}
if [ -n "$file" ]; then
  run_apk add --allow-untrusted --no-network "$file"
else
  picked=$(pick)
  if [ -z "$picked" ]; then run_apk update; picked=$(pick); fi
  if [ -z "$picked" ]; then grep -E '^(WARNING|ERROR)' "$log" >&2; exit ${NO_VERSION_EXIT}; fi
  target=$name
  if [ -n "$version" ]; then target=$name=$picked; fi
  run_apk add "$target"
  if grep -q '^f:.*[fsx]' /lib/apk/db/installed /usr/lib/apk/db/installed 2>/dev/null; then run_apk fix "$name"; fi
fi
`

// dpkg and rpm refuse to remove what others need; apt-get and dnf would remove the others too.
const REMOVE: Readonly<Record<'apt' | 'rpm' | 'apk', string>> = {
  apt: `need_tool dpkg dpkg-query
if [ "\${hold:-}" != no ] && [ "$(dpkg-query -W -f='\${db:Status-Want}' -- "$name" 2>/dev/null)" = hold ]; then exit ${ON_HOLD_EXIT}; fi
run_action dpkg --remove "$name"
`,
  rpm: `need_tool rpm
run_action rpm -e -- "$name"
`,
  apk: `run_apk del "$name"
# It ends with 0, removes nothing, and says for whom the package is needed.
if apk info -e "$name" >/dev/null 2>&1; then cat "$log" >&2; exit 1; fi
`,
}

const INSTALL = { apt: APT_INSTALL, rpm: RPM_INSTALL, apk: APK_INSTALL } as const

/**
 * Installs `$name` (`$version`, or `$file` if it is not empty), or removes it; nothing of both if `$act` is `none`. Then it
 * is put on hold or taken off it (`$hold`: yes, no or nothing); with either, a hold is no hindrance.
 */
export function convergeScript(manager: PackageManager, desired: 'present' | 'absent'): string {
  const family = familyOf(manager)
  const change = `if [ "\${act:-}" != none ]; then :\n${(desired === 'present' ? INSTALL : REMOVE)[family]}fi\n`
  // A package of apt that is gone is on hold no more; a lock of dnf stays.
  return headOf(family) + change + (desired === 'present' || family === 'rpm' ? SET_HOLD[family] : '')
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
  const family = familyOf(manager)
  return headOf(family) + CHECK_FILE + INSTALL[family] + SET_HOLD[family]
}

const CHECK_FILE = `need_tool sha256sum
sum=$(sha256sum "$file") || exit
sum=\${sum%% *}
if [ "$sum" != "$sha256" ]; then printf '%s' "$sum"; exit ${CHECKSUM_EXIT}; fi
`

function headOf(family: 'apt' | 'rpm' | 'apk'): string {
  return family === 'apk' ? HEAD + RUN_APK : HEAD
}

function familyOf(manager: PackageManager): 'apt' | 'rpm' | 'apk' {
  return manager === 'apt' || manager === 'apk' ? manager : 'rpm'
}
