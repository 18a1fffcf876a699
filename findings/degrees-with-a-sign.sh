#!/usr/bin/env bash
# dms-conversion 3.1.4 and coordinate-parser 1.0.7 (npm) and places south or west that are written with a sign in place of a letter, in degrees, minutes and
# seconds. ISO 6709 writes a place as one sign for degrees, minutes and seconds together (±DDMMSS, ±DDDMMSS: -335131 is south, -0000740 west of Greenwich).
# Guess before the run: -33°51'31" (Sydney) is -33.858611, -0°7'40" (London) is -0.127778, by both; with S and W for the sign too.
# Seen: dms-conversion takes the sign for the degrees alone and adds minutes and seconds: Sydney is at -32.141389, 190 km to the north, and London east of
# Greenwich at 0.127778. coordinate-parser has Sydney right, and London at 0.127778 too, since a zero has no sign. No word of it; with
# letters all are right, and so are decimal degrees.
# Whoever reads lists of stores with them writes letters, and looks at what lies within a degree of the equator or of Greenwich.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund dms-conversion@3.1.4 coordinate-parser@1.0.7 >/dev/null
cat >look.cjs <<'JS'
const { parseDms } = require('dms-conversion')
const Coordinates = require('coordinate-parser')

const places = {
  Sydney: [`-33°51'31"`, `33°51'31"S`],
  Nairobi: [`-1°17'32"`, `1°17'32"S`],
  'Greenwich Park': [`51°28'38"`, `51°28'38"N`],
}
for (const [name, spellings] of Object.entries(places)) {
  for (const text of spellings) {
    const place = new Coordinates(`${text} ${text.endsWith('"') ? `21°0'0"` : `21°0'0"E`}`)
    console.log(`${name}, ${text}: dms-conversion ${parseDms(text).toFixed(6)}, coordinate-parser ${place.getLatitude().toFixed(6)}`)
  }
}
for (const text of [`-0°7'40"`, `0°7'40"W`]) {
  const place = new Coordinates(`51°30'26"${text.endsWith('"') ? '' : 'N'} ${text}`)
  console.log(`London, ${text}: dms-conversion ${parseDms(text).toFixed(6)}, coordinate-parser ${place.getLongitude().toFixed(6)}`)
}
JS
seen=$(node look.cjs)
printf 'dms-conversion 3.1.4, coordinate-parser 1.0.7\n%s\n' "$seen"
expected='Sydney, -33°51'\''31": dms-conversion -32.141389, coordinate-parser -33.858611
Sydney, 33°51'\''31"S: dms-conversion -33.858611, coordinate-parser -33.858611
Nairobi, -1°17'\''32": dms-conversion -0.707778, coordinate-parser -1.292222
Nairobi, 1°17'\''32"S: dms-conversion -1.292222, coordinate-parser -1.292222
Greenwich Park, 51°28'\''38": dms-conversion 51.477222, coordinate-parser 51.477222
Greenwich Park, 51°28'\''38"N: dms-conversion 51.477222, coordinate-parser 51.477222
London, -0°7'\''40": dms-conversion 0.127778, coordinate-parser 0.127778
London, 0°7'\''40"W: dms-conversion -0.127778, coordinate-parser -0.127778'
[ "$seen" = "$expected" ]
