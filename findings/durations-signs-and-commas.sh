#!/usr/bin/env bash
# date-duration 2.0.0 and @musement/iso-duration 1.0.0 (npm) and durations as calendars and schedules have them. RFC 5545, 3.3.6: a duration may have a sign in front, and 3.8.6.3 has
# -PT15M, a quarter of an hour before the start; ISO 8601 has the comma before a fraction as well as the point, and calls it the preferred sign; XML Schema's
# duration (Part 2, 3.2.6) knows the sign, too.
# Guess before the run: 15 minutes before 02:00 is 01:45, or an error, and so is a day before; PT1,5H is an hour and a half, as PT1.5H is, or an error.
# Seen: date-duration drops the sign, so a warning that should come before a night's maintenance comes within it, and -P1D is tomorrow; written out again it is P1D. Fractions are
# errors with it. @musement/iso-duration drops the comma and what is behind it: PT1,5H is one hour, PT0,5H is nothing at all, P0D when written out; with a point it is right,
# and a sign is an error. Neither says a word of what it drops.
# Whoever reads durations with them looks for a sign and a comma first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund date-duration@2.0.0 @musement/iso-duration@1.0.0 >/dev/null
cat >look.mjs <<'JS'
import { isoDuration } from '@musement/iso-duration'
import Duration from 'date-duration'

const said = (act) => {
  try {
    return act()
  } catch {
    return 'an error'
  }
}
const start = new Date('2026-12-01T02:00:00Z')
for (const text of ['PT15M', '-PT15M', '-P1D', 'PT1.5H', 'PT1,5H', 'PT0,5H']) {
  const moved = said(() => `${Duration(text).addTo(start).toISOString().slice(5, 16)}, written ${Duration(text)}`)
  const read = said(() => `${isoDuration(text).parse().hours} h ${isoDuration(text).parse().minutes} min, written ${isoDuration(text)}`)
  console.log(`${text}: date-duration ${moved}; @musement/iso-duration ${read}`)
}
JS
seen=$(TZ=UTC node look.mjs)
printf 'date-duration 2.0.0, @musement/iso-duration 1.0.0\n%s\n' "$seen"
expected='PT15M: date-duration 12-01T02:15, written PT15M; @musement/iso-duration 0 h 15 min, written PT15M
-PT15M: date-duration 12-01T02:15, written PT15M; @musement/iso-duration an error
-P1D: date-duration 12-02T02:00, written P1D; @musement/iso-duration an error
PT1.5H: date-duration an error; @musement/iso-duration 1.5 h 0 min, written PT1.5H
PT1,5H: date-duration an error; @musement/iso-duration 1 h 0 min, written PT1H
PT0,5H: date-duration an error; @musement/iso-duration 0 h 0 min, written P0D'
[ "$seen" = "$expected" ]
