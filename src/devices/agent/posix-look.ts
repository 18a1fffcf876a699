import { TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { FINGERPRINT } from '../file/read-file.ts'
import { OBSERVE_PACKAGE } from '../package/package-manager.ts'
import { OBSERVE_SERVICE } from '../service/observe-service.ts'
import { AGENT_FUNCTIONS, ASK_AGENT } from './posix-ask.ts'

/** Facts before the files, in this order. */
export const FACTS = [
  'kind',
  'path',
  'real',
  'binary',
  'version',
  'package_name',
  'package',
  'service_name',
  'service',
  'ping',
  'by',
  'running_version',
  'listening',
  'unfinished',
  'leftovers',
  'psk',
  'psk_numbers',
  'psk_names',
  'has_group',
] as const

/**
 * Reads everything about the Zabbix agent of a device in one question: `$kind` (or auto), `$path`, `$package`, `$service`
 * (or empty for what is usual), `$manager`, and whether `$psk_path` holds `$psk_key`. Never writes. Facts end with a NUL;
 * behind them stand the files and includes: `file PATH NUMBERS SUM SIZE CONTENT`, `include PATTERN FILES`.
 */
export const OBSERVE_AGENT = `${TOOL_PRELUDE}${FINGERPRINT}${AGENT_FUNCTIONS}${ASK_AGENT}
need_tool sed head tail ls cat wc
fact() { printf '%s\\0' "$1"; }
look_package() ( name=$package
${OBSERVE_PACKAGE}
)
look_service() ( name=$service
${OBSERVE_SERVICE}
)
if [ "$kind" = auto ]; then
  kind=zabbix_agent2
  if ! has zabbix_agent2 && has zabbix_agentd; then kind=zabbix_agentd; fi
fi
if [ -z "$path" ]; then
  path=/etc/zabbix/$kind.conf
  if [ "$kind" = zabbix_agentd ] && [ ! -e "$path" ] && [ -e /etc/zabbix_agentd.conf ]; then path=/etc/zabbix_agentd.conf; fi
fi
usual=zabbix-agent
if [ "$kind" = zabbix_agent2 ]; then usual=zabbix-agent2; fi
package=\${package:-$usual}
if [ -z "$service" ]; then
  service=$usual
  if [ "$kind" = zabbix_agentd ] && [ -x /etc/init.d/zabbix-agentd ] && [ ! -x /etc/init.d/zabbix-agent ]; then service=zabbix-agentd; fi
fi
real=$path
if [ -L "$path" ]; then real=$(readlink -f "$path") || real=$path; fi
binary=$(command -v "$kind" 2>/dev/null)
fact "$kind"; fact "$path"; fact "$real"; fact "$binary"
version=
if [ -n "$binary" ]; then version=$("$binary" -V 2>/dev/null </dev/null | head -n 1 | version_in); fi
fact "$version"
fact "$package"; fact "$(look_package 2>/dev/null)"
fact "$service"
about=$(look_service 2>&1)
fact "$about"
ping=no by= running_version= listening=
runs=
case $about in *active=running*) runs=yes ;; esac
if [ -n "$runs" ] && [ -n "$binary" ] && [ -f "$path" ]; then ask_agent; fi
fact "$ping"; fact "$by"; fact "$running_version"; fact "$listening"
unfinished=no
if [ -e "\${real%/*}/.till-agent" ]; then unfinished=yes; fi
fact "$unfinished"
fact "$(for left in "\${real%/*}"/*.rpmnew "\${real%/*}"/*.rpmsave "\${real%/*}"/*.dpkg-dist "\${real%/*}"/*.dpkg-new "\${real%/*}"/*.ucf-dist; do if [ -e "$left" ]; then printf '%s\\n' "$left"; fi; done)"
psk= numbers= names=
if [ -n "$psk_path" ]; then
  psk=absent
  if [ -e "$psk_path" ]; then
    psk=differs numbers=$(ls -ldn "$psk_path") names=$(ls -ld "$psk_path")
    if [ "$(cat "$psk_path")" = "$psk_key" ]; then psk=same; fi
  fi
fi
fact "$psk"; fact "$numbers"; fact "$names"
fact "$(while IFS=: read -r group rest; do if [ "$group" = zabbix ]; then printf yes; break; fi; done </etc/group 2>/dev/null)"
walk() (
  [ "$2" -le 10 ] || exit
  fact file; fact "$1"; fact "$(ls -ldn "$1")"; fact "$(fingerprint "$1")"; fact "$(($(wc -c <"$1")))"
  cat "$1"
  fact ''
  said "$1" | sed -n 's/^Include[[:space:]]*=[[:space:]]*//p' | while IFS= read -r pattern; do
    found=$(matches "$pattern")
    fact include; fact "$pattern"; fact "$found"
    if [ -n "$found" ]; then printf '%s\\n' "$found" | while IFS= read -r file; do walk "$file" $(($2 + 1)); done; fi
  done
)
if [ -f "$real" ]; then
  if [ ! -r "$real" ]; then printf '%s\\n' "$real: Permission denied" >&2; exit 1; fi
  walk "$real" 1
fi
`
