#!/usr/bin/env bash
# calcurse 4.7.1 (Debian 12), `--import` of a calendar with the closing of each month on its last working day. RFC 5545, 3.3.10: BYSETPOS=-1 takes the last of the days that
# the other parts of a rule give, and that is its own example: FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1, "the last work day of the month".
# The manual has BYSETPOS among what is not recognized; it has BYDAY there as well, which is read.
# Guess before the run: 31 March and 30 April 2026, or a word that the rule is not known and the event is left out.
# Seen: every working day of each month. The report of the import says "0 skipped", exit code 0; what it writes down has the days without BYSETPOS. The last Friday
# (BYDAY=-1FR) is right.
# Whoever plans by it looks for BYSETPOS in a calendar before it goes in.
# Debian's package is taken into a temporary folder; its library (libncursesw6) is that of any Debian 12.
set -euo pipefail
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export TZ=Europe/Warsaw
apt-get download calcurse=4.7.1-1 >/dev/null 2>&1
dpkg-deb -x calcurse_*.deb there
mkdir calendar
event() {
  printf '%s\r\n' BEGIN:VEVENT "UID:$1" DTSTAMP:20260101T000000Z "DTSTART;TZID=Europe/Warsaw:$2T220000" DURATION:PT1H "SUMMARY:$1" "$3" END:VEVENT
}
{
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//look//EN
  event closing 20260227 'RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1'
  event stocktaking 20260227 'RRULE:FREQ=MONTHLY;BYDAY=-1FR'
  printf '%s\r\n' END:VCALENDAR
} >calendar.ics
there/usr/bin/calcurse -D calendar --import calendar.ics >report
seen=$(
  grep -o '[0-9]* skipped' report
  for name in closing stocktaking; do
    for month in 03 04; do
      there/usr/bin/calcurse -D calendar -Q --from "$month/01/2026" --days 30 --filter-pattern "$name" --format-apt '%m\n' --format-recur-apt '%m\n' |
        grep -c "$name" | sed "s/^/$name, month $month: /"
    done
  done
)
printf 'calcurse 4.7.1\n%s\n' "$seen"
expected='0 skipped
closing, month 03: 21
closing, month 04: 22
stocktaking, month 03: 1
stocktaking, month 04: 1'
[ "$seen" = "$expected" ]
