/** Defines `process_age PID`, which leaves in `age` for how many seconds a process runs; empty when it cannot be told. Behind `CLOCK`. */
const PROCESS_AGE = `process_age() {
  age= mark=
  case $1 in '' | *[!0-9]*) return ;; esac
  read -r stat <"/proc/$1/stat" 2>/dev/null || return
  mark=$1
  stat=\${stat##*) }
  set -f
  set -- $stat
  set +f
  # In hundredths of a second (proc(5), starttime).
  running_since $((\${20} / 100))
}
`

/**
 * Defines `look_script`, which asks the script of `$name` in /etc/init.d for its status and sets `active`, `why`, `mark` and
 * `age`. The codes are those of LSB Core 5.0, 22.2, but a code alone says nothing: a script that knows no `status` prints
 * its usage and ends with any code. What it prints has to fit, or it has to know the word. Where `by_rc` is set it is asked
 * by way of OpenRC. `script_boot` looks for links of the runlevels that the device starts in. Behind TOOL_PRELUDE; for all but systemd.
 */
export const LOOK_SCRIPT = `${PROCESS_AGE}script_knows() {
  read -r line <"$script" 2>/dev/null || return 0
  case $line in *init-d-script* | *rc.common* | *openrc-run* | *runscript*) return 0 ;; esac
  grep -v '^[[:space:]]*#' "$script" 2>/dev/null | grep -vi usage | grep -Eq "(^|[\\"'[:space:]|(=])status([\\"'[:space:]|)]|\\$)"
}
script_pid() {
  file=$(sed -n "s/^[[:space:]]*PIDFILE=[\\"']*\\(\\/[A-Za-z0-9_.\\/-]*\\)[\\"']*[[:space:]]*$/\\1/p" "$script" 2>/dev/null | head -n 1)
  pid=
  for at in "$file" "/run/$name.pid" "/var/run/$name.pid"; do
    if [ -n "$at" ] && [ -r "$at" ]; then read -r pid rest <"$at"; return; fi
  done
}
look_script() {
  need_tool grep sed head
  script=/etc/init.d/$name why= mark= age=
  if [ -z "$by_rc" ] && command -v service >/dev/null 2>&1; then said=$(service "$name" status 2>&1 </dev/null)
  elif [ -n "$by_rc" ]; then said=$(rc-service "$name" status 2>&1 </dev/null)
  else said=$("$script" status 2>&1 </dev/null)
  fi
  status=$?
  active=unknown
  case $said in
    *[Uu]sage* | *USAGE* | *nknown\\ action* | *nknown\\ command* | *nknown\\ option* | *nrecognized* | *nvalid\\ argument* | *nvalid\\ option*)
      why="its script in /etc/init.d knows no action \\"status\\""; return ;;
  esac
  case $status,$said in
    0,*not\\ running* | 0,*topped* | 0,*is\\ dead* | 3,*is\\ running*)
      case $said in *running*running*) ;; *) why="its script says \\"$(printf %s "$said" | head -n 1)\\" and ends with exit code $status"; return ;; esac ;;
  esac
  if ! script_knows; then
    case $status,$said in
      0,*running* | 0,*tarted* | 0,*pid\\ * | 3,*not\\ running* | 3,*topped* | 1,*dead* | 1,*not\\ running*) ;;
      *) why="its script in /etc/init.d knows no action \\"status\\""; return ;;
    esac
  fi
  case $status in
    0) active=running ;;
    1 | 2) active=failed why='it is dead and left its pid or lock file behind' ;;
    3) active=stopped ;;
    *) why="its script ends with exit code $status" ;;
  esac
  if [ "$active" = running ]; then script_pid; process_age "$pid"; fi
}
script_boot() {
  level=$(sed -n 's/^id:\\([0-9]\\):initdefault:.*/\\1/p' /etc/inittab 2>/dev/null)
  boot=no
  for link in "/etc/rcS.d/S"[0-9][0-9]"$name" "/etc/rc"[\${level:-235}]".d/S"[0-9][0-9]"$name" "/etc/rc.d/rc"[\${level:-35}]".d/S"[0-9][0-9]"$name"; do
    if [ -e "$link" ]; then boot=yes; fi
  done
}
`

/** Defines `look` for SysV, behind `LOOK_SCRIPT`, as the others below. */
export const LOOK_SYSV = `by_rc=
look() {
  exists=no active=stopped boot=no why= mark= age=
  [ -x "/etc/init.d/$name" ] || return 0
  exists=yes
  look_script
  script_boot
}
`

/** Defines `look` for the init of busybox, which knows no runlevels: what it starts stands in its own files. */
export const LOOK_BUSYBOX = `by_rc=
look() {
  exists=no active=stopped boot=unknown why= mark= age=
  [ -x "/etc/init.d/$name" ] || return 0
  exists=yes
  look_script
}
`

/**
 * Defines `look` for OpenRC. Its own scripts say `status: WORD` with a code (openrc-run.sh); Debian has it run LSB scripts,
 * whose codes mean other things. It takes a daemon that was killed for started where it has only its pid file.
 */
export const LOOK_OPENRC = `by_rc=yes
rc_native() {
  for script in "/etc/init.d/$name" "/usr/local/etc/init.d/$name"; do
    if read -r line 2>/dev/null <"$script"; then
      case $line in *openrc-run* | *runscript*) return 0 ;; *) return 1 ;; esac
    fi
  done
  return 0
}
# Their last line has no end, so that read fails and has read it.
rc_option() { value=; read -r value 2>/dev/null <"/run/openrc/options/$name/$1"; }
rc_process() {
  rc_option child_pid
  if [ -z "$value" ]; then
    rc_option pidfile
    if [ -n "$value" ]; then
      file=$value value=
      if [ -e "$file" ]; then read -r value rest 2>/dev/null <"$file"; else value=gone; fi
    fi
  fi
  case $value in
    '') ;;
    *[!0-9]*) active=failed why='OpenRC calls it started, but its pid file is gone' ;;
    *) if [ -d "/proc/$value" ]; then process_age "$value"; else active=failed why="OpenRC calls it started, but its process $value is gone"; fi ;;
  esac
}
look_native() {
  said=$(rc-service "$name" status 2>&1 </dev/null)
  status=$?
  word=\${said##*status: } word=\${word%%[!a-z]*}
  case $said in *'status: '*) ;; *) word= ;; esac
  active=unknown
  case $status,$word in
    0,started | 0,) active=running; rc_process ;;
    3,stopped | 3,) active=stopped ;;
    4,stopping) active=stopping ;;
    8,starting | 16,*) active=starting ;;
    32,*) active=failed why='OpenRC calls it crashed' ;;
    64,*) active=failed why='OpenRC calls it unsupervised: its supervisor is gone' ;;
    *) why="OpenRC says \\"$(printf %s "$said" | head -n 1)\\" with exit code $status" ;;
  esac
}
look() {
  exists=no active=stopped boot=no why= mark= age= native=no
  rc-service --exists "$name" >/dev/null 2>&1 || return 0
  exists=yes
  if rc_native; then native=yes; look_native; else look_script; fi
  boot=$(rc-update show 2>/dev/null | while IFS='| ' read -r unit levels; do
    if [ "$unit" = "$name" ] && [ -n "$levels" ]; then printf yes; break; fi
  done)
  boot=\${boot:-no}
}
`

/** Defines `look` for runit: what `sv` says, and for what runit does not supervise its script in /etc/init.d. */
export const LOOK_RUNIT = `by_rc=
find_supervised() {
  linked= defined=
  for at in /etc/service /var/service /run/runit/service /service; do
    if [ -z "$linked" ] && [ -d "$at/$name" ]; then linked=$at/$name; fi
  done
  for at in /etc/sv /etc/runit/sv; do
    if [ -z "$defined" ] && [ -d "$at/$name" ]; then defined=$at/$name; fi
  done
}
look_supervised() {
  exists=yes active=stopped boot=no why= mark= age=
  [ -n "$linked" ] || return 0
  if [ ! -e "$linked/down" ]; then boot=yes; fi
  said=$(sv status "$linked" 2>&1)
  said=\${said%%; *}
  case $said in
    'run: '*'want down'*) active=stopping ;;
    'run: '*)
      active=running
      mark=\${said#*(pid } mark=\${mark%%)*}
      age=\${said#*) } age=\${age%%s*} ;;
    'down: '*'want up'*) active=failed why="sv says \\"$said\\"" ;;
    'down: '*) active=stopped ;;
    'finish: '*) active=stopping ;;
    *) active=unknown why="sv says \\"$said\\"" ;;
  esac
}
look() {
  find_supervised
  if [ -n "$linked$defined" ]; then look_supervised; return; fi
  exists=no active=stopped boot=no why= mark= age=
  [ -x "/etc/init.d/$name" ] || return 0
  exists=yes
  look_script
  script_boot
}
`
