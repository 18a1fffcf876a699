import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { FINGERPRINT } from '../file/read-file.ts'

/** Exit codes of the scripts here. */
export const EXIT = { noRoom: 91, wrong: 92, short: 93, absent: 94, noTool: 95, notStarted: 96, inTheWay: 97 } as const

/** What a device keeps of files at most, and for how many days. */
export const KEPT_KILOBYTES = 512 * 1024
export const KEPT_DAYS = 30
/** What must be left on its disk beside the file and what is made of it. */
const SPARE_KILOBYTES = 64 * 1024

/**
 * Where a device keeps files of the repository by their hash, in a folder that is its account's alone: `HASH` is whole, of
 * `HASH.part` there is as much as came, and `give-…` is what a giver needs while it runs.
 */
export const PLACE = `${TOOL_PRELUDE}${FINGERPRINT}
umask 077
base=\${XDG_CACHE_HOME:-}
case $base in
  /*) ;;
  *) if [ "$(id -u)" = 0 ]; then base=/var/cache; else base=\${HOME:?}/.cache; fi ;;
esac
place=$base/tillwright/content
size_of() { if [ -f "$1" ]; then size=$(wc -c <"$1"); printf %s "$((size))"; else printf 0; fi; }
is_it() { [ "$(fingerprint "$1")" = "sha256:$sha256" ]; }
`

/**
 * What there is of `$sha256` (`$bytes`), and whether there is room for what is not there yet: lines `key=value`. What is old,
 * and the oldest of what is too much, goes. What is whole and has another hash is no such file.
 */
export const LOOK_FOR = `${PLACE}need_tool id mkdir chmod wc mv rm ls
mkdir -p "$place" && [ ! -L "$place" ] && chmod 700 "$place" || exit ${EXIT.noRoom}
find "$place" -mindepth 1 -maxdepth 1 -mtime "+$days" -exec rm -rf {} + 2>/dev/null
need=$((bytes / 1024 + 1))
used_by() { du -sk "$1" 2>/dev/null | { read -r used rest; printf %s "\${used:-0}"; }; }
ls -tr "$place" | while read -r old; do
  used=$(used_by "$place")
  [ $((used + need)) -gt "$most" ] || break
  case $old in "$sha256"*) ;; *) rm -rf "$place/$old" ;; esac
done
if [ -f "$place/$sha256" ]; then is_it "$place/$sha256" || rm -f "$place/$sha256"; fi
have=$(size_of "$place/$sha256.part")
if [ "$have" -ge "$bytes" ]; then
  if is_it "$place/$sha256.part"; then mv -f "$place/$sha256.part" "$place/$sha256"; else rm -f "$place/$sha256.part"; fi
  have=0
fi
[ "$have" -gt 0 ] || rm -f "$place/$sha256.part"
free=$(df -Pk "$place" 2>/dev/null | { read -r head; read -r device size used free rest; printf %s "$free"; })
whole=no; if [ -f "$place/$sha256" ]; then whole=yes; fi
room=yes
[ $whole = yes ] || [ -z "$free" ] || [ "$free" -ge $((2 * need - have / 1024 + ${SPARE_KILOBYTES})) ] || room=no
[ "$need" -le "$most" ] || room=no
case $(fingerprint /dev/null) in sha256:*) ;; *) room=no ;; esac
by=
for tool in curl python3 perl nc; do if command -v "$tool" >/dev/null 2>&1; then by="$by $tool"; fi; done
command -v head >/dev/null 2>&1 || by=
printf '%s\\n' "room=$room" "whole=$whole" "have=$have" "by=\${by# }" "part=$place/$sha256.part"
`

/** How many bytes of `$sha256` (`$bytes`) there are; writes nothing. */
export const LOOK_AT = `${PLACE}need_tool id wc
[ ! -L "$place" ] || { printf 0; exit 0; }
if [ -f "$place/$sha256" ] && is_it "$place/$sha256"; then size_of "$place/$sha256"; exit 0; fi
have=$(size_of "$place/$sha256.part")
[ "$have" -lt "$bytes" ] || have=0
printf %s "$have"
`

/** Makes a whole file of what came, if it is what `$sha256` says, and puts a copy of it at `$path`. */
export const TAKE = `${PLACE}need_tool wc mv rm cat
entry=$place/$sha256
if [ -f "$entry.part" ]; then
  have=$(size_of "$entry.part")
  [ "$have" -ge "$bytes" ] || { printf %s "$have"; exit ${EXIT.short}; }
  is_it "$entry.part" || { rm -f "$entry.part"; exit ${EXIT.wrong}; }
  mv -f "$entry.part" "$entry" || exit
fi
[ -f "$entry" ] || exit ${EXIT.absent}
if [ -e "$path" ] || [ -L "$path" ]; then printf '%s\\n' "$path: it exists already" >&2; exit ${EXIT.inTheWay}; fi
( set -C; : >"$path" ) && chmod 600 "$path" && cat "$entry" >"$path" || { rm -f "$path"; exit 1; }
touch "$entry" 2>/dev/null
exit 0
`
