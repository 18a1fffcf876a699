#!/usr/bin/env bash
# cal-parser 1.0.2 (npm) and a nightly window of maintenance in a calendar, from which a night is taken out. RFC 5545, 3.8.5.1: days of EXDATE are left out of the series that DTSTART
# and RRULE give, wherever the line stands in the event; 3.8.5.2: days of RDATE are added; 3.6.6: a VALARM has a description of its own; 3.3.11: of a text, \\ is one backslash.
# Guess before the run: nights of 1 to 5 December 2020 at 02:00 without the 3rd; the 10th of RDATE is there; the description is the event's.
# Seen: with EXDATE behind the rule, where programs write it, the series begins at the moment of the run, at this day and second, and nothing is left out. With EXDATE before
# the rule it is passed over, and so is RDATE. A span that begins on the first day gives that night alone. `getEventsOnDate` of a day, at midnight, finds none of the nights
# behind the first. The description is the alarm's, and backslashes of a path are gone. No word of any.
# Whoever plans by it asks another package (ical.js) for the times, and takes the rule's text from this one at most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cal-parser@1.0.2 rrule@2.8.1 >/dev/null
cat >look.cjs <<'JS'
const { parseString } = require('cal-parser')

const rule = ['DTSTART:20201201T020000Z', 'DTEND:20201201T030000Z', 'RRULE:FREQ=DAILY;COUNT=5']
const calendar = (...lines) => {
  const event = ['BEGIN:VEVENT', 'UID:1', 'DTSTAMP:20200101T000000Z', ...lines, 'END:VEVENT']
  return parseString(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//look//EN', ...event, 'END:VCALENDAR', ''].join('\r\n'))
}
const nights = (read, from) => {
  const [event] = read.getEventsBetweenDates(new Date(from), new Date('2999-01-01T00:00:00Z'), true)
  const now = Date.now()
  const shown = (date, at) => (Math.abs(now + at * 86400000 - date) < 60000 ? `run + ${at} d` : date.toISOString().slice(5, 16))
  return event.matchingDates.map(shown).join(', ')
}
const look = (name, ...lines) => console.log(`${name}: ${nights(calendar(...lines), '2020-12-02T00:00:00Z')}`)

look('rule alone, from the 2nd', ...rule)
look('EXDATE of the 3rd behind the rule', ...rule, 'EXDATE:20201203T020000Z')
look('EXDATE of the 3rd before the rule', 'EXDATE:20201203T020000Z', ...rule)
look('RDATE of the 10th', ...rule, 'RDATE:20201210T020000Z')
const whole = calendar(...rule)
console.log(`rule alone, from the 1st: ${nights(whole, '2020-12-01T00:00:00Z')}`)
for (const day of ['2020-12-01', '2020-12-02']) console.log(`events on ${day}: ${whole.getEventsOnDate(new Date(`${day}T00:00:00Z`)).length}`)
const alarm = ['BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT15M', 'DESCRIPTION:Reminder', 'END:VALARM']
console.log(`description with an alarm: ${calendar(...rule, 'DESCRIPTION:Run C:\\\\till\\\\close.cmd', ...alarm).events[0].description.value}`)
console.log(`description: ${calendar(...rule, 'DESCRIPTION:Run C:\\\\till\\\\close.cmd').events[0].description.value}`)
JS
seen=$(TZ=UTC node --no-deprecation look.cjs)
printf 'cal-parser 1.0.2\n%s\n' "$seen"
expected='rule alone, from the 2nd: 12-02T02:00, 12-03T02:00, 12-04T02:00, 12-05T02:00
EXDATE of the 3rd behind the rule: run + 0 d, run + 1 d, run + 2 d, run + 3 d, run + 4 d
EXDATE of the 3rd before the rule: 12-02T02:00, 12-03T02:00, 12-04T02:00, 12-05T02:00
RDATE of the 10th: 12-02T02:00, 12-03T02:00, 12-04T02:00, 12-05T02:00
rule alone, from the 1st: 12-01T02:00
events on 2020-12-01: 1
events on 2020-12-02: 0
description with an alarm: Reminder
description: Run C:tillclose.cmd'
[ "$seen" = "$expected" ]
