#!/usr/bin/env bash
# edifact 1.2.12 (npm), "an ES6 streaming parser", whose `write(chunk)` takes an order of a supplier piece by piece, as a file or a connection gives it.
# ISO 9735-1, 5 (service characters): the release character ? gives the sign behind it back its own meaning, so that ?' is an apostrophe and ?+ a plus.
# Guess before the run: the same segments wherever the text is cut.
# Seen: where ? is the last character of a piece, it is forgotten, and the sign behind it counts as a separator. Of "TEA 5 O??" the name takes in the tag of
# the segment behind it, so that the line has no quantity (QTY) any more; of "JAM+10 PCT" the name is JAM, of "RATIO 1:2" it is "RATIO 1", and the rest of "JOE'S" is a segment "S". No
# error is told. Other cuts are right. In a file that is read by pieces of 64 KiB it is one line among thousands.
# Whoever reads with it gives the whole text to one `write`, or keeps back a ? at the end of a piece for the next one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund edifact@1.2.12 >/dev/null
cat >look.cjs <<'JS'
const { createReadStream, writeFileSync } = require('node:fs')
const { Parser } = require('edifact')

const piece = 64 * 1024
const head = "UNB+UNOA:4+5901234123457:14+5901234123464:14+20261202:0930+42'UNH+1+ORDERS:D:96A:UN'BGM+220+PO412'"
/** Lines of an order; `name` is written by its release characters. */
const line = (name) => `LIN+1++5901234123457:EN'IMD+F++:::${name}'QTY+21:12.5'`

async function read(name) {
  // A free text before it is as long as it takes for the first ? of the name to be the last character of a piece, or of none.
  for (const [where, shift] of [['within a piece', 9], ['at its end', 0]]) {
    const before = `${head}FTX+AAI+++`
    const filling = piece - before.length - 1 - line(name).indexOf('?') - 1 - shift
    writeFileSync('order.edi', `${before}${'X'.repeat(filling)}'${line(name)}UNT+7+1'UNZ+1+42'`)
    const segments = []
    const parser = new Parser()
    parser.onopensegment = (tag) => segments.push([tag])
    parser.onelement = () => segments.at(-1).push([])
    parser.oncomponent = (value) => segments.at(-1).at(-1).push(value)
    let said = ''
    try {
      for await (const chunk of createReadStream('order.edi', { encoding: 'latin1', highWaterMark: piece })) parser.write(chunk)
      parser.end()
    } catch (error) {
      said = ` ${error.message}`
    }
    const told = segments.slice(5).filter(([tag]) => !tag.startsWith('UN')).map((elements) => elements.map(String).join('|'))
    console.log(`${name}, ${where}: ${told.join(' ')}${said}`)
  }
}
;(async () => {
  for (const name of ['TEA 5 O??', 'JAM?+10 PCT', 'RATIO 1?:2', "JOE?'S"]) await read(name)
})()
JS
seen=$(node look.cjs)
printf 'edifact 1.2.12\n%s\n' "$seen"
expected='TEA 5 O??, within a piece: IMD|F||,,,TEA 5 O? QTY|21,12.5
TEA 5 O??, at its end: IMD|F||,,,TEA 5 O'\''QTY|21,12.5
JAM?+10 PCT, within a piece: IMD|F||,,,JAM+10 PCT QTY|21,12.5
JAM?+10 PCT, at its end: IMD|F||,,,JAM|10 PCT QTY|21,12.5
RATIO 1?:2, within a piece: IMD|F||,,,RATIO 1:2 QTY|21,12.5
RATIO 1?:2, at its end: IMD|F||,,,RATIO 1,2 QTY|21,12.5
JOE?'\''S, within a piece: IMD|F||,,,JOE'\''S QTY|21,12.5
JOE?'\''S, at its end: IMD|F||,,,JOE S QTY|21,12.5'
[ "$seen" = "$expected" ]
