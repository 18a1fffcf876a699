#!/usr/bin/env bash
# recurring-ical-events 2.0.1 with icalendar 4.0.3 (Debian 12) and durations over the night when clocks change. RFC 5545, 3.3.6: days
# of a duration are those of the calendar, hours are exact; 3.3.5: a local time that comes twice is the first.
# Guess before the run: from 22:00 in Warsaw on 2026-03-28, P1D ends at 20:00Z (22:00 there) and PT24H at 21:00Z; daily at 02:30 is
# 00:30Z on 2026-10-25.
# Seen: both end at 21:00Z, and it is 01:30Z, the second 02:30. A calendar of a freeze "for one day" lasts an hour longer in spring.
# Debian's packages are taken into a temporary folder.
set -eu
command -v apt-get >/dev/null && [ -x /usr/bin/python3 ] || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq python3-recurring-ical-events=2.0.1-1 python3-icalendar=4.0.3-5 python3-x-wr-timezone python3-tz \
  python3-dateutil python3-six 2>/dev/null ||
  { echo "Debian's archive has this version no more"; exit 2; }
for package in ./*.deb; do dpkg -x "$package" .; done
cat >look.py <<'PY'
from datetime import timezone

import icalendar
import recurring_ical_events

ZONE = '''BEGIN:VTIMEZONE
TZID:Europe/Warsaw
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
'''


def event(name, start, more):
    return f'BEGIN:VEVENT\nUID:{name}\nDTSTART;TZID=Europe/Warsaw:{start}\n{more}\nEND:VEVENT\n'


text = 'BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//till//look//EN\n' + ZONE
text += event('P1D', '20260328T220000', 'DURATION:P1D') + event('PT24H', '20260328T220000', 'DURATION:PT24H')
text += event('night', '20261024T023000', 'RRULE:FREQ=DAILY;COUNT=3') + 'END:VCALENDAR\n'
found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2026, 3, 1), (2026, 11, 30))
for one in sorted(found, key=lambda one: (one['UID'], one['DTSTART'].dt)):
    at = one['DTSTART'].dt if one['UID'] == 'night' else one['DTEND'].dt
    print(one['UID'], at.astimezone(timezone.utc).strftime('%m-%dT%H:%MZ'))
PY
seen=$(PYTHONPATH=usr/lib/python3/dist-packages /usr/bin/python3 look.py)
printf 'recurring-ical-events 2.0.1, icalendar 4.0.3\n%s\n' "$seen"
expected='P1D 03-29T21:00Z
PT24H 03-29T21:00Z
night 10-24T00:30Z
night 10-25T01:30Z
night 10-26T01:30Z'
[ "$seen" = "$expected" ]
