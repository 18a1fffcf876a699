#!/usr/bin/env bash
# write-excel-file 4.1.1 and read-excel-file 9.3.17, a pair by one author, and a text that has `_x000D_` of its own, as the errors of PowerShell
# have it in CLIXML, or a code of a promotion that looks like one. ECMA-376, 22.9.2.19 (ST_Xstring): in a workbook _xHHHH_ stands
# for a character, and a text that has it of its own is written with _x005F_ in the place of its first underscore.
# Guess before the run: what one of them writes the other one reads as it was.
# Seen: the reader undoes the escape, as Excel does, and the writer makes none: PROMO_x0041_B comes back as PROMOAB, and the error of
# PowerShell without its end. With the underscore escaped before it is written, both come back. Whoever compares codes over such a
# workbook does that; which versions read escapes differs too (read-excel-file 5.8.7 leaves them as they stand).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund write-excel-file@4.1.1 read-excel-file@9.3.17 old@npm:read-excel-file@5.8.7 >/dev/null
cat >look.mjs <<'JS'
import readOld from 'old/node'
import { readSheet } from 'read-excel-file/node'
import writeBook from 'write-excel-file/node'

const texts = ['PROMO_x0041_B', 'The till is busy._x000D__x000A_']
const escaped = texts.map((text) => text.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_'))
for (const [name, row] of [['as they are', texts], ['escaped', escaped]]) {
  await writeBook([row.map((value) => ({ value }))]).toFile('book.xlsx')
  console.log(`${name}, read by 9.3.17: ${JSON.stringify(await readSheet('book.xlsx'))}`)
  console.log(`${name}, read by 5.8.7: ${JSON.stringify(await readOld('book.xlsx'))}`)
}
JS
seen=$(node look.mjs)
printf 'write-excel-file 4.1.1, read-excel-file 9.3.17 and 5.8.7\n%s\n' "$seen"
expected='as they are, read by 9.3.17: [["PROMOAB","The till is busy."]]
as they are, read by 5.8.7: [["PROMO_x0041_B","The till is busy._x000D__x000A_"]]
escaped, read by 9.3.17: [["PROMO_x0041_B","The till is busy._x000D__x000A_"]]
escaped, read by 5.8.7: [["PROMO_x005F_x0041_B","The till is busy._x005F_x000D__x005F_x000A_"]]'
[ "$seen" = "$expected" ]
