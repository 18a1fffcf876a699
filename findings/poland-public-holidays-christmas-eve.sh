#!/usr/bin/env bash
# poland-public-holidays 4.0.0 (npm) and 24 December, which is a public holiday in Poland since 2025 (law of 6 December 2024, in force from
# 1 February 2025), on which shops may not trade. date-holidays 3.37.0 stands beside it.
# Guess before the run: a holiday in 2026, none in 2024, by both.
# Seen: poland-public-holidays has a working day in each year, and 13 holidays in place of 14, no word said. All others of 2026 are the same. Whoever closes stores,
# plans waves or promises times by it counts with a day of trade that is none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund poland-public-holidays@4.0.0 date-holidays@3.37.0 >/dev/null
cat >look.cjs <<'JS'
const Holidays = require('date-holidays')
const poland = require('poland-public-holidays')

const day = (date) => new Date(date).toISOString().slice(0, 10)
for (const year of [2024, 2026]) {
  const here = poland.getHolidaysInYear(year).map(({ date }) => day(date))
  const there = new Holidays('PL').getHolidays(year).flatMap(({ date, type }) => (type === 'public' ? [date.slice(0, 10)] : []))
  const only = (some, others) => some.filter((one) => !others.includes(one)).join(' ') || 'nothing'
  console.log(`${year}: ${here.length} and ${there.length}; only in poland-public-holidays ${only(here, there)}, only in date-holidays ${only(there, here)}`)
}
console.log(`2026-12-24 is a working day: ${poland.isWorkingDay(new Date(2026, 11, 24))}`)
JS
seen=$(TZ=UTC node look.cjs)
printf 'poland-public-holidays 4.0.0, date-holidays 3.37.0\n%s\n' "$seen"
expected='2024: 13 and 13; only in poland-public-holidays nothing, only in date-holidays nothing
2026: 13 and 14; only in poland-public-holidays nothing, only in date-holidays 2026-12-24
2026-12-24 is a working day: true'
[ "$seen" = "$expected" ]
