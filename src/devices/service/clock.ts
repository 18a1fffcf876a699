/**
 * Defines `running_since SECONDS`, which leaves in `age` for how many seconds something runs that began so long after the
 * machine; empty where that cannot be told. In a container of LXC /proc/uptime is its own (lxcfs(1)), while the times of
 * processes (proc(5), starttime) and of systemd (CLOCK_MONOTONIC) are those of its host: so "now" is the beginning of a
 * process that begins now.
 */
export const CLOCK = `running_since() {
  age= began=$1
  stat=$(cat /proc/self/stat 2>/dev/null)
  stat=\${stat##*) }
  set -f
  set -- $stat
  set +f
  case \${20-} in '' | *[!0-9]*) return ;; esac
  age=$((\${20} / 100 - began))
  if [ "$age" -lt 0 ]; then age=; fi
}
`
