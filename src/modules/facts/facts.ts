import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { Marks } from '../../core/sample.ts'
import { APT_REBOOT } from '../../devices/boot/pending-reboot.ts'
import { FIND_INIT } from '../../devices/service/observe-service.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { defineModule } from '../define.ts'
import { FACTS_VALUE } from './value.ts'
import { observeOnWindows } from './windows.ts'

// Every fact comes from a file of the kernel or from a tool that may be missing; a fact that is not there is null.
const GATHER = `${TOOL_PRELUDE}${APT_REBOOT}
has() { command -v "$1" >/dev/null 2>&1; }
fact() { printf '%s\\t%s\\n' "$1" "$2"; }
for release in /etc/os-release /usr/lib/os-release; do
  if [ -r "$release" ]; then
    (
      unset -v ID VERSION_ID PRETTY_NAME
      . "$release" >/dev/null 2>&1
      fact os_id "\${ID:-}"; fact os_version "\${VERSION_ID:-}"; fact os_name "\${PRETTY_NAME:-}"
    )
    break
  fi
done
fact kernel "$(uname -r)"
fact architecture "$(uname -m)"
fact hostname "$(uname -n)"
for id in /etc/machine-id /var/lib/dbus/machine-id; do
  if [ -r "$id" ] && read -r machine_id rest <"$id"; then fact machine_id "$machine_id"; break; fi
done
if read -r uptime rest 2>/dev/null </proc/uptime; then fact uptime "\${uptime%%.*}"; fi
if [ -r /proc/meminfo ]; then
  while read -r key size rest; do
    case $key in MemTotal:) fact memory_total "$size" ;; MemAvailable:) fact memory_available "$size" ;; esac
  done </proc/meminfo
fi
if [ -r /proc/cpuinfo ]; then fact cpus "$(grep -c '^processor' /proc/cpuinfo)"; fi
if has ip; then
  ip -o addr show scope global 2>/dev/null | while read -r index interface family address rest; do
    case $family in inet | inet6) fact address "$interface \${address%%/*}" ;; esac
  done
elif has ifconfig; then
  ifconfig 2>/dev/null | while IFS= read -r line; do
    case $line in
      *' inet '*)
        address=\${line#* inet }
        address=\${address#addr:}
        [ "$interface" = lo ] || fact address "$interface \${address%% *}" ;;
      [A-Za-z]*) interface=\${line%%[: ]*} ;;
    esac
  done
fi
# The root may lie on an overlay or a pool. Others are not asked: one whose server is away would answer to nobody.
set --
while read -r device mount kind rest; do
  case $device,$mount in /dev/fuse,*) continue ;; /dev/*,* | *,/) ;; *) continue ;; esac
  case $mount in *\\\\*) mount=$(printf "$(printf '%s' "$mount" | sed 's/%/%%/g')") ;; esac
  set -- "$@" "$mount"
done 2>/dev/null </proc/mounts
seen=
if has df && [ $# -gt 0 ]; then
  df -Pk "$@" 2>/dev/null | while read -r device size used free share mount; do
    # What is mounted once more elsewhere, as single files are, is the same disk.
    case $device,$mount in /dev/*,* | *,/) ;; *) continue ;; esac
    case "$seen " in *" $device "*) continue ;; esac
    seen="$seen $device"
    fact disk "$size $free $mount"
  done
fi
${FIND_INIT}(find_init; fact init "$init") 2>/dev/null
pending=
if has apt-get; then apt_reboot; elif [ -e /run/reboot-required ]; then pending=yes; fi
case $pending in yes) fact reboot packages ;; no) fact reboot no ;; esac
if has apt-get; then fact packages apt
elif has apk; then fact packages apk
elif has dnf; then fact packages dnf
elif has yum; then fact packages yum
elif has rpm; then fact packages rpm
fi
`

export const facts = defineModule({
  name: 'facts',
  summary:
    'Reads what a device is: system, kernel, memory, addresses, disks, init system, package manager, whether it wants to be restarted',
  sides: { linux: { observe }, windows: { observe: observeOnWindows } },
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      hotfixes: {
        type: 'boolean',
        description: 'Windows: also the updates that are installed, which takes a few seconds.',
      },
    },
  },
  diff: () => [],
  valueSchema: FACTS_VALUE,
  value: (state) => state,
  marks: identityOf,
})

async function observe(context: ModuleContext): Promise<Result<JsonObject>> {
  const answer = await context.shell.ask({ script: GATHER })
  const failure = failureOf(answer, 'observe', 'Reading the facts')
  return failure ? fail(failure) : success(readFacts(answer.text))
}

function readFacts(output: string): JsonObject {
  const all = new Map<string, string[]>()
  for (const line of output.split('\n')) {
    const [key = '', value = ''] = line.split('\t', 2)
    if (value !== '') all.set(key, [...(all.get(key) ?? []), value])
  }
  const text = (key: string): string | null => all.get(key)?.[0] ?? null
  const number = (key: string, unit = 1): number | null => {
    const digits = text(key)
    return digits === null || !/^\d+$/.test(digits) ? null : Number(digits) * unit
  }
  return {
    os: { id: text('os_id'), version: text('os_version'), name: text('os_name') },
    kernel: text('kernel'),
    architecture: text('architecture'),
    hostname: text('hostname'),
    machine_id: text('machine_id'),
    uptime_seconds: number('uptime'),
    memory: { total_bytes: number('memory_total', 1024), available_bytes: number('memory_available', 1024) },
    cpus: number('cpus'),
    addresses: (all.get('address') ?? []).map((line) => {
      const [interfaceName = '', address = ''] = line.split(' ')
      return { interface: interfaceName, address }
    }),
    disks: (all.get('disk') ?? []).map((line) => {
      const [size, free, ...mount] = line.split(' ')
      return { mount: mount.join(' '), size_bytes: Number(size) * 1024, free_bytes: Number(free) * 1024 }
    }),
    init: text('init'),
    package_manager: text('packages'),
    pending_reboot: rebootOf(text('reboot')),
  }
}

/** By what a device is known again; what it does not tell is left out. */
function identityOf({ hostname, machine_id }: JsonObject): Marks {
  const told = Object.entries({ hostname, machine_id }).filter(([, value]) => typeof value === 'string' && value !== '')
  return Object.fromEntries(told) as Marks
}

/** Only Debian and its kin leave a mark. */
function rebootOf(mark: string | null): JsonObject {
  if (mark === null) return { needed: null, reasons: [] }
  return { needed: mark !== 'no', reasons: mark === 'no' ? [] : [mark] }
}
