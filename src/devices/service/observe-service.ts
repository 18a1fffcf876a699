import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { CLOCK } from './clock.ts'
import { LOOK_BUSYBOX, LOOK_OPENRC, LOOK_RUNIT, LOOK_SCRIPT, LOOK_SYSV } from './look-script.ts'
import { LOOK_SYSTEMD } from './look-systemd.ts'
import { type PosixInit, type ServiceState, STABLE_SECONDS } from './service-state.ts'

/** For each init system what defines `look`, behind `CLOCK`, and `LOOK_SCRIPT` for all but systemd. */
const LOOKS: Readonly<Record<PosixInit, string>> = {
  systemd: LOOK_SYSTEMD,
  openrc: LOOK_OPENRC,
  runit: LOOK_RUNIT,
  busybox: LOOK_BUSYBOX,
  sysv: LOOK_SYSV,
}

/** What defines `look` for one init system. */
export function lookOf(init: PosixInit): string {
  return CLOCK + (init === 'systemd' ? LOOKS[init] : LOOK_SCRIPT + LOOKS[init])
}

/** Defines `find_init`, which leaves in `init` which init system runs the device, and in `first` what process 1 is; it ends the script where none is known. */
export const FIND_INIT = `find_init() {
  init=
  if command -v systemctl >/dev/null 2>&1 && [ "$(systemctl is-system-running 2>/dev/null)" != offline ]; then init=systemd; return; fi
  if command -v rc-service >/dev/null 2>&1; then init=openrc; return; fi
  first=
  read -r first 2>/dev/null </proc/1/comm
  case $first in runit | runit-init | runsvdir) if command -v sv >/dev/null 2>&1; then init=runit; return; fi ;; esac
  [ -d /etc/init.d ] || lacks 'init system that is known: none of systemctl, rc-service, sv and /etc/init.d'
  init=sysv
  case $first,$(readlink /proc/1/exe 2>/dev/null),$(readlink /sbin/init 2>/dev/null) in
    init,*busybox*,* | init,,*busybox* | linuxrc,* | busybox,*) init=busybox ;;
  esac
}
`

/**
 * Reads everything about the service `$name` from whichever init system runs the device. Never writes. One that runs for
 * less than `$stable_for` seconds is looked at again once they are over: running is only what stays up.
 */
export const OBSERVE_SERVICE = `${TOOL_PRELUDE}${CLOCK}${FIND_INIT}find_init
printf 'init=%s\\n' "$init"
masked=no kind= remains= result= made= broken= triggers=
if [ "$init" != systemd ]; then :
${LOOK_SCRIPT}fi
case $init in
${Object.entries(LOOKS)
  .map(([init, text]) => `  ${init})\n${text};;\n`)
  .join('')}esac
look
stable_for=\${stable_for:-${STABLE_SECONDS}}
if [ "$active" = running ] && [ -n "$age" ] && [ "$age" -lt "$stable_for" ] && [ "$kind" != oneshot ]; then
  was=$mark
  sleep $((stable_for - age))
  look
  if [ "$active" = running ] && [ "$mark" != "$was" ]; then active=failed why="it ended and was started again within $stable_for s"; fi
fi
if [ "$init" = systemd ]; then unit_triggers; fi
printf 'exists=%s\\nmasked=%s\\nactive=%s\\nboot=%s\\nwhy=%s\\nkind=%s\\nremains=%s\\nresult=%s\\nfirst=%s\\n' "$exists" "$masked" "$active" "$boot" "$why" "$kind" "$remains" "$result" "$first"
printf 'made=%s\\nbroken=%s\\ntriggers=%s\\n' "$made" "$broken" "$triggers"
`

/**
 * Behind `OBSERVE_SERVICE`: whether the service is `$want_state` (running, stopped) and `$want_boot` (yes, no, or empty).
 * Says yes only where `readService` would.
 */
export const TEST_SERVICE = `[ "$exists,$masked" = yes,no ] || exit 1
case $want_state,$broken,$triggers in running,,* | stopped,*,) ;; *) exit 1 ;; esac
case $active,$want_state in running,running | stopped,stopped | failed,stopped) ;; *) exit 1 ;; esac
case $want_boot,$boot in ,* | yes,yes | no,no | no,static) ;; *) exit 1 ;; esac
`

const ACTIVE = ['running', 'stopped', 'failed', 'starting', 'stopping'] as const

/** What `OBSERVE_SERVICE` printed; undefined when it names no init system. */
export function readService(fields: ReadonlyMap<string, string>): ServiceState | undefined {
  const init = (Object.keys(LOOKS) as PosixInit[]).find((known) => known === fields.get('init'))
  if (init === undefined) return undefined
  const boot = fields.get('boot')
  const why = fields.get('why') ?? ''
  const kind = fields.get('kind') ?? ''
  const made = (['generated', 'transient'] as const).find((known) => known === fields.get('made'))
  const broken = fields.get('broken') ?? ''
  const triggers = (fields.get('triggers') ?? '').split(' ').filter((unit) => unit !== '')
  return {
    init,
    exists: fields.get('exists') === 'yes',
    masked: fields.get('masked') === 'yes',
    active: ACTIVE.find((known) => known === fields.get('active')) ?? 'unknown',
    enabled: boot === 'static' || boot === 'unknown' ? boot : boot === 'yes',
    ...(why !== '' && { why }),
    ...(made && { made }),
    ...(broken !== '' && { broken }),
    ...(triggers.length > 0 && { triggered_by: triggers }),
    ...(kind === 'oneshot' && fields.get('remains') === 'no' && { oneshot: fields.get('result') ?? '' }),
  }
}
