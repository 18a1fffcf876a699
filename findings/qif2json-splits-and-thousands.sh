#!/usr/bin/env bash
# qif2json 0.4.0 (npm) and takings in Quicken's format (QIF), as banks and accounting programs give them. Intuit's "Quicken interchange format (QIF) files": D is the date,
# T the amount, and of an entry that is split S is a category and $ its "dollar amount of split"; its own example has T-1,000.00 with a comma. Quicken in the
# USA writes 12/31'26 for a date.
# Guess before the run: amounts and splits with and without commas are the same numbers; a date that is none, read with the day first as it is unless `dateFormat`
# says "us", is told to be invalid, as the package does with others.
# Seen: of a split the digits before the first comma count: 1,000.00 is 1. Of an amount one comma is taken out, so a million and more is cut at the second one:
# 1,234,567.89 is 1234. With the day first, 12/31'26 is 12 July 2028, the 31st month of 2026. No word of any; below 1,000 all is right.
# Whoever takes over books with it takes the commas out of lines with T and $ first, gives `dateFormat`, and adds up the splits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund qif2json@0.4.0 >/dev/null
cat >look.cjs <<'JS'
const { parse } = require('qif2json')

for (const [amount, ...splits] of [['812.50', '700.00', '112.50'], ['1,234.56', '1,000.00', '234.56'], ['1,234,567.89', '1234000.00', '567.89']]) {
  const lines = splits.flatMap((split, place) => [`SSales:Till ${place + 1}`, `$${split}`])
  const { transactions } = parse(['!Type:Bank', "D12/31'26", `T${amount}`, ...lines, '^', ''].join('\n'), { dateFormat: 'us' })
  const [{ amount: read, date, division }] = transactions
  console.log(`${date.slice(0, 10)}, ${amount} of ${splits.join(' and ')}: ${read} of ${division.map((part) => part.amount).join(' and ')}`)
}
for (const date of ["31/12'26", "12/31'26", '1/13/27', '31.12.2026']) console.log(`${date}: ${parse(`!Type:Bank\nD${date}\nT1.00\n^\n`).transactions[0].date}`)
JS
seen=$(node look.cjs)
printf 'qif2json 0.4.0\n%s\n' "$seen"
expected='2026-12-31, 812.50 of 700.00 and 112.50: 812.5 of 700 and 112.5
2026-12-31, 1,234.56 of 1,000.00 and 234.56: 1234.56 of 1 and 234.56
2026-12-31, 1,234,567.89 of 1234000.00 and 567.89: 1234 of 1234000 and 567.89
31/12'\''26: 2026-12-31T00:00:00
12/31'\''26: 2028-07-12T00:00:00
1/13/27: 2028-01-01T00:00:00
31.12.2026: <invalid date:"31.12.2026">'
[ "$seen" = "$expected" ]
