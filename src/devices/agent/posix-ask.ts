/**
 * Functions of sh that know a Zabbix agent: `$kind` (zabbix_agent2, zabbix_agentd), `$binary` and its configuration `$path`.
 * `matches PATTERN` prints the files that an `Include` means, in the agent's order: Go's Glob and agentd's both see hidden
 * files. `lines FILE 1` prints all that the configuration says, in the order in which it counts.
 */
export const AGENT_FUNCTIONS = `has() { command -v "$1" >/dev/null 2>&1; }
matches() (
  pattern=$1 hidden=
  case $pattern in /*) ;; *) pattern=\${path%/*}/\${pattern#./} ;; esac
  if [ -d "$pattern" ]; then pattern=\${pattern%/}/*; fi
  case \${pattern##*/} in '*'*) hidden=\${pattern%/*}/.\${pattern##*/} ;; esac
  IFS=
  for file in $hidden $pattern; do
    if [ -f "$file" ]; then printf '%s\\n' "$file"; fi
  done
)
said() { sed -n 's/^[[:space:]]*//; s/[[:space:]]*$//; /^#/d; /=/p' "$1"; }
lines() (
  [ "$2" -le 10 ] || exit
  said "$1" | while IFS= read -r line; do
    key=\${line%%=*}
    case $key in
      Include | Include[[:space:]]*)
        matches "$(printf '%s' "\${line#*=}" | sed 's/^[[:space:]]*//')" | while IFS= read -r file; do lines "$file" $(($2 + 1)); done ;;
      *) printf '%s\\n' "$line" ;;
    esac
  done
)
last() { printf '%s\\n' "$effective" | sed -n "s/^$1[[:space:]]*=[[:space:]]*//p" | tail -n 1; }
version_in() { sed -n 's/^/ /; s/.*[^0-9.]\\([0-9][0-9]*\\.[0-9][0-9]*\\.[0-9][0-9a-z]*\\).*/\\1/p' | head -n 1; }
`

/**
 * `ask_agent`: whether the agent that runs answers, and in which version, by what the device has for it. The control socket
 * of agent 2 belongs to the process that runs; \`-t\` says nothing of it, so it only counts where its port is open.
 * Sets ping (yes, no), by, running_version, listening (yes, no, or empty where it is not to listen or nobody can tell).
 */
export const ASK_AGENT = `effective=
is_open() {
  wanted=$(printf ':%04X' "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r number local remote state rest; do
    case $local,$state in *"$wanted",0A) printf yes; break ;; esac
  done
}
over_port() {
  if has zabbix_get; then
    item=$1
    set -- -s "$address" -p "$port"
    case $(last TLSAccept) in
      *unencrypted* | '') ;;
      *psk*) set -- "$@" --tls-connect psk --tls-psk-identity "$(last TLSPSKIdentity)" --tls-psk-file "$(last TLSPSKFile)" ;;
    esac
    zabbix_get "$@" -k "$item" </dev/null 2>/dev/null
  elif [ "$listening" = yes ] && has nc; then
    # https://www.zabbix.com/documentation/current/en/manual/appendix/protocols/header_datalen
    printf 'ZBXD\\001\\'"$(printf %03o "\${#1}")"'\\000\\000\\000\\000\\000\\000\\000%s' "$1" | nc -w 3 "$address" "$port" 2>/dev/null | tail -c +14
  fi
}
ask_agent() {
  ping=no by= running_version= listening=
  if [ -z "$effective" ]; then effective=$(lines "$path" 1); fi
  port=$(last ListenPort) address=$(last ListenIP)
  port=\${port:-10050} address=\${address%%,*}
  case $address in '' | 0.0.0.0 | ::) address=127.0.0.1 ;; esac
  serves=$(last Server) starts=$(last StartAgents)
  if [ -n "$serves" ] && [ "\${starts:-1}" != 0 ] && [ -r /proc/net/tcp ]; then
    listening=no
    if [ "$(is_open "$port")" = yes ]; then listening=yes; fi
  fi
  if [ -n "$listening" ] && [ "$(over_port agent.ping)" = 1 ]; then
    ping=yes by=port listening=yes
    running_version=$(over_port agent.version | version_in)
    return 0
  fi
  [ "$listening" != no ] || return 0
  if [ "$kind" = zabbix_agent2 ]; then
    running_version=$("$binary" -c "$path" -R version 2>&1 </dev/null | version_in)
    if [ -n "$running_version" ]; then ping=yes by=control; return 0; fi
  fi
  case $("$binary" -c "$path" -t agent.ping 2>/dev/null </dev/null) in
    *'|1]'*) if [ "$listening" = yes ] || [ "$kind" = zabbix_agentd ]; then ping=yes by=binary; fi ;;
  esac
}
`
