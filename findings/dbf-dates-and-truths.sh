#!/usr/bin/env bash
# dbf-reader 1.0.3 and node-dbf 0.4.0 (npm) and a list of prices in dBase's format (DBF), as older tills and back offices take and give it; dbffile 1.13.0 wrote it and reads it,
# too. dBase's file structure: a date (D) is its eight digits, year, month and day; a logical field (L) is one of T t Y y for yes, F f N n for no, ? or a blank where
# nothing was set; a number (N) that was never filled is blanks.
# Guess before the run: by all three, a promotion from 2026-12-01 that is on sale is true, one that is not is false, and where nothing was set there is nothing.
# Seen: dbf-reader has each date a month late: 2026-12-01 is 1 January 2027, and 31 January is 3 March; a price that was never filled is 0, and "not set" is false.
# node-dbf has null for each logical field, T and F as a blank, so that nothing is ever on sale; a price that was never filled is NaN. No word of any. dbffile reads what it
# wrote.
# Whoever takes lists by dbf-reader reads dates with dbffile, and looks for blanks before a price of 0 goes to a till.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund dbffile@1.13.0 dbf-reader@1.0.3 node-dbf@0.4.0 >/dev/null
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { DBFFile } = require('dbffile')
const { Dbf } = require('dbf-reader')
const Parser = require('node-dbf').default

const day = (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : value)
const show = (name, rows) => {
  for (const { EAN, FROM, SALE, PRICE } of rows) console.log(`${name} ${EAN}: from ${day(FROM)}, on sale ${SALE}, price ${PRICE}`)
}
const main = async () => {
  const file = await DBFFile.create('prices.dbf', [
    { name: 'EAN', type: 'C', size: 13 },
    { name: 'FROM', type: 'D', size: 8 },
    { name: 'SALE', type: 'L', size: 1 },
    { name: 'PRICE', type: 'N', size: 9, decimalPlaces: 2 },
  ])
  const at = (text) => new Date(`${text}T00:00:00Z`)
  await file.appendRecords([
    { EAN: '5901234123457', FROM: at('2026-12-01'), SALE: true, PRICE: 19.9 },
    { EAN: '5901234123464', FROM: at('2027-01-31'), SALE: false, PRICE: 4.49 },
    { EAN: '5901234123471', FROM: null, SALE: null, PRICE: null },
  ])
  show('dbffile', await (await DBFFile.open('prices.dbf')).readRecords())
  show('dbf-reader', Dbf.read(readFileSync('prices.dbf')).rows)
  const read = (name) =>
    new Promise((done) => {
      const rows = []
      const parser = new Parser(name)
      parser.on('record', (row) => rows.push(row))
      parser.on('end', () => done(rows))
      parser.parse()
    })
  show('node-dbf', await read('prices.dbf'))
}
main()
JS
seen=$(TZ=UTC node --no-deprecation look.cjs)
printf 'dbffile 1.13.0, dbf-reader 1.0.3, node-dbf 0.4.0\n%s\n' "$seen"
expected='dbffile 5901234123457: from 2026-12-01, on sale true, price 19.9
dbffile 5901234123464: from 2027-01-31, on sale false, price 4.49
dbffile 5901234123471: from null, on sale null, price null
dbf-reader 5901234123457: from 2027-01-01, on sale true, price 19.9
dbf-reader 5901234123464: from 2027-03-03, on sale false, price 4.49
dbf-reader 5901234123471: from null, on sale false, price 0
node-dbf 5901234123457: from 20261201, on sale null, price 19.9
node-dbf 5901234123464: from 20270131, on sale null, price 4.49
node-dbf 5901234123471: from , on sale null, price NaN'
[ "$seen" = "$expected" ]
