#!/usr/bin/env bash
# opening_hours 3.15.0 (npm) and shops that trade beyond midnight, with a night on which they do not: "Mo-Su 20:00-04:00; Dec 24 off", and the same
# with shorter hours, "Dec 24 20:00-23:00". Hours beyond midnight belong to the day on which they begin, as its own answer for 23 December shows
# where nothing follows.
# Guess before the run: the night of the 23rd ends at 04:00 on the 24th; from then on closed until 20:00 on the 25th; with the shorter hours, open from 20:00 to
# 23:00 on the 24th and then closed until the next evening.
# Seen: the second rule cuts by the calendar's day. The shop closes at midnight in the middle of the night before, and is open on the 25th from 00:00 to
# 04:00, the end of a night that does not take place. With the shorter hours it closes at 23:00 and is open again an hour later. With "Su off" the
# night of each Saturday ends at midnight.
# Whoever plans maintenance, or counts outages in trading hours, by it writes hours up to midnight and from midnight on as spans of their own, and gives
# the day behind a closed night its own hours, too.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund opening_hours@3.15.0 >/dev/null
cat >look.cjs <<'JS'
const OpeningHours = require('opening_hours')

const until = (value) => new Date(value.includes('Su off') ? '2026-12-28T12:00' : '2026-12-25T12:00')
const text = (date) => `${date.getDate()} ${date.toTimeString().slice(0, 5)}`
for (const value of [
  'Mo-Su 20:00-04:00',
  'Mo-Su 20:00-04:00; Dec 24 off',
  'Mo-Su 20:00-04:00; Dec 24 20:00-23:00',
  'Mo-Sa 20:00-04:00; Su off',
  'Mo-Su 00:00-04:00,20:00-24:00; Dec 24 00:00-04:00; Dec 25 20:00-24:00',
]) {
  const spans = new OpeningHours(value, null).getOpenIntervals(new Date('2026-12-23T12:00'), until(value))
  console.log(`${value}: ${spans.map(([from, to]) => `${text(from)}-${text(to)}`).join(', ')}`)
}
JS
seen=$(TZ=Europe/Warsaw node look.cjs)
printf 'opening_hours 3.15.0\n%s\n' "$seen"
expected='Mo-Su 20:00-04:00: 23 20:00-24 04:00, 24 20:00-25 04:00
Mo-Su 20:00-04:00; Dec 24 off: 23 20:00-24 00:00, 25 00:00-25 04:00
Mo-Su 20:00-04:00; Dec 24 20:00-23:00: 23 20:00-24 00:00, 24 20:00-24 23:00, 25 00:00-25 04:00
Mo-Sa 20:00-04:00; Su off: 23 20:00-24 04:00, 24 20:00-25 04:00, 25 20:00-26 04:00, 26 20:00-27 00:00
Mo-Su 00:00-04:00,20:00-24:00; Dec 24 00:00-04:00; Dec 25 20:00-24:00: 23 20:00-24 04:00'
[ "$seen" = "$expected" ]
