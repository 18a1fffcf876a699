#!/usr/bin/env bash
# local-crontab 0.1.8 ("convert a crontab in a local timezone into a set of UTC crontabs") and crontzconvert 1.1.1 ("transforms the cron
# expression for that timezone"), and lines whose hour in UTC falls on another day.
# Guess before the run: with the hour, days move too. 00:30 on Mondays in Warsaw in January is 23:30 on Sundays; 00:30 on 1 January is
# 23:30 on 31 December; in Lima, 23:00 on Fridays is 04:00 on Saturdays, so that 06:00 and 23:00 need two lines, and 23:30 on 28 February
# is 04:30 on the day behind it, which is 1 March in most years.
# Seen: local-crontab moves the hour alone: what it makes runs a day late. Where clocks change it cuts the month in two by days, also of
# lines for weekdays, and cron runs such a line "when either field matches" (crontab(5)): in March there are two runs on each weekday,
# and some at weekends. crontzconvert moves days if there is one hour: of two, 23:00 on Fridays becomes 23:00 on Thursdays; and its 28
# February becomes the 29th, one year in four.
# Whoever puts closings of tills into a scheduler that knows UTC only compares the next runs of both lines, over a month's end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund local-crontab@0.1.8 crontzconvert@1.1.1 >/dev/null
cat >look.cjs <<'JS'
const { localCrontabToUtcCrontabs } = require('local-crontab')
const { convert } = require('crontzconvert')

for (const line of ['30 0 * 1 1', '30 0 1 1 *', '0 10 * 3 1-5']) {
  // The day of the change is another one each year.
  const utc = localCrontabToUtcCrontabs(line, 'Europe/Warsaw').join(', ').replace(/1-\d+ 3/, '1-N 3').replace(/\d+-31 3/, 'M-31 3')
  console.log(`local-crontab, Warsaw, ${line}: ${utc}`)
}
for (const line of ['0 0 23 * * 5', '0 0 6,23 * * 5', '0 30 23 28 2 *']) {
  console.log(`crontzconvert, Lima, ${line}: ${convert(line, 'America/Lima', 'UTC')}`)
}
JS
seen=$(TZ=UTC node look.cjs)
printf 'local-crontab 0.1.8, crontzconvert 1.1.1\n%s\n' "$seen"
expected='local-crontab, Warsaw, 30 0 * 1 1: 30 23 * 1 1
local-crontab, Warsaw, 30 0 1 1 *: 30 23 1 1 *
local-crontab, Warsaw, 0 10 * 3 1-5: 0 9 1-N 3 1-5, 0 8 M-31 3 1-5
crontzconvert, Lima, 0 0 23 * * 5: 0 0 4 * * 6
crontzconvert, Lima, 0 0 6,23 * * 5: 0 0 4,11 * * 5
crontzconvert, Lima, 0 30 23 28 2 *: 0 30 4 29 2 *'
[ "$seen" = "$expected" ]
