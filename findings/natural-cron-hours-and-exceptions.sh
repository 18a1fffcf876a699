#!/usr/bin/env bash
# @darkeyedevelopers/natural-cron.js 1.1.0 (npm), "natural English phrases into Cron expressions", and phrases that plans of a store's night jobs are written in. What it gives is minute,
# hour, day of the month, month, day of the week and year.
# Guess before the run: "every 2 hours" is at one minute of each second hour, as "every day at 2 am" is at one minute; "at 2am and 2pm" is twice a day; a day after "except" is
# the one on which nothing runs; what it cannot say is refused.
# Seen: "every 2 hours" is each minute of such an hour, 720 runs a day; "at 2am and 2pm" is each hour from 2 to 14; "except sunday" is on Sundays alone; weekdays
# are all days; "on the 15th" and the last day of the month are each day. No error is told for any of them.
# Whoever offers such a box to stores shows the next times of what came out of it, before it is kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @darkeyedevelopers/natural-cron.js@1.1.0 >/dev/null
cat >look.js <<'JS'
const cron = require('@darkeyedevelopers/natural-cron.js')

for (const text of [
  'every day at 2 am',
  'every monday and friday at 9:30am',
  'every 2 hours',
  'at 2am and 2pm',
  'every day except sunday at 2am',
  'every weekday at 2am',
  'on the 15th at 2am',
  'every last day of the month at 2am',
]) {
  console.log(`${text}: ${cron(text)}`)
}
JS
seen=$(node look.js)
printf 'natural-cron.js 1.1.0\n%s\n' "$seen"
expected='every day at 2 am: 0 2 * * ? *
every monday and friday at 9:30am: 30 9 ? * MON,FRI *
every 2 hours: * 0/2 * * ? *
at 2am and 2pm: 0 2-14 * * ? *
every day except sunday at 2am: 0 2 ? * SUN *
every weekday at 2am: 0 2 * * ? *
on the 15th at 2am: 0 2 * * ? *
every last day of the month at 2am: 0 2 * * ? *'
[ "$seen" = "$expected" ]
