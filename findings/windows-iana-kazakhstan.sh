#!/usr/bin/env bash
# windows-iana 5.1.0 (npm, the usual way from Windows names of time zones to IANA's and back): its table stands where CLDR stood before
# Kazakhstan moved. Since March 2024 Almaty has UTC+5, while Windows' "Central Asia Standard Time" is UTC+6, as in Bishkek; the package
# still leads from the one to the other, both ways. Whoever writes a scheduled task for a shop in Almaty by it is an hour early.
# Guess before the run: zones that Node.js 20 knows have a Windows name, and the way there and back keeps the offset.
# Seen: an hour between the two; Europe/Kyiv, Pacific/Kanton and America/Ciudad_Juarez have no Windows name at all.
# TimeZoneConverter 7.2.0 (NuGet) by CLDR 46 says Asia/Bishkek, "West Asia Standard Time" for Almaty, and FLE for Kyiv.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund windows-iana@5.1.0 >/dev/null
cat >look.cjs <<'JS'
const { findIana, findWindows } = require('windows-iana')
const at = new Date('2026-06-01T12:00:00Z')
const offset = (timeZone) =>
  new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at).find(({ type }) => type === 'timeZoneName').value
console.log(`Asia/Almaty is ${offset('Asia/Almaty')}, for the package ${findWindows('Asia/Almaty')}`)
const [first] = findIana('Central Asia Standard Time')
console.log(`Central Asia Standard Time is GMT+06:00, for the package ${first}, ${offset(first)}`)
for (const zone of ['Europe/Kyiv', 'Europe/Kiev', 'Pacific/Kanton', 'America/Ciudad_Juarez'])
  console.log(`${zone} is ${offset(zone)}, for the package ${findWindows(zone)[0] ?? 'none'}`)
JS
seen=$(node look.cjs)
expected='Asia/Almaty is GMT+05:00, for the package Central Asia Standard Time
Central Asia Standard Time is GMT+06:00, for the package Asia/Almaty, GMT+05:00
Europe/Kyiv is GMT+03:00, for the package none
Europe/Kiev is GMT+03:00, for the package FLE Standard Time
Pacific/Kanton is GMT+13:00, for the package none
America/Ciudad_Juarez is GMT-06:00, for the package none'
printf 'windows-iana 5.1.0\n%s\n' "$seen"
[ "$seen" = "$expected" ]
