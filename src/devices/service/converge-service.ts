import { RUN_ACTION, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { lookOf } from './observe-service.ts'
import { type PosixInit, STABLE_SECONDS } from './service-state.ts'

/** Exit codes of the scripts below: the service did not come up or did not stay up; a start would have been refused. */
export const NOT_UP_EXIT = 92
export const START_LIMIT_EXIT = 91

/**
 * Waits up to ten seconds until the service is no longer on its way, and then for `$stable_for` seconds whether it stays
 * up. Leaves in `died` what happened if it did not.
 */
const SETTLE = `nap() { sleep "$1" 2>/dev/null || sleep 1; }
settle() {
  tries=0 died=
  while [ "$tries" -lt 50 ]; do
    look
    case $init,$act,$active in
      *,stop,running | *,stop,stopping | *,starting | *,stopping) ;;
      systemd,* | *,stop,* | *,running | *,unknown) break ;;
    esac
    nap 0.2
    tries=$((tries + 1))
  done
  if [ "$act" = stop ]; then return; fi
  if [ "$active" != running ]; then died=$active; return; fi
  was=$mark naps=0
  stable_for=\${stable_for:-${STABLE_SECONDS}}
  while [ "$naps" -lt $((stable_for * 2)) ]; do
    nap 0.5
    look
    if [ "$active" != running ]; then died=$active; return; fi
    # A reload may be done by a new process.
    if [ "$act" != reload ] && [ -n "$was" ] && [ "$mark" != "$was" ]; then died='started again'; return; fi
    naps=$((naps + 1))
  done
}
`

// systemd does not see by itself that a folder of drop-ins has come (NeedDaemonReload=no). A restart that its start limit
// refuses leaves the service down, so that its counter is taken back first, or is looked at where that is not allowed.
const SYSTEMD = `code=0
starts() { journalctl --no-pager -q -o cat -u "$name" --since "-$span" "MESSAGE_ID=$1" 2>/dev/null | grep -c .; }
tell_journal() {
  look
  journalctl --no-pager -q -n 5 -o cat "_SYSTEMD_UNIT=$id" >&2 2>/dev/null
  journalctl --no-pager -q -n 20 -o cat -u "$name" _PID=1 2>/dev/null | grep -E 'exited|killed|dumped|ailed' | tail -n 2 >&2
}
if [ -n "$boot_act" ]; then systemctl --no-ask-password --quiet "$boot_act" -- "$name" || exit; fi
[ -n "$act" ] || exit 0
if [ "$act" != stop ]; then systemctl --no-ask-password daemon-reload || exit; fi
case $act,\${start_limit:-reset} in
  start,reset | restart,reset) systemctl --no-ask-password reset-failed -- "$name" >/dev/null 2>&1 ;;
  start,keep | restart,keep)
    shown=$(systemctl show --no-pager -p StartLimitBurst -p StartLimitIntervalUSec -- "$name")
    field StartLimitBurst; burst=$value
    field StartLimitIntervalUSec; span=$value
    # Of some units systemd says that they are starting, of all that come up that they were started (sd-messages(3)).
    started=$(starts 7d4958e842da4a758f6c1cdc7b36dcc5) up=$(starts 39f53479d3a045ac8e11786248231fbf)
    if [ "$up" -gt "$started" ]; then started=$up; fi
    if [ "\${burst:-0}" -gt 0 ] && [ "$started" -ge "$burst" ]; then
      printf '%s\\n' "it was started $started times within $span, and systemd allows $burst" >&2
      exit ${START_LIMIT_EXIT}
    fi ;;
esac
systemctl --no-ask-password "$act" -- "$name" </dev/null
code=$?
settle
if [ "$act" = stop ] || { [ "$act" = reload ] && [ "$active" = running ]; } || { [ -z "$died" ] && [ "$code" -ne 0 ]; }; then
  if [ "$code" -ne 0 ]; then tell_journal; fi
  exit "$code"
fi
[ -n "$died" ] || exit 0
printf '%s: Result=%s ExecMainStatus=%s NRestarts=%s\\n' "$died" "$result" "$main" "$restarts" >&2
tell_journal
exit ${NOT_UP_EXIT}
`

const ENDED = `settle
if [ -n "$died" ]; then
  { printf '%s\\n' "\${why:-$died}"; cat "$log"; } >&2
  exit ${NOT_UP_EXIT}
fi
`

// OpenRC takes a daemon that died for a started one: it is stopped first, or forgotten where that does not work.
const OPENRC = `look
case $boot_act in
  enable) run_action rc-update add "$name" default ;;
  disable)
    # With -a it fails for each runlevel that does not have it.
    for level in $(rc-update show 2>/dev/null | while IFS='| ' read -r unit levels; do if [ "$unit" = "$name" ]; then printf '%s ' "$levels"; fi; done); do
      run_action rc-update del "$name" "$level"
    done ;;
esac
[ -n "$act" ] || exit 0
if [ "$act" = restart ] && [ "$native,$active" = yes,failed ]; then
  as_the_system_does rc-service "$name" restart >"$log" 2>&1 || { rc-service "$name" zap >/dev/null 2>&1 </dev/null; run_action rc-service "$name" start; }
else
  run_action rc-service "$name" "$act"
fi
${ENDED}`

const BY_SCRIPT = `[ -n "$act" ] || exit 0
if command -v service >/dev/null 2>&1; then run_action service "$name" "$act"
else run_action env -i PATH="$PATH" TERM=dumb "/etc/init.d/$name" "$act"
fi
${ENDED}`

const SYSV = `if [ -n "$boot_act" ]; then
  if command -v update-rc.d >/dev/null 2>&1; then
    if [ "$boot_act" = enable ]; then run_action update-rc.d "$name" defaults; fi
    run_action update-rc.d "$name" "$boot_act"
  else
    need_tool chkconfig
    run_action chkconfig --add "$name"
    if [ "$boot_act" = enable ]; then run_action chkconfig "$name" on; else run_action chkconfig "$name" off; fi
  fi
fi
${BY_SCRIPT}`

// `down` in its folder keeps runsv from starting it by itself (runsv(8)); one that is not linked is not supervised at all.
const RUNIT = `find_supervised
if [ -n "$linked$defined" ]; then
  if [ -z "$linked" ] && { [ "$boot_act" = enable ] || { [ -n "$act" ] && [ "$act" != stop ]; }; }; then
    for at in /etc/service /var/service /run/runit/service /service; do if [ -d "$at" ]; then break; fi; done
    if [ "$act" = '' ] || [ "$boot_act" != enable ]; then run_action touch "$defined/down"; fi
    run_action ln -s "$defined" "$at/$name"
    linked=$at/$name tries=0
    while [ "$tries" -lt 40 ] && ! sv status "$linked" >/dev/null 2>&1; do nap 0.2; tries=$((tries + 1)); done
  fi
  case $boot_act in enable) run_action rm -f "$linked/down" ;; disable) if [ -n "$linked" ]; then run_action touch "$linked/down"; fi ;; esac
  [ -n "$act" ] || exit 0
  verb=$act
  if [ "$act" = reload ]; then verb=hup; fi
  run_action sv "$verb" "$linked"
${ENDED}
  exit 0
fi
${SYSV}`

const ACTIONS: Readonly<Record<PosixInit, string>> = {
  systemd: SYSTEMD,
  openrc: OPENRC,
  runit: RUNIT,
  busybox: BY_SCRIPT,
  sysv: SYSV,
}

/**
 * Does `$act` (start, stop, restart, reload or nothing) and `$boot_act` (enable, disable or nothing) to `$name`, and waits
 * until it is no longer on its way and, unless it is to stop, whether it stays up for `$stable_for` seconds.
 * `$start_limit`: `reset` or `keep` the counter of starts of systemd.
 */
export function convergeService(init: PosixInit): string {
  const actions = init === 'systemd' ? '' : RUN_ACTION
  return `${TOOL_PRELUDE}${actions}init=${init}\n${lookOf(init)}${SETTLE}${ACTIONS[init]}`
}
