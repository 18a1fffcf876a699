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

/** The end of the log says how things are; a log that says neither is taken for a quiet one only where the guard says so. */
export const POSIX_LOG = `${TOOL_PRELUDE}
need_tool tail grep
begins=$(printf %b "$begins") ends=$(printf %b "$ends")
if [ ! -r "$path" ]; then echo "unknown $path cannot be read"; exit; fi
last=$(tail -c 1048576 -- "$path" | grep -aE -e "$begins" -e "$ends" | tail -n 1)
if [ -z "$last" ]; then
  if [ "$silent" = true ]; then echo free; else echo "unknown the end of $path says neither"; fi
elif printf '%s\\n' "$last" | grep -qaE -e "$ends"; then echo free
else echo busy; fi`

export const POSIX_IDLE = `${TOOL_PRELUDE}
if [ ! -e "$path" ]; then echo "unknown there is no $path"; exit; fi
written=$(stat -c %Y -- "$path" 2>/dev/null) || written=$(date -r "$path" +%s) || exit
age=$(($(date +%s) - written))
if [ "$age" -ge "$seconds" ]; then echo free; else echo busy; fi`

export const POSIX_LOGGED_IN = `${TOOL_PRELUDE}
need_tool who
people=$(who) || exit
if [ -z "$people" ]; then echo free; exit; fi
set -- $people
echo "busy $1"`
