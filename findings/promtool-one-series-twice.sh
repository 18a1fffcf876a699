#!/usr/bin/env bash
# promtool 2.42.0 (Debian 12), `promtool check metrics`, which is what a file for node-exporter's textfile collector is checked with
# before it is put there.
# Guess before the run: it refuses a file that has one series twice with two values, and one whose lines of a metric are not
# together ("All lines for a given metric must be provided as one single group", Prometheus' page on exposition formats).
# Seen: neither is mentioned, exit code 0 for both; a file without its last line feed is refused. So two writers of one till
# that count the same thing are not found by it.
# Debian's package is taken into a temporary folder.
set -eu
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq prometheus=2.42.0+ds-5+deb12u1 2>/dev/null || apt-get download -qq 'prometheus=2.42.0*'
dpkg -x prometheus_*.deb .
check() {
  if usr/bin/promtool check metrics >said 2>&1; then echo "$1: exit 0, $(wc -c <said) bytes of words"; else echo "$1: refused"; fi
}
head='# HELP till_receipts Receipts.\n# TYPE till_receipts gauge\n'
seen=$(
  printf "${head}till_receipts{till=\"1\"} 1\ntill_receipts{till=\"1\"} 2\n" | check 'twice'
  printf "${head}till_receipts{till=\"1\"} 1\n# HELP till_up Up.\n# TYPE till_up gauge\ntill_up 1\ntill_receipts{till=\"2\"} 2\n" |
    check 'apart'
  printf "${head}till_receipts{till=\"1\"} 1" | check 'no line feed'
)
usr/bin/promtool --version 2>&1 | head -1
printf '%s\n' "$seen"
expected='twice: exit 0, 0 bytes of words
apart: exit 0, 0 bytes of words
no line feed: refused'
[ "$seen" = "$expected" ]
