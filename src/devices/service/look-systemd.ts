/**
 * Defines `look`, which reads the unit `$name` of systemd into `exists`, `masked`, `active`, `boot`, `why`, `mark` (another
 * one after every start), `age` (seconds since it became active; empty: not known), `made` (how systemd came by it, where nobody can
 * enable it: systemd.generator(7)) and `broken` (why its file is no longer loaded). `unit_triggers` leaves in `triggers` the
 * sockets, timers and paths that are active and start it. Behind `CLOCK`. Never writes.
 */
export const LOOK_SYSTEMD = `nl='
'
field() {
  value="$nl$shown$nl"
  case $value in *"$nl$1="*) value=\${value#*"$nl$1="} value=\${value%%"$nl"*} ;; *) value= ;; esac
}
unit_boot() {
  field UnitFileState
  # For scripts in /etc/init.d systemd only knows "generated"; is-enabled asks further.
  case $value in '' | generated) value=$(systemctl is-enabled -- "$name" 2>/dev/null) ;; esac
  made=
  case $value in
    generated)
      made=generated boot=no
      for other in WantedBy RequiredBy; do
        field "$other"
        if [ -n "$value" ]; then boot=yes; fi
      done ;;
    transient) made=transient boot=no ;;
    enabled | alias) boot=yes ;;
    static) boot=static ;;
    indirect)
      # It is enabled by way of the units of Also=.
      boot=no
      for other in $(systemctl cat --no-pager -- "$name" 2>/dev/null | sed -n 's/^Also=//p'); do
        case $(systemctl is-enabled -- "$other" 2>/dev/null) in enabled | alias) boot=yes ;; *) boot=no; break ;; esac
      done ;;
    *) boot=no ;;
  esac
}
unit_age() {
  age=
  field ActiveEnterTimestampMonotonic
  case $value in 0 | '' | *[!0-9]*) return ;; esac
  since=\${value%??????}
  running_since "\${since:-0}"
}
unit_triggers() {
  triggers=
  field TriggeredBy
  for other in $value; do
    case $(systemctl is-active -- "$other" 2>/dev/null) in active | activating) triggers="\${triggers:+$triggers }$other" ;; esac
  done
}
look() {
  shown=$(systemctl show --no-pager -p LoadState -p ActiveState -p SubState -p UnitFileState -p Result -p Type -p RemainAfterExit -p NRestarts -p ExecMainStatus -p InvocationID -p ActiveEnterTimestampMonotonic -p Id -p NeedDaemonReload -p WantedBy -p RequiredBy -p TriggeredBy -- "$name") || exit
  exists=yes masked=no why= mark= age= broken=
  field NeedDaemonReload; reload=$value
  field LoadState
  case $value in not-found | '') exists=no ;; masked) masked=yes ;; loaded) ;; *) why="LoadState=$value"; if [ "$reload" != yes ]; then broken=$value; fi ;; esac
  field Id; id=$value
  field InvocationID; mark=$value
  field NRestarts; mark=$mark,$value restarts=$value
  field SubState; sub=$value
  field Result; result=$value
  field ExecMainStatus; main=$value
  field Type; kind=$value
  field RemainAfterExit; remains=$value
  field ActiveState
  case $value in
    active | reloading | refreshing) active=running ;;
    inactive) active=stopped ;;
    failed) active=failed ;;
    activating) active=starting; case $sub in auto-restart*) active=failed ;; esac ;;
    deactivating) active=stopping ;;
    *) active=unknown ;;
  esac
  if [ "$active" = failed ]; then why="Result=$result ExecMainStatus=$main NRestarts=$restarts"; fi
  unit_boot
  unit_age
}
`
