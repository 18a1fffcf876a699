#!/usr/bin/env bash
# @evologi/fixed-width 1.1.0 (npm), a reader and writer of files with columns, and a journal of a till whose amounts are in cents with zeros in front, as older back offices take
# and give it. Its page: a field has a width, `align` ("left" or "right") and `pad`, the sign that fills it up, which is "also the trimming value removed while parsing".
# Guess before the run: an amount of 1250 that is aligned to the right with zeros is written 00001250, and the same fields read 1250 back; 0 is 0.
# Seen: what is written is right; what is read has lost zeros at both ends, since `trim` does not go by `align`: 1250 is "125", 10000 is "1", 0 is an empty text; as numbers 125,
# 1 and 0. The fields of the page's own example for writing (an age of 30, as 030) read 3. So receipts that end in a zero are a tenth of what they were or less, and
# those that end in 5 are right, which hides it. Filled up with blanks amounts are right.
# Whoever reads such files by it takes a blank for `pad` where it reads, and zeros only where it writes. `trim: 'left'` holds for all fields, and leaves blanks behind names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @evologi/fixed-width@1.1.0 >/dev/null
cat >look.mjs <<'JS'
import { parse, stringify } from '@evologi/fixed-width'

const fields = (pad) => [
  { property: 'till', width: 5, align: 'left', pad: ' ' },
  { property: 'amount', width: 8, align: 'right', pad },
]
const journal = [1250, 1255, 10000, 0].map((amount) => ({ till: 'pos1', amount }))
const written = stringify(journal, { fields: fields('0') })
console.log(`written: ${written.trim().split('\n').join(', ')}`)
const read = (pad, more = {}) => parse(written, { fields: fields(pad).map((field) => (field.property === 'amount' ? { ...field, ...more } : field)) })
console.log(`read with "0": ${read('0').map((row) => `"${row.amount}"`).join(', ')}`)
console.log(`as numbers: ${read('0', { cast: Number }).map((row) => row.amount).join(', ')}`)
console.log(`read with " ", as numbers: ${read(' ', { cast: Number }).map((row) => row.amount).join(', ')}`)
JS
seen=$(node look.mjs)
printf '@evologi/fixed-width 1.1.0\n%s\n' "$seen"
expected='written: pos1 00001250, pos1 00001255, pos1 00010000, pos1 00000000
read with "0": "125", "1255", "1", ""
as numbers: 125, 1255, 1, 0
read with " ", as numbers: 1250, 1255, 10000, 0'
[ "$seen" = "$expected" ]
