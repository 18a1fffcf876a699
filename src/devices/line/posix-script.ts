/*
 * The scripts of posix-line.ts, for dash, busybox ash and bash. Values: `port` (or `host` and `tcp`), `way`, `mode`
 * (words for stty), `budget` (hundredths of a second), `turns` (eight words each). They answer in lines:
 * `state STATE DETAIL`, then `reply STATE HUNDREDTHS BYTE…` for each turn, bytes in decimal.
 */

const HEAD = `LC_ALL=C; export LC_ALL; set -f
nl='
'
quit() { printf 'state %s %s\\n' "$1" "$2"; exit 0; }
now() { read -r up rest </proc/uptime && now=\${up%.*}\${up#*.} && now=\${now#0} && now=\${now#0}; }
for need in dd od; do command -v "$need" >/dev/null 2>&1 || quit unknown "the program $need is not there"; done
now 2>/dev/null || quit unknown 'there is no /proc/uptime'
nap=1; sleep 0.05 2>/dev/null && nap=0.05
fetch() {
  chunk=$(take); ended=
  case $chunk in
  *end*) ended=\${chunk#*end }; ended=\${ended%%"$nl"*}; said=\${chunk#*"end $ended"}; chunk=\${chunk%%end *}$said ;;
  esac
}
`

const PORT = `[ -e "$port" ] || quit missing 'there is no such port'
[ -c "$port" ] || quit missing 'it is no device file'
[ -r "$port" ] && [ -w "$port" ] || quit denied 'it may not be read and written'
real=$(readlink -f "$port") || real=$port
`

/** Only root sees who has what open; without that, a port that does not look after itself is not touched. */
const UNUSED = `[ "$(id -u)" = 0 ] || quit denied 'only root sees whether another program has it open: let the device use become'
for lock in "/var/lock/LCK..\${real##*/}" "/run/lock/LCK..\${real##*/}"; do
  [ -r "$lock" ] && read -r owner rest <"$lock" && kill -0 "$owner" 2>/dev/null && quit busy "process $owner has locked it"
done
set +f; open=$(ls -l /proc/[0-9]*/fd 2>/dev/null); set -f
case "$open$nl" in *" -> $real$nl"*) quit busy 'another program has it open' ;; esac
`

/** What was there is put back, unless somebody else has set it differently in the meantime. */
const SERIAL = `command -v stty >/dev/null 2>&1 || quit unknown 'the program stty is not there'
before=$(stty -F "$port" -g 2>/dev/null) || quit unknown 'it has no settings of a serial port'
back() { [ "$(stty -F "$port" -g 2>/dev/null)" != "$ours" ] || stty -F "$port" "$before" 2>/dev/null; }
ours=none
trap back EXIT
trap 'exit 143' HUP INT TERM
plain='-echo -icanon -isig -iexten -icrnl -inlcr -igncr -istrip -ixon -ixoff -opost -hupcl clocal cread min 0 time 1'
stty -F "$port" $plain $mode 2>/dev/null
ours=$(stty -F "$port" -g)
exec 3<>"$port"
take() { dd bs=512 count=1 <&3 2>/dev/null | od -An -v -tu1; }
`

/**
 * Reads for a tenth of a second, or for a second where nothing measures less. `end STATUS` among the bytes says how the
 * read ended: on a slow till programs take longer to begin than a closed connection takes to be read.
 */
const TAKE = `limit=
if timeout 0.1 true 2>/dev/null; then limit=0.1
elif timeout 1 true 2>/dev/null; then limit=1
fi
take() {
  if [ -n "$limit" ]; then
    { { timeout "$limit" dd bs=512 count=1 <&3 2>/dev/null; echo "end $?" >&4; } | od -An -v -tu1; } 4>&1
    return
  fi
  { {
    dd bs=512 count=1 <&3 2>/dev/null &
    reader=$!; naps=0
    while kill -0 "$reader" 2>/dev/null && [ "$naps" -lt 2 ]; do sleep "$nap"; naps=$((naps+1)); done
    [ "$naps" -lt 2 ] && echo 'end 0' >&4 || echo 'end 124' >&4
    kill "$reader" 2>/dev/null; wait "$reader" 2>/dev/null
  } | od -An -v -tu1; } 4>&1
}
`

/** The driver lets one program have it, and says so. What nobody has read of earlier answers is dropped. */
const USB = `said=$( (exec 3<>"$port") 2>&1 ) || case $said in
  *[Bb]usy*) quit busy 'another program has it open' ;;
  *) quit denied "it could not be opened: $said" ;;
esac
exec 3<>"$port"
${TAKE}drops=0; chunk=more
while [ "$drops" -lt 20 ] && [ -n "$chunk" ]; do fetch; drops=$((drops+1)); done
`

const TALK = `measure() {
  length=
  set -- $got
  case $kind in
  bytes) [ $# -lt "$one" ] || length=$one ;;
  quiet) [ $# -eq 0 ] || [ $(((now-last)*10)) -lt "$one" ] || length=$# ;;
  counted)
    [ $# -gt "$one" ] || return
    come=$#; shift "$one"; wanted=$((one+1+$1+two))
    [ "$come" -lt "$wanted" ] || length=$wanted ;;
  ending)
    case " $got " in *" $text "*) ;; *) return ;; esac
    head=" $got "; head=\${head%%" $text "*}
    set -- $head $text; length=$# ;;
  match)
    come=$#; wanted=0
    for byte; do
      wanted=$((wanted+1))
      [ $((byte & one)) -ne "$two" ] || { [ $((wanted+three)) -gt "$come" ] || length=$((wanted+three)); return; }
    done ;;
  esac
}
listen() {
  now; began=$now; last=$now; empty=0; state=cut
  while :; do
    measure
    [ -z "$length" ] || { state=whole; return; }
    # A line that has ended once is asked to the end, however late it is.
    [ "$empty" -lt 3 ] && { [ $((now-began)) -lt "$time" ] || [ "$empty" -gt 0 ]; } || break
    was=$now; fetch; now
    if [ -n "$chunk" ]; then set -- $got $chunk; got=$*; last=$now; empty=0; [ $# -lt 8192 ] || break
    elif [ "$way" = tcp ]; then
      case $ended in 124|137|143) ;; *) empty=$((empty+1)); sleep "$nap"; now ;; esac
    elif [ $((now-was)) -lt 5 ]; then sleep "$nap"; now
    fi
  done
  set -- $got; length=$#
}
say() {
  set -- $got
  reply=
  while [ "$length" -gt 0 ]; do reply="$reply $1"; shift; length=$((length-1)); done
  got=$*
  printf 'reply %s %s%s\\n' "$state" "$((last-began))" "$reply"
}
trap '' PIPE
printf 'state open\\n'
got=; now; end=$((now+budget))
set -- $turns
while [ $# -ge 8 ]; do
  send=$1; kind=$2; one=$3; two=$4; three=$5; time=$6; optional=$7; only=$8
  shift 8; later="$*"
  text=; [ "$kind" != ending ] || text=$(printf '%s' "$one" | tr , ' ')
  [ "$send" = - ] || printf "$send" >&3 2>/dev/null
  now; [ $((end-now)) -gt 0 ] || break
  [ "$time" -le $((end-now)) ] || time=$((end-now))
  listen; say
  [ "$empty" -lt 3 ] || printf 'gone\\n'
  [ "$state" = whole ] || [ "$optional" = yes ] || break
  set -- $reply
  if [ "$kind" = match ]; then while [ $# -gt $((1+three)) ]; do shift; done; fi
  case $only in -) ;; *,"\${1:-}",*) ;; *) break ;; esac
  set -- $later
done
exit 0
`

export const SERIAL_SCRIPT = `${HEAD}${PORT}${UNUSED}${SERIAL}${TALK}`
export const USB_SCRIPT = `${HEAD}${PORT}${USB}${TALK}`
/** For bash, which alone connects by itself. Why it could not stands on stderr. */
export const TCP_SCRIPT = `${HEAD}exec 3<>"/dev/tcp/$host/$tcp" || quit unreached
[ -e /proc/self/fd/3 ] || quit unreached
${TAKE}${TALK}`
