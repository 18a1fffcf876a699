import type { Fence } from '../core/fence.ts'
import { TREE_FUNCTIONS } from './posix-end-tree.ts'

/** What a controller says to whoever watches an exchange, before it hangs up on purpose. A command that does nothing. */
export const HARD_END = ': end\n'

/**
 * What an interpreter gets behind its greeting, in POSIX sh: how it knows that its session is gone while it runs
 * something, and what is known of others like it. Everything but the end of a tree is done by the shell alone, since a
 * program costs a device more than all of this.
 *
 * A session that is gone shows at the end of stdin only, which the interpreter reads between exchanges. Meanwhile a
 * watcher reads it. What is sent next comes when all has been answered, behind an empty line, which a watcher that is still
 * there may take. At the end of stdin, or at the word of a controller that breaks off, it ends the interpreter with all
 * that is below it; servers differ in whether they signal anything at all then, and to whom. A change that must not be
 * cut in half is let finish up to its deadline, unless that word was given. Where the interpreter itself is gone, what it
 * left are the orphans of its process group that are no older than it: not the whole group, which on some servers
 * (AsyncSSH, those of Go) is that of the server and of all its sessions.
 *
 * A record is one line: its format, the pid of an interpreter, when that began, the boot, who counts the epochs, the run,
 * its attempt, its epoch, until when it may begin changes, when the last one began, until when that may take, and
 * whether it must not be cut; times in seconds of the device's uptime. \`gone` in a second line: its session is.
 */
export const GUARD = `${TREE_FUNCTIONS}till_clock() {
if read -r till_now till_x </proc/uptime; then till_now=\${till_now%%.*}; else till_now=$(date +%s); fi
} 2>/dev/null
till_born() {
till_start=-
if { read -r till_x <"/proc/$1/stat"; } 2>/dev/null; then
till_x=\${till_x##*) }
set -- $till_x
till_start=\${20}
[ "$1" != Z ]
else
[ ! -d /proc/self ] && kill -0 "$1" 2>/dev/null
fi
}
till_read() {
till_was=
till_rf=
{ read -r till_was && read -r till_rf; } 2>/dev/null <"$1"
set -- $till_was
till_rp=
[ $# -eq 12 ] || return 1
till_rp=$2 till_rs=$3 till_rb=$4 till_ra=$5 till_rr=$6 till_re=$8
shift 8
till_rn=$1 till_rg=$2 till_ru=$3 till_rw=$4
case $till_rp$till_re$till_rn$till_rg$till_ru in *[!0-9]*) till_rp= ;; esac
case $till_rr in *[!0-9A-Za-z-]*) till_rp= ;; esac
[ -n "$till_rp" ]
}
till_alive() {
[ "$till_rb" = "$till_boot" ] && till_born "$till_rp" && [ "$till_start" = "$till_rs" ]
}
till_ours() {
[ -n "$till_held" ] && till_read "$till_held" && [ "$till_rp $till_rs" = "$$ $till_own" ]
}
till_bye() {
[ -n "$till_w" ] && kill -KILL "$till_w" 2>/dev/null
till_ours && rm -f "$till_held"
}
till_watch() {
read -r word || word=gone
[ -n "$word" ] || exit
till_held=$till_lock
if ! read -r spare ppid </proc/self/stat; then spare=$(exec sh -c 'echo "$PPID"') ppid=; fi
if [ "$word" = gone ] && till_ours; then
echo gone >>"$till_held"
while till_ours && [ "$till_rw" = w ] && till_alive; do
till_clock
[ "$till_now" -lt "$till_ru" ] || break
sleep 1
done
fi
ppid=\${ppid##*) }
set -- $ppid
if [ -z "$1" ] || [ "$2" = $$ ]; then
till_stop $$
else
reaper=$2 group=$3 roots=
for file in /proc/[0-9]*/stat; do
read -r line <"$file" || continue
pid=\${line%% *} line=\${line##*) }
set -- $line
[ "$3" = "$group" ] && [ "$2" = "$reaper" ] && [ "$group" != "$reaper" ] || continue
[ "$pid" != "$spare" ] && [ "\${20}" -ge "$till_own" ] && roots="$roots $pid"
done
till_stop $roots
fi
till_ours && rm -f "$till_held"
}
till_hide() {
unset -v till_pid till_rest till_told till_broke till_end till_is till_sum till_now till_x till_start till_was till_rf till_rp till_rs till_rb till_ra till_rr till_re till_rn till_rg till_ru till_rw till_boot till_own till_zero till_held till_lock till_w till_d till_uid till_no till_limit till_head till_line till_met till_how till_n till_u till_e till_over
}
till_w= till_held= till_lock= till_boot=-
till_clock
till_zero=$till_now
read -r till_boot 2>/dev/null </proc/sys/kernel/random/boot_id
till_born $$
till_own=$till_start
trap till_bye EXIT
trap : HUP INT TERM
`

/** Says `TOKEN l RUN SECONDS` if something of an earlier session is running for this name. */
export function lookForOthers(token: string, name: string): string {
  const places = ['/run/till', '/var/run/till', '/run/lock/till-*', '/var/lock/till-*', '/tmp/till-*']
  return (
    `for till_d in ${places.join(' ')}; do if [ -O "$till_d/${name}.lock" ] && till_read "$till_d/${name}.lock" && till_alive; ` +
    `then echo "${token} l $till_rr $((till_now-till_rg))"; break; fi; done\n`
  )
}

/**
 * What it gets before its first change. `till_place NAME`: where the lock is, in a folder of root's or of the user's own.
 * `till_fence ID SECONDS NAME AUTHORITY RUN ATTEMPT EPOCH TAKES WHOLE TOKEN`: whether a change may begin now; if so, it
 * stands in the record. If not, the reason is in $till_no: `late`; `lost` to a later holder; `busy RUN SECONDS`; or
 * `moved RUN SECONDS HOW`, when the lock is ours but another had to end first. A lock that cannot be made (no room, no inodes,
 * read-only for root, too) is held by nobody: after some tries the change begins without one, and `TOKEN l - 0` says so. A record
 * of ours that is empty or gone is not somebody else's.
 */
export const FENCE = `till_place() {
till_lock=
for till_d in /run /var/run /run/lock /var/lock /tmp; do
[ -d "$till_d" ] && [ -w "$till_d" ] || continue
if [ -k "$till_d" ]; then till_d=$till_d/till-\${till_uid:=$(id -u)}; else till_d=$till_d/till; fi
[ -d "$till_d" ] || mkdir -m 755 "$till_d" 2>/dev/null
[ -O "$till_d" ] && [ ! -L "$till_d" ] && [ -w "$till_d" ] || continue
till_lock=$till_d/$1.lock
return
done
return 1
}
till_take() {
till_x=1
set -C
{ { till_x=2; echo "$till_line" && till_x=0; } >"$till_lock"; } 2>/dev/null
set +C
[ "$till_x" -ne 2 ] || rm -f "$till_lock"
return $till_x
}
till_drop() {
mv "$till_lock" "$till_lock.$$" 2>/dev/null || return 0
till_x=
{ read -r till_x <"$till_lock.$$"; } 2>/dev/null
[ "$till_x" = "$till_was" ] || ln "$till_lock.$$" "$till_lock" 2>/dev/null
rm -f "$till_lock.$$"
}
till_fence() {
till_no=
till_clock
till_limit=$((till_zero+$2))
if [ "$till_now" -ge "$till_limit" ]; then till_no=late; return 1; fi
till_head="1 $$ $till_own $till_boot $4 $5 $6 $7 $till_limit"
till_line="$till_head $till_now $((till_now+$8)) $9"
[ -n "$till_lock" ] || return 0
till_e=0
{ read -r till_e <"$till_lock.$4"; } 2>/dev/null
case $till_e in '' | *[!0-9]*) till_e=0 ;; esac
if [ "$7" -gt 0 ] && [ "$7" -lt "$till_e" ]; then till_no=lost; return 1; fi
if [ -n "$till_held" ]; then
if till_ours || { [ -e "$till_held" ] && [ ! -s "$till_held" ]; }; then { echo "$till_line" >"$till_held"; } 2>/dev/null; return 0; fi
if [ ! -e "$till_held" ] && { till_take || [ ! -e "$till_held" ]; }; then return 0; fi
till_no=lost
return 1
fi
till_met= till_how=awaited till_n=0 till_u=0
until till_take; do
if [ "$till_x" -eq 2 ] || [ ! -e "$till_lock" ]; then
till_u=$((till_u+1))
if [ "$till_u" -gt 5 ] || [ ! -w "\${till_lock%/*}" ]; then till_lock=; echo "\${10} l - 0" || exit; return 0; fi
elif till_read "$till_lock"; then
till_u=0
if ! till_alive; then till_drop; continue; fi
till_clock
if [ -z "$till_met" ]; then
till_met="$till_rr $((till_now-till_rg))" till_n=$till_now till_x=$((till_ru-till_now+15))
[ "$till_x" -gt 40 ] || till_x=40
echo "\${10} w $1 $till_x" || exit
fi
till_over=$till_ru
if [ "$till_rf" = gone ] || { [ "$till_ra" = "$4" ] && [ "$7" -gt "$till_re" ]; }; then
[ "$till_rw" = w ] || till_over=$((till_n+3))
elif [ "$till_rn" -gt "$till_over" ]; then till_over=$till_rn
fi
if [ "$till_now" -ge "$till_over" ]; then
till_how=ended
(spare=; till_stop "$till_rp")
till_drop
continue
fi
if [ -n "$till_told" ] || { [ "$till_rf" != gone ] && [ "$till_now" -ge $((till_n+20)) ]; }; then
till_no="busy $till_rr $((till_now-till_rg))"
return 1
fi
else
till_n=$((till_n+1))
if [ "$till_n" -gt 5 ]; then till_drop; fi
fi
sleep 0.2 2>/dev/null || sleep 1
till_line="$till_head $till_now $((till_now+$8)) $9"
done
if [ "$7" -gt "$till_e" ]; then echo "$7" >"$till_lock.$4"; fi
till_held=$till_lock
[ -n "$till_met" ] || return 0
till_no="moved $till_met $till_how"
return 1
}
`

/** Sets up the lock by this name; says `TOKEN l - 0` where there is no place for one. */
export function placeLock(token: string, name: string): string {
  return `till_place ${name} || echo "${token} l - 0"\n`
}

/** An exchange as one command, so that all of it has been read before somebody else reads stdin. */
export function guarded(exchange: string): string {
  return (
    `{ { till_watch <&5 5<&- >/dev/null 2>&1 & } 5<&0; till_w=$!\n${exchange}` +
    `kill -KILL "$till_w" 2>/dev/null; wait "$till_w" 2>/dev/null; till_w=; }\n`
  )
}

/** The condition under which a change begins. `seconds`: after the greeting, by the device's clock. */
export function fenceCall(
  of: { readonly token: string; readonly id: number },
  fence: Fence,
  terms: { readonly seconds: number; readonly takesMs: number; readonly whole: boolean },
): string {
  const words = [
    of.id,
    terms.seconds,
    lockFile(fence.lockName),
    lockFile(fence.authority),
    fence.run.replace(/[^0-9A-Za-z-]/g, '-'),
    fence.attempt,
    fence.epoch,
    // What ends it at its deadline takes a while, too.
    Math.ceil(terms.takesMs / 1000) + 10,
    terms.whole ? 'w' : '-',
    of.token,
  ]
  return `till_fence ${words.join(' ')}`
}

/** A name as part of a file's, and as one word of a shell; never empty. */
export function lockFile(name: string): string {
  return name.replace(/[^0-9A-Za-z._-]/g, '_').slice(-120) || '-'
}
