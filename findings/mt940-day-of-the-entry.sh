#!/usr/bin/env bash
# mt940-js 1.0.0 and mt940js 1.3.5, two libraries, and a bank statement (MT940) over the turn of the year, which takings and card settlements
# of stores are held against. Field :61: has the value date with its year (YYMMDD) and the day of the entry without one (MMDD).
# Guess before the run: an entry of 2 January for a value of 31 December 2026 is of 2027; one of 31 December for a value of 1 January
# 2027 is of 2026.
# Seen: both take the year of the value date for the entry: 2026-01-02 and 2027-12-31, a year off each.
# Whoever looks for what is missing by the day of the entry gives it the year that brings it nearest to the value date.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mt940-js@1.0.0 mt940js@1.3.5 tslib@2.8.1 >/dev/null
cat >look.cjs <<'JS'
const { read } = require('mt940-js')
const { Parser } = require('mt940js')

const statement = [
  ':20:TAKINGS', ':25:PL12109010140000071219812874', ':28C:1/1', ':60F:C261230PLN100,00',
  ':61:2612310102C12,50NTRFNONREF', ':86:takings', ':61:2701011231C12,50NTRFNONREF', ':86:takings', ':62F:C270102PLN125,00', '-',
].join('\r\n')
const show = (date) => (date instanceof Date ? date.toISOString().slice(0, 10) : date)
read(Buffer.from(statement)).then(([{ transactions }]) => {
  for (const { valueDate, entryDate } of transactions) console.log(`mt940-js: value ${valueDate}, entry ${entryDate}`)
  for (const { date, entryDate } of new Parser().parse(statement)[0].transactions) {
    console.log(`mt940js: value ${show(date)}, entry ${show(entryDate)}`)
  }
})
JS
seen=$(TZ=UTC node look.cjs)
printf 'mt940-js 1.0.0, mt940js 1.3.5\n%s\n' "$seen"
expected='mt940-js: value 2026-12-31, entry 2026-01-02
mt940-js: value 2027-01-01, entry 2027-12-31
mt940js: value 2026-12-31, entry 2026-01-02
mt940js: value 2027-01-01, entry 2027-12-31'
[ "$seen" = "$expected" ]
