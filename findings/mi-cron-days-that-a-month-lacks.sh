#!/usr/bin/env bash
# @cheap-glitch/mi-cron 1.0.1 (npm), "standard cron expressions", and what is planned for the end of a month. crontab(5): a line runs when the fields of the time match
# the time now, so that the 31st is a day of seven months, and 29 February one of each fourth year; names of months are their first three letters; 7 is Sunday.
# Guess before the run: the closing of the 31st skips from 31 January to 31 March, the 29th of February comes in 2028; dec is December; 5-7 is Friday to Sunday, or
# refused as its page says of an "impossible range", since 7 alone is.
# Seen: a day that the month lacks becomes one of the next month: the closing of the 31st runs on 3 March and on 1 May besides; "29 2" is 1 March
# in each year but leap years. Names of months count from 0: dec is November, and jan is the December before, a time that comes again and again. 5-7 is Friday alone. No word of any.
# Whoever plans by it writes months by numbers, no days above 28, and 0 for Sunday.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @cheap-glitch/mi-cron@1.0.1 >/dev/null
cat >look.cjs <<'JS'
const { parseCron } = require('@cheap-glitch/mi-cron')

for (const line of ['0 2 31 * *', '0 2 30 * *', '0 2 29 2 *', '0 2 1 dec *', '0 2 1 12 *', '0 2 1 jan *', '0 2 * * 5-7', '0 2 * * 7']) {
  const schedule = parseCron(line)
  const days = []
  for (let at = new Date('2027-01-15T00:00:00Z'); schedule && days.length < 4; days.push(at.toISOString().slice(0, 10))) {
    at = parseCron.nextDate(schedule, at)
  }
  console.log(`${line}: ${schedule ? days.join(', ') : 'refused'}`)
}
JS
seen=$(node look.cjs)
printf 'mi-cron 1.0.1\n%s\n' "$seen"
expected='0 2 31 * *: 2027-01-31, 2027-03-03, 2027-03-31, 2027-05-01
0 2 30 * *: 2027-01-30, 2027-03-02, 2027-03-30, 2027-04-30
0 2 29 2 *: 2027-03-01, 2028-02-29, 2029-03-01, 2030-03-01
0 2 1 dec *: 2027-11-01, 2028-11-01, 2029-11-01, 2030-11-01
0 2 1 12 *: 2027-12-01, 2028-12-01, 2029-12-01, 2030-12-01
0 2 1 jan *: 2027-12-01, 2027-12-01, 2027-12-01, 2027-12-01
0 2 * * 5-7: 2027-01-15, 2027-01-22, 2027-01-29, 2027-02-05
0 2 * * 7: refused'
[ "$seen" = "$expected" ]
