#!/usr/bin/env bash
# jc 1.22.5 (Debian 12), --ping and --ping-s, and the summary of a ping to a till that a router said was not there. ping of iputils puts what it knows besides between
# counts and losses: ", +2 errors", ", +1 duplicates", ", +1 corrupted" (its finish() in ping_common.c); busybox and BSD put duplicates there, too. The page of jc:
# packet_loss_percent is a float.
# Guess before the run: the number in front of "% packet loss", whatever stands before it.
# Seen: behind "errors" or "corrupted" the loss is their count. Three packets, none back, three errors: 3.0, not 100; 20 packets, 19 lost, one error: 1.0, not 95; with
# duplicates and errors, the errors again. Without them, and with duplicates alone, it is right. Where nothing came back at all, the stream (--ping-s) says
# nothing. So a store whose router says "unreachable" looks better than one that is silent, and a limit of 5 % is kept by a line that carries nothing.
# Whoever watches lines by it counts losses as packets_transmitted less packets_received, which are right.
# Debian's package is taken into a temporary folder; Python is Debian 12's own.
set -euo pipefail
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq jc=1.22.5-1 2>/dev/null || { echo "Debian's archive has this version no more"; exit 2; }
dpkg -x jc_*.deb .
ping() {
  printf '%s\n' 'PING 10.4.12.9 (10.4.12.9) 56(84) bytes of data.' 'From 10.4.12.1 icmp_seq=1 Destination Host Unreachable'
  [[ $1 == *' 0 received'* ]] || echo '64 bytes from 10.4.12.9: icmp_seq=2 ttl=64 time=0.512 ms'
  printf '\n%s\n%s\n' '--- 10.4.12.9 ping statistics ---' "$1"
  [[ $1 == *' 0 received'* ]] && echo || echo 'rtt min/avg/max/mdev = 0.512/0.512/0.512/0.000 ms'
}
jc() {
  PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 -W ignore -m jc "$1" | /usr/bin/python3 -c '
import json, sys
lines = sys.stdin.read().splitlines()
read = json.loads(lines[-1]) if lines else {}
print(read.get("packet_loss_percent", "nothing"))' "$1"
}
seen=$(
  for line in '3 packets transmitted, 0 received, 100% packet loss, time 2003ms' \
    '3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2003ms' \
    '20 packets transmitted, 1 received, +1 errors, 95% packet loss, time 19003ms' \
    '20 packets transmitted, 10 received, +2 duplicates, 50% packet loss, time 19003ms' \
    '20 packets transmitted, 10 received, +2 duplicates, +4 errors, 50% packet loss, time 19003ms' \
    '20 packets transmitted, 10 received, +1 corrupted, 50% packet loss, time 19003ms'; do
    echo "${line%, time*}: $(ping "$line" | jc --ping), in a stream $(ping "$line" | jc --ping-s)"
  done
)
printf 'jc 1.22.5\n%s\n' "$seen"
expected='3 packets transmitted, 0 received, 100% packet loss: 100.0, in a stream nothing
3 packets transmitted, 0 received, +3 errors, 100% packet loss: 3.0, in a stream nothing
20 packets transmitted, 1 received, +1 errors, 95% packet loss: 1.0, in a stream 1.0
20 packets transmitted, 10 received, +2 duplicates, 50% packet loss: 50.0, in a stream 50.0
20 packets transmitted, 10 received, +2 duplicates, +4 errors, 50% packet loss: 4.0, in a stream 4.0
20 packets transmitted, 10 received, +1 corrupted, 50% packet loss: 1.0, in a stream 1.0'
[ "$seen" = "$expected" ]
