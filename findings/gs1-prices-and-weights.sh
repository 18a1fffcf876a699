#!/usr/bin/env bash
# bark-js 1.2.1 and gs1js 0.0.2 (npm) and what scales print behind the number of an article (GS1-128, DataBar); gs1-barcode-parser-mod 1.2.1
# stands beside them. GS1's list of Application Identifiers: 3103 (n4+n6) is a net weight in kg with three places, 3932 (n4+n3+n..15) a price with two places
# behind the number of its currency; General Specifications, 3.4.7: a day 00 of 17 is the last one of its month.
# Guess before the run: 1.250 kg; 19.99 in the currency 985 (PLN); 2027-02-28, by all three.
# Seen: bark-js has the number of the currency within the price, 98519.99, no word said, and gives 2027-02-00, which is no date. gs1js knows no identifiers of
# four digits and cuts them in two: the weight is 31 with the value 03001250, the price 39 with 329851999, without an error.
# Whoever takes prices by bark-js cuts three digits off what is under 391n and 393n; gs1js is for those of two digits alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bark-js@1.2.1 gs1js@0.0.2 gs1-barcode-parser-mod@1.2.1 >/dev/null
cat >look.cjs <<'JS'
const { GS1Reader } = require('gs1js')
const bark = require('bark-js')
const { parseBarcode } = require('gs1-barcode-parser-mod')

const readers = {
  'bark-js': (code) => bark(code).elements.map(({ ai, value }) => `${ai} ${value}`),
  gs1js: (code) => new GS1Reader(code).getApplicationIdentifiers().map(({ identifier, value }) => `${identifier} ${value}`),
  'gs1-barcode-parser-mod': (code) =>
    parseBarcode(code).parsedCodeItems.map(({ ai, data, unit }) => `${ai} ${data instanceof Date ? day(data) : data}${unit ? ` ${unit}` : ''}`),
}
/** It makes dates by the clock of the machine. */
const day = (date) => [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
const item = '0105901234123457'
for (const [what, code] of Object.entries({ '1.250 kg': '3103001250', '19.99 PLN': '39329851999', 'February 2027': '17270200' })) {
  for (const [name, read] of Object.entries(readers)) console.log(`${what}, ${name}: ${read(item + code).slice(1).join(', ')}`)
}
JS
seen=$(node look.cjs)
expected='1.250 kg, bark-js: 3103 001.250
1.250 kg, gs1js: 31 03001250
1.250 kg, gs1-barcode-parser-mod: 3103 1.25 KGM
19.99 PLN, bark-js: 3932 98519.99
19.99 PLN, gs1js: 39 329851999
19.99 PLN, gs1-barcode-parser-mod: 3932 19.99 985
February 2027, bark-js: 17 2027-02-00
February 2027, gs1js: 17 270200
February 2027, gs1-barcode-parser-mod: 17 2027-02-28'
printf 'bark-js 1.2.1, gs1js 0.0.2, gs1-barcode-parser-mod 1.2.1\n%s\n' "$seen"
[ "$seen" = "$expected" ]
