#!/usr/bin/env bash
# ical.js 2.2.1 and the nights when clocks change, in a calendar with its own VTIMEZONE. RFC 5545, 3.3.5: a local time that does
# not exist is read with the offset from before the gap, one that comes twice is the first; 3.3.6: hours of a duration are
# exact, days are those of the calendar.
# Guess before the run: daily at 02:30 in Warsaw is 01:30Z on 2026-03-29 (03:30 by the clock on the wall), and 00:30Z on
# 2026-10-25. From 22:00 on 2026-03-28, P1D ends at 20:00Z (22:00 there) and PT24H at 21:00Z (23:00 there).
# Seen: 00:30Z in March, which is 01:30 by the wall and before the gap; 01:30Z in October, the second time; and PT24H ends where
# P1D does, after 23 hours. A freeze or a night's maintenance from such a calendar begins or ends an hour off.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ical.js@2.2.1 >/dev/null
cat >look.mjs <<'JS'
import ICAL from 'ical.js'

const event = (lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']
const text = [
  'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//till//look//EN',
  'BEGIN:VTIMEZONE', 'TZID:Europe/Warsaw',
  'BEGIN:STANDARD', 'DTSTART:19961027T030000', 'TZOFFSETFROM:+0200', 'TZOFFSETTO:+0100',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10', 'END:STANDARD',
  'BEGIN:DAYLIGHT', 'DTSTART:19810329T020000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200',
  'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3', 'END:DAYLIGHT', 'END:VTIMEZONE',
  ...event(['UID:gap', 'DTSTART;TZID=Europe/Warsaw:20260328T023000', 'RRULE:FREQ=DAILY;COUNT=3']),
  ...event(['UID:twice', 'DTSTART;TZID=Europe/Warsaw:20261024T023000', 'RRULE:FREQ=DAILY;COUNT=3']),
  ...event(['UID:P1D', 'DTSTART;TZID=Europe/Warsaw:20260328T220000', 'DURATION:P1D']),
  ...event(['UID:PT24H', 'DTSTART;TZID=Europe/Warsaw:20260328T220000', 'DURATION:PT24H']),
  'END:VCALENDAR', '',
].join('\r\n')
const calendar = new ICAL.Component(ICAL.parse(text))
for (const zone of calendar.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone)
const told = (time) => time.toJSDate().toISOString().slice(5, 16)
for (const one of calendar.getAllSubcomponents('vevent').map((part) => new ICAL.Event(part))) {
  if (one.isRecurring()) {
    const times = one.iterator()
    console.log(`${one.uid}: ${[1, 2, 3].map(() => told(times.next())).join(' ')}`)
  } else console.log(`${one.uid}: ends ${told(one.endDate)}`)
}
JS
seen=$(TZ=UTC node look.mjs)
printf 'ical.js 2.2.1\n%s\n' "$seen"
expected='gap: 03-28T01:30 03-29T00:30 03-30T00:30
twice: 10-24T00:30 10-25T01:30 10-26T01:30
P1D: ends 03-29T20:00
PT24H: ends 03-29T20:00'
[ "$seen" = "$expected" ]
