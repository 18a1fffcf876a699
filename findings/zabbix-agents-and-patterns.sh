#!/usr/bin/env bash
# zabbix_agentd and zabbix_agent2, both 6.0.14 (Debian 12), and the same items. Zabbix' manual, "Regular expressions": those of Perl (PCRE, PCRE2) "are
# supported in Zabbix".
# Guess before the run: the same values by both; of a file whose time is asked for, the same text.
# Seen: agent 2 has Go's regular expressions, without (?! and (?<=, back references, \h and ++. Such an item works with agentd and becomes "not supported" on the
# day that a till gets agent 2; vfs.file.regexp says "Invalid first parameter." of it, which is the path. A time of vfs.file.get is
# ...T08:00:00+0000 by one and ...T08:00:00Z by the other, so that what is cut out of it by its place differs, too.
# Whoever goes from one to the other looks for such signs in the keys of templates first; a pattern that both take is one of RE2.
# Debian's packages are taken into a temporary folder, with the libraries that are not there.
set -euo pipefail
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
agents=(zabbix-agent zabbix-agent2)
libraries=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "${agents[@]}" | grep '^lib' | grep -v ':' | sort -u)
for library in $libraries; do
  if ! dpkg -s "$library" >/dev/null 2>&1; then apt-get download -qq "$library" 2>/dev/null || true; fi
done
apt-get download -qq "${agents[@]/%/=1:6.0.14+dfsg-1+b1}" 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$folder/usr/lib/$(uname -m)-linux-gnu
printf 'Server=127.0.0.1\nHostname=pos1\nLogType=console\nPidFile=%s/pid\n' "$folder" >agentd.conf
printf 'Server=127.0.0.1\nHostname=pos1\nLogType=console\nControlSocket=%s/control\nPluginSocket=%s/plugin\n' "$folder" "$folder" >agent2.conf
printf 'receipt 412 total 12,50\n' >app.log
touch -d 2026-12-01T08:00:00Z app.log
said() { TZ=UTC "$1" -c "$2" -t "$3" 2>/dev/null | sed -n 's/^.*\[[a-z]|\(.*\)\]$/\1/p'; }
both() {
  printf '%s\n  agentd: %s\n  agent2: %s\n' "${1//"$folder/"/}" \
    "$(said usr/sbin/zabbix_agentd agentd.conf "$1" | eval "${2:-cat}")" "$(said usr/sbin/zabbix_agent2 agent2.conf "$1" | eval "${2:-cat}")"
}
log=$folder/app.log
seen=$(
  both "vfs.file.regexp[$log,\"total ([0-9]+)\",,,,\\1]"
  both "vfs.file.regexp[$log,\"(?<=total )[0-9]+\",,,,\\0]"
  both "vfs.file.regmatch[$log,\"total (?!0,00)\"]"
  both "vfs.file.get[$log]" "sed 's/.*\"modify\":\"\\([^\"]*\\).*/\\1/'"
)
printf 'zabbix_agentd and zabbix_agent2 6.0.14\n%s\n' "$seen"
expected='vfs.file.regexp[app.log,"total ([0-9]+)",,,,\1]
  agentd: 12
  agent2: 12
vfs.file.regexp[app.log,"(?<=total )[0-9]+",,,,\0]
  agentd: 12
  agent2: ZBX_NOTSUPPORTED] [Invalid first parameter.
vfs.file.regmatch[app.log,"total (?!0,00)"]
  agentd: 1
  agent2: ZBX_NOTSUPPORTED] [Cannot compile regular expression total (?!0,00): error parsing regexp: invalid or unsupported Perl syntax: `(?!`
vfs.file.get[app.log]
  agentd: 2026-12-01T08:00:00+0000
  agent2: 2026-12-01T08:00:00Z'
[ "$seen" = "$expected" ]
