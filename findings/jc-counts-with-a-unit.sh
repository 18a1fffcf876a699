#!/usr/bin/env bash
# jc 1.22.5 (Debian 12), --ntpq and --iptables, and numbers that these programs shorten. ntpq writes how long a server has been silent as seconds up to 2048, then as m, h and
# d (prettyinterval of ntpsec 1.2.2); iptables -L -v writes packets and bytes above 99999 as K, M, G or T (iptables(8), -v and -x). A rule without -j only counts, and has
# an empty column of targets. jc's page: `when` and `pkts` are integers, and only `bytes` is "converted based on suffix".
# Guess before the run: what is silent for six hours is not fresher than what spoke 35 seconds ago; 2500K packets are 2500000, or a text; a rule that only counts has
# no target.
# Seen: the letter is dropped. Servers that are silent for 35 minutes, 6 hours and 5 days have 35, 6 and 5, as if it were seconds; 2500K packets are 2500, beside bytes
# that are right. Of a rule that only counts, which is how the traffic of one till is measured, every column is one to the left: protocol for target, and the
# network it counts for is the way out. No error is told.
# Whoever reads clocks by it takes `reach` (octal) instead, and packets by iptables -x; of rules that only count, nothing.
# Debian's packages are taken into a temporary folder; Python is Debian 12's own.
set -euo pipefail
command -v apt-get >/dev/null && command -v unshare >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq jc=1.22.5-1 iptables=1.8.9-2 libxtables12=1.8.9-2 libnftnl11 libmnl0 2>/dev/null || { echo "Debian's archive has these versions no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
jc() { PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore -m jc "$1"; }
cat >peers <<'TEXT'
     remote           refid      st t when poll reach   delay   offset   jitter
===============================================================================
*10.4.12.1       .GPS.            1 u   35   64  377   0.5120  -0.0340   0.0120
 10.4.12.2       10.4.12.1        2 u  35m   64    0   1.0010   0.1000   0.2000
 10.4.12.3       10.4.12.1        2 u   6h   64    0   1.0010   0.1000   0.2000
 10.4.12.4       10.4.12.1        2 u   5d   64    0   1.0010   0.1000   0.2000
TEXT
cat >rules <<'TEXT'
*filter
:INPUT ACCEPT [0:0]
[2500000:3456789012] -A INPUT -i lo -j ACCEPT
[42:5880] -A INPUT -s 10.4.12.0/24
COMMIT
TEXT
# In a network of its own: the machine's rules are left alone.
export LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu XTABLES_LIBDIR=$folder/usr/lib/x86_64-linux-gnu/xtables
unshare -rn sh -c 'usr/sbin/xtables-nft-multi iptables-restore -c <rules && usr/sbin/xtables-nft-multi iptables -L INPUT -v -n' >listed
unset LD_LIBRARY_PATH
seen=$(
  jc --ntpq <peers | /usr/bin/python3 -c '
import json, sys
for peer in json.load(sys.stdin):
    print(peer["remote"], "silent for", peer["when"])'
  grep -E '10\.4\.12|lo ' listed | sed 's/ \+/ /g; s/^ //; s/ $//; s/^/iptables: /'
  jc --iptables <listed | /usr/bin/python3 -c '
import json, sys
for rule in json.load(sys.stdin)[0]["rules"]:
    print("jc:", ", ".join(f"{name} {rule.get(name)}" for name in ("pkts", "bytes", "target", "in", "out", "source")))'
)
printf 'jc 1.22.5, iptables 1.8.9\n%s\n' "$seen"
expected='10.4.12.1 silent for 35
10.4.12.2 silent for 35
10.4.12.3 silent for 6
10.4.12.4 silent for 5
iptables: 2500K 3457M ACCEPT 0 -- lo * 0.0.0.0/0 0.0.0.0/0
iptables: 42 5880 0 -- * * 10.4.12.0/24 0.0.0.0/0
jc: pkts 2500, bytes 3457000000, target ACCEPT, in lo, out *, source 0.0.0.0/0
jc: pkts 42, bytes 5880, target 0, in *, out 10.4.12.0/24, source 0.0.0.0/0'
[ "$seen" = "$expected" ]
