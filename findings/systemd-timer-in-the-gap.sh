#!/usr/bin/env bash
# systemd 252 (Debian 12) and a timer of every night at half past two, OnCalendar=*-*-* 02:30:00, where clocks go from 02:00 to
# 03:00. systemd.time(7) says nothing of times that do not exist; cron of Debian runs such a job right after the change (cron(8)).
# Guess before the run: on 2026-03-29 in Warsaw it elapses at 03:30 (or at 03:00), once; on 2026-10-25 at the first 02:30, once.
# Seen: October is as guessed; in March the night is left out: behind Saturday's comes Monday's. Whoever moves a nightly backup
# or closing of a till from cron to a timer loses it once a year, with no unit that failed.
# Debian's package is taken into a temporary folder; the libraries that it needs are those of any Debian 12.
set -eu
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq systemd=252.39-1~deb12u2 libsystemd-shared=252.39-1~deb12u2 2>/dev/null ||
  apt-get download -qq 'systemd=252.*' 'libsystemd-shared=252.*'
for package in ./*.deb; do dpkg -x "$package" .; done
LD_LIBRARY_PATH=$(printf '%s:' "$folder"/usr/lib/*/systemd "$folder"/lib/*/systemd)
export LD_LIBRARY_PATH
analyze=usr/bin/systemd-analyze
nights() {
  TZ=Europe/Warsaw LC_ALL=C "$analyze" calendar --iterations=2 --base-time="$1" '*-*-* 02:30:00' |
    sed -n 's/.*\(Next elapse\|Iter\. #2\): [A-Za-z]* //p'
}
seen=$(nights '2026-03-28 12:00:00'; nights '2026-10-24 12:00:00')
"$analyze" --version | head -1
printf '%s\n' "$seen"
expected='2026-03-30 02:30:00 CEST
2026-03-31 02:30:00 CEST
2026-10-25 02:30:00 CEST
2026-10-26 02:30:00 CET'
[ "$seen" = "$expected" ]
