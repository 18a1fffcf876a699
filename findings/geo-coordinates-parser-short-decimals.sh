#!/usr/bin/env bash
# geo-coordinates-parser 1.7.4 (npm) and places of stores in decimal degrees with one or two digits behind the point, as lists have them that were rounded, or
# whose zeros at the end a spreadsheet has dropped. RFC 7946, 4: decimal degrees; RFC 5870, 3.3: one digit behind the point or more (`1*DIGIT`). coordinate-parser 1.0.7 stands beside it.
# Its page says that 24.56S 26.48E, with letters, is degrees and minutes, and that 24.0, 26.0 is an error.
# Guess before the run: London's "51.5, -0.12" is 51.5 and -0.12, Accra's "5.6, -0.19" and Kampala's "0.32, 32.58" too, as they are with four digits.
# Seen: with few digits the point is taken for the sign between degrees and minutes: 51.5 is 51 degrees and 5 minutes, 51.083, and -0.12 is +0.2, east of Greenwich;
# Kampala is at 0.533, 32.967. No error is told: London is 50 km away, Accra nearly 80, both on the other side of the meridian. Four digits are right.
# "52.2297, 0.5", with four on one side and one on the other, is an error.
# Whoever reads lists with it writes out five digits behind each point first; then all are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund geo-coordinates-parser@1.7.4 coordinate-parser@1.0.7 >/dev/null
cat >look.cjs <<'JS'
const { convert } = require('geo-coordinates-parser')
const Coordinates = require('coordinate-parser')

const readers = {
  'geo-coordinates-parser': (text) => {
    const { decimalLatitude, decimalLongitude } = convert(text)
    return `${decimalLatitude} ${decimalLongitude}`
  },
  'coordinate-parser': (text) => {
    const place = new Coordinates(text)
    return `${place.getLatitude()} ${place.getLongitude()}`
  },
}
for (const text of ['51.5, -0.12', '51.50000, -0.12000', '5.6, -0.19', '0.32, 32.58', '52.2297, 0.5', '52.22970, 0.50000', '52.2297, 21.0122']) {
  for (const [name, read] of Object.entries(readers)) {
    let place
    try {
      place = read(text)
    } catch {
      place = 'an error'
    }
    console.log(`${text}, ${name}: ${place}`)
  }
}
JS
seen=$(node look.cjs)
printf 'geo-coordinates-parser 1.7.4, coordinate-parser 1.0.7\n%s\n' "$seen"
expected='51.5, -0.12, geo-coordinates-parser: 51.08333 0.2
51.5, -0.12, coordinate-parser: 51.5 -0.12
51.50000, -0.12000, geo-coordinates-parser: 51.5 -0.12
51.50000, -0.12000, coordinate-parser: 51.5 -0.12
5.6, -0.19, geo-coordinates-parser: 5.1 0.31667
5.6, -0.19, coordinate-parser: 5.6 -0.19
0.32, 32.58, geo-coordinates-parser: 0.53333 32.96667
0.32, 32.58, coordinate-parser: 0.32 32.58
52.2297, 0.5, geo-coordinates-parser: an error
52.2297, 0.5, coordinate-parser: 52.2297 0.5
52.22970, 0.50000, geo-coordinates-parser: 52.2297 0.5
52.22970, 0.50000, coordinate-parser: 52.2297 0.5
52.2297, 21.0122, geo-coordinates-parser: 52.2297 21.0122
52.2297, 21.0122, coordinate-parser: 52.2297 21.0122'
[ "$seen" = "$expected" ]
