import { RUN_ACTION, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import type { ServiceState } from './service-state.ts'

/** Reads everything about the service `$name` from whichever init system runs the device. Never writes. */
export const OBSERVE_SERVICE = `${TOOL_PRELUDE}
booted=offline
if command -v systemctl >/dev/null 2>&1; then booted=$(systemctl is-system-running 2>/dev/null); fi
if [ "$booted" != offline ]; then
  printf 'init=systemd\\n'
  init=systemd
  shown=$(systemctl show --no-pager -p LoadState -p ActiveState -p UnitFileState -- "$name") || exit
  is_enabled=$(systemctl is-enabled -- "$name" 2>/dev/null)
  printf '%s\\nis_enabled=%s\\n' "$shown" "$is_enabled"
elif command -v rc-service >/dev/null 2>&1; then
  printf 'init=openrc\\n'
  init=openrc
  rc-service --exists "$name" >/dev/null 2>&1 || exit 0
  printf 'exists=yes\\n'
  rc-service "$name" status >/dev/null 2>&1
  status=$?
  printf 'status=%s\\n' "$status"
  boot=$(rc-update show 2>/dev/null | while IFS='| ' read -r unit levels; do
    if [ "$unit" = "$name" ] && [ -n "$levels" ]; then printf yes; break; fi
  done)
  if [ -n "$boot" ]; then printf 'enabled=yes\\n'; fi
elif [ -d /etc/init.d ]; then
  printf 'init=sysv\\n'
  init=sysv boot=
  [ -x "/etc/init.d/$name" ] || exit 0
  printf 'exists=yes\\n'
  if command -v service >/dev/null 2>&1; then service "$name" status; else "/etc/init.d/$name" status; fi >/dev/null 2>&1
  status=$?
  printf 'status=%s\\n' "$status"
  for link in "/etc/rc2.d/S"[0-9][0-9]"$name" "/etc/rc3.d/S"[0-9][0-9]"$name" "/etc/rc.d/rc3.d/S"[0-9][0-9]"$name"; do
    if [ -e "$link" ]; then boot=yes; printf 'enabled=yes\\n'; fi
  done
else
  need_tool systemctl
fi
`

/**
 * Behind `OBSERVE_SERVICE`: whether the service is `$want_state` (running, stopped) and `$want_boot` (yes, no, or empty).
 * Says yes only where `readService` would.
 */
export const TEST_SERVICE = `nl='
'
if [ "$init" = systemd ]; then
  case $shown in *LoadState=not-found* | *LoadState=masked*) exit 1 ;; *LoadState=*) ;; *) exit 1 ;; esac
  file=
  case $shown in *UnitFileState=*) file=\${shown#*UnitFileState=}; file=\${file%%"$nl"*} ;; esac
  case $file in '' | generated) file=$is_enabled ;; esac
  case $file in enabled | alias) boot=yes ;; *) boot= ;; esac
  active=\${shown#*ActiveState=}
  case \${active%%"$nl"*} in active) status=0 ;; inactive | failed) status=3 ;; *) status=4 ;; esac
fi
case $status,$want_state in 0,running | 3,stopped) ;; *) exit 1 ;; esac
case $want_boot,$boot in ,* | yes,yes | no,) ;; *) exit 1 ;; esac
`

/** What `OBSERVE_SERVICE` printed; undefined when it names no init system. */
export function readService(fields: ReadonlyMap<string, string>): ServiceState | undefined {
  const init = fields.get('init')
  if (init === 'systemd') return readSystemd(fields)
  if (init !== 'openrc' && init !== 'sysv') return undefined
  const exists = fields.get('exists') === 'yes'
  const status = Number(fields.get('status') ?? 3)
  const active = init === 'openrc' ? OPENRC_STATUS[status] : SYSV_STATUS[status]
  return { init, exists, masked: false, active: active ?? 'unknown', enabled: fields.get('enabled') === 'yes' }
}

/** Exit codes of `rc-service NAME status` (OpenRC, openrc-run.c). */
const OPENRC_STATUS: Readonly<Record<number, ServiceState['active']>> = {
  0: 'running',
  3: 'stopped',
  4: 'stopping',
  8: 'starting',
  16: 'starting',
  32: 'failed',
}

/** Exit codes of the status action (LSB Core 5.0, 22.2): 1 and 2 are dead with a pid or lock file left behind. */
const SYSV_STATUS: Readonly<Record<number, ServiceState['active']>> = {
  0: 'running',
  1: 'failed',
  2: 'failed',
  3: 'stopped',
}

const SYSTEMD_ACTIVE: Readonly<Record<string, ServiceState['active']>> = {
  active: 'running',
  reloading: 'running',
  refreshing: 'running',
  inactive: 'stopped',
  failed: 'failed',
  activating: 'starting',
  deactivating: 'stopping',
}

function readSystemd(fields: ReadonlyMap<string, string>): ServiceState {
  const load = fields.get('LoadState')
  // For scripts in /etc/init.d systemd only knows `generated`; is-enabled asks further.
  const file = fields.get('UnitFileState') ?? ''
  const enabled = file === '' || file === 'generated' ? (fields.get('is_enabled') ?? '') : file
  return {
    init: 'systemd',
    exists: load !== 'not-found' && load !== undefined,
    masked: load === 'masked',
    active: SYSTEMD_ACTIVE[fields.get('ActiveState') ?? ''] ?? 'unknown',
    enabled: enabled === 'static' || enabled === 'indirect' ? 'static' : enabled === 'enabled' || enabled === 'alias',
  }
}

const SYSTEMD_CONVERGE = `${TOOL_PRELUDE}
case $(systemctl show --no-pager -p NeedDaemonReload -- "$name") in *=yes) systemctl daemon-reload || exit ;; esac
if [ -n "$boot" ]; then systemctl --no-ask-password --quiet "$boot" -- "$name" || exit; fi
[ -n "$act" ] || exit 0
if [ "$act" != stop ]; then systemctl reset-failed -- "$name" >/dev/null 2>&1; fi
systemctl --no-ask-password "$act" -- "$name"
code=$?
tries=0
while [ "$tries" -lt 50 ]; do
  sleep 0.2 2>/dev/null || sleep 1
  active=$(systemctl show --no-pager -p ActiveState -- "$name")
  case $active in *=activating | *=deactivating | *=reloading) tries=$((tries + 1)) ;; *) break ;; esac
done
if [ "$act" = stop ]; then exit "$code"; fi
case $active in
  *=active) exit "$code" ;;
  *)
    systemctl show --no-pager -p ActiveState -p SubState -p Result -p ExecMainStatus -- "$name" >&2
    journalctl --no-pager -q -n 5 -o cat -u "$name" >&2 2>/dev/null
    exit 1 ;;
esac
`

const SETTLE = `settle() {
  tries=0
  while [ "$tries" -lt 50 ]; do
    "$@" status >/dev/null 2>&1
    code=$?
    case $act,$code in stop,0 | stop,4) ;; stop,* | *,0) return ;; esac
    sleep 0.2 2>/dev/null || sleep 1
    tries=$((tries + 1))
  done
}
`

const OPENRC_CONVERGE = `${TOOL_PRELUDE}${RUN_ACTION}${SETTLE}
case $boot in
  enable) run_action rc-update add "$name" default ;;
  disable) run_action rc-update -a del "$name" ;;
esac
[ -n "$act" ] || exit 0
run_action rc-service "$name" "$act"
settle rc-service "$name"
`

const SYSV_CONVERGE = `${TOOL_PRELUDE}${RUN_ACTION}${SETTLE}
if [ -n "$boot" ]; then
  if command -v update-rc.d >/dev/null 2>&1; then
    if [ "$boot" = enable ]; then run_action update-rc.d "$name" defaults; fi
    run_action update-rc.d "$name" "$boot"
  else
    need_tool chkconfig
    run_action chkconfig --add "$name"
    if [ "$boot" = enable ]; then run_action chkconfig "$name" on; else run_action chkconfig "$name" off; fi
  fi
fi
[ -n "$act" ] || exit 0
if command -v service >/dev/null 2>&1; then set -- service "$name"; else set -- "/etc/init.d/$name"; fi
run_action "$@" "$act"
settle "$@"
`

/**
 * Does `$act` (start, stop, restart, reload or nothing) and `$boot` (enable, disable or nothing) to `$name`, and waits
 * up to ten seconds until it is no longer on its way.
 */
export const CONVERGE_SERVICE: Readonly<Record<Exclude<ServiceState['init'], 'windows'>, string>> = {
  systemd: SYSTEMD_CONVERGE,
  openrc: OPENRC_CONVERGE,
  sysv: SYSV_CONVERGE,
}
