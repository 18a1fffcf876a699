#!/usr/bin/env bash
# iptables-translate 1.8.9 and nftables 1.0.6 (both Debian 12), where the two meet: a rule that opens a till to the supplier's maintenance at night. iptables-extensions(8),
# "time": "All times are interpreted as UTC by default"; --kerneltz takes the kernel's zone; --contiguous takes what goes past midnight for one time, so that
# Monday 22:00 to 06:00 ends on Tuesday, and is otherwise two pieces of Monday. nft reads hours and dates by the zone of who adds the rule.
# Guess before the run: for a machine in Istanbul (UTC+3), 20:00 becomes 23:00; or a rule that cannot be carried over, as is said of --monthdays by a line with "#".
# Seen: the same digits, for UTC, for --kerneltz, and with --contiguous, whose word is dropped: three rules that differ become one. nft in Istanbul makes 17:00 UTC
# of 20:00, so the till opens and closes three hours early; and what should be Monday night to Tuesday is Monday's first six hours and its last two. Exit
# code 0, no word.
# Whoever moves rules with times to nftables by it adds them with TZ=UTC, and writes nights that go past midnight as two rules.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null && command -v unshare >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq iptables=1.8.9-2 libxtables12=1.8.9-2 nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 libnftnl11 libmnl0 libjansson4 2>/dev/null ||
  { echo "Debian's archive has these versions no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
export TZ=Europe/Istanbul LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu XTABLES_LIBDIR=$folder/usr/lib/x86_64-linux-gnu/xtables
translate() { usr/sbin/xtables-nft-multi iptables-translate -A INPUT -m time "$@" -j ACCEPT | sed "s/^nft 'add rule ip filter INPUT *//; s/'\$//; s/ *\$//"; }
# What nft tells the kernel for a rule that is added in a zone: its comparisons are read here as seconds of the day, in UTC.
told() {
  printf 'table ip filter {\n chain INPUT {\n  %s\n }\n}\n' "$2" | TZ=$1 unshare -rn usr/sbin/nft --debug=netlink -f - 2>&1 |
    sed -n 's/.*\[ cmp \([gl]te\) reg 1 \(0x[0-9a-f ]*x*[0-9a-f]*\) \].*/\1 \2/p'
}
hours() {
  told "$1" "$2" | while read -r _ word; do
    seconds=$((16#${word:8:2}${word:6:2}${word:4:2}${word:2:2}))
    printf '%02d:%02d ' $((seconds / 3600)) $((seconds / 60 % 60))
  done
}
seen=$(
  for kind in '' --kerneltz --contiguous; do echo "${kind:-UTC}: $(translate --timestart 22:00 --timestop 06:00 --weekdays Mon $kind)"; done
  echo "days of the month: $(translate --monthdays 1,15)"
  rule=$(translate --timestart 20:00 --timestop 22:00)
  echo "20:00 to 22:00: $rule"
  for zone in UTC Europe/Istanbul; do echo "nft in $zone, in UTC: $(hours "$zone" "$rule")"; done
)
printf 'iptables 1.8.9, nftables 1.0.6\n%s\n' "$seen"
expected='UTC: meta hour "22:00:00"-"06:00:00" meta day 1 counter accept
--kerneltz: meta hour "22:00:00"-"06:00:00" meta day 1 counter accept
--contiguous: meta hour "22:00:00"-"06:00:00" meta day 1 counter accept
days of the month: nft # -A INPUT -m time --monthdays 1,15 -j ACCEPT
20:00 to 22:00: meta hour "20:00:00"-"22:00:00" counter accept
nft in UTC, in UTC: 20:00 22:00 
nft in Europe/Istanbul, in UTC: 17:00 19:00 '
[ "$seen" = "$expected" ]
