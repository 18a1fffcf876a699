import { PROCESS_AWK } from '../../shell/process-awk.ts'
import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'

/** Whether there is a file: a folder that cannot be looked into says nothing. */
export const POSIX_FILE = `folder=\${path%/*}
if [ ! -d "\${folder:-/}" ] || [ ! -x "\${folder:-/}" ]; then echo "unknown there is no folder \${folder:-/} that can be looked into"
elif [ -e "$path" ] || [ -L "$path" ]; then echo busy
else echo free; fi`

// What descends from this interpreter ($$) is the look itself.
export const POSIX_PROCESS = `${TOOL_PRELUDE}
need_tool ps awk
list=$(ps -A -o pid=,ppid=,args= 2>/dev/null) || list=$(ps -o pid,ppid,args) || exit
TILL_NAME=$name TILL_SELF=$$
export TILL_NAME TILL_SELF
printf '%s\\n' "$list" | awk '
  ${PROCESS_AWK}
  $1 ~ /^[0-9]+$/ {
    parent[$1] = $2
    args = $0
    sub(/^ *[0-9]+ +[0-9]+ +/, "", args)
    if (program(args) == ENVIRON["TILL_NAME"]) pids[++count] = $1
  }
  END { for (i = 1; i <= count; i++) if (!own(pids[i])) found = 1; print found ? "busy" : "free" }'`

const UTF8 =
  '([\\0001-\\0177]|[\\0302-\\0337][\\0200-\\0277]|[\\0340-\\0357][\\0200-\\0277]{2}|[\\0360-\\0364][\\0200-\\0277]{3})*'

/**
 * The end of the log says how things are; a log that says neither is taken for a quiet one only where the guard says so.
 * Letters beyond ASCII (`$beyond`) are looked for in UTF-8: in a log that is something else they would never be found.
 */
export const POSIX_LOG = `${TOOL_PRELUDE}
need_tool tail tr grep sed wc
begins=$(printf %b "$begins") ends=$(printf %b "$ends")
if [ ! -r "$path" ]; then echo "unknown $path cannot be read"; exit; fi
lines() { tail -c 1048576 -- "$path" | tr -d '\\000\\r'; }
# The first line may be cut in the middle of a letter, and the last one may not be written to its end.
whole_lines() {
  first=1
  if [ "$(($(wc -c <"$path")))" -gt 1048576 ]; then first=2; fi
  if [ -n "$(tail -c 1 -- "$path")" ]; then lines | tail -n +$first | sed '$d'; else lines | tail -n +$first; fi
}
if [ "$beyond" = true ] && whole_lines | grep -a "$(printf '[\\200-\\377]')" | grep -qaxvE "$(printf %b '${UTF8}')"; then
  echo "unknown $path is not UTF-8, so that letters beyond ASCII would not be found: write a dot for each of them"
  exit
fi
last=$(lines | grep -aE -e "$begins" -e "$ends" | tail -n 1)
if [ -z "$last" ]; then
  if [ "$silent" = true ]; then echo free; else echo "unknown the end of $path says neither"; fi
elif printf '%s\\n' "$last" | grep -qaE -e "$ends"; then echo free
else echo busy; fi`

export const POSIX_IDLE = `${TOOL_PRELUDE}
if [ ! -e "$path" ]; then echo "unknown there is no $path"; exit; fi
written=$(stat -L -c %Y -- "$path" 2>/dev/null) || written=$(date -r "$path" +%s) || exit
age=$(($(date +%s) - written))
if [ "$age" -ge "$seconds" ]; then echo free; else echo busy; fi`

// Many systems keep no utmp any more, or write no logins to it: who(1) lists nobody then, and ends well.
export const POSIX_LOGGED_IN = `${TOOL_PRELUDE}
known=
if command -v who >/dev/null 2>&1; then
  people=$(who) || exit
  if [ -n "$people" ]; then set -- $people; echo "busy $1"; exit; fi
  if [ -s /run/utmp ] || [ -s /var/run/utmp ]; then known=yes; fi
fi
if command -v loginctl >/dev/null 2>&1 && sessions=$(loginctl list-sessions --no-legend 2>/dev/null); then
  known=yes
  for id in $(printf '%s\\n' "$sessions" | while read -r id rest; do echo "$id"; done); do
    if ! about=$(loginctl show-session "$id" -p Name -p Class -p State -p TTY -p Seat -p Display 2>/dev/null); then
      # It may have ended since the list was made; one that is still there may be anybody's.
      loginctl list-sessions --no-legend 2>/dev/null | while read -r other rest; do echo "$other"; done | grep -qxF -e "$id" || continue
      echo "unknown loginctl does not say whose session $id is"; exit
    fi
    case $about in *State=closing*) continue ;; *Class=user*) ;; *) continue ;; esac
    # One without a terminal and a screen is a program's, such as this look's own.
    printf '%s\\n' "$about" | grep -qE '^(TTY|Seat|Display)=.' || continue
    printf '%s\\n' "$about" | sed -n 's/^Name=/busy /p'
    exit
  done
fi
if [ -n "$known" ]; then echo free
else echo "unknown this device keeps no list of who is logged in"; fi`
