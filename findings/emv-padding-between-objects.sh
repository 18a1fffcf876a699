#!/usr/bin/env bash
# node-emv 1.0.23, node-tlv 1.5.14 and ber-tlv 0.9.2 (npm) and the data of a card payment (field 55) with bytes 00 between its objects. EMV 4.3, Book 3, annex B1:
# before, between and after them 00 may stand, without any meaning; cards and terminals leave them where they took an object out.
# Guess before the run: the amount (9F02), the country 0616 (9F1A) and the day (9A), as if the 00 were not there, by all three.
# Seen: ber-tlv reads so. node-emv takes 00 for a name: behind it country and day are gone, in the value of an object "0" (one 00) or "9" (two), without an
# error; the amount before it is right, so that it looks whole. node-tlv says "Invalid length" for one, and gives an object "00" for two.
# Whoever checks receipts against a terminal's data by node-emv takes the 00 out first: between objects, since values have them, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-emv@1.0.23 node-tlv@1.5.14 ber-tlv@0.9.2 >/dev/null
cat >look.cjs <<'JS'
const { TlvFactory } = require('ber-tlv')
const emv = require('node-emv')
const tlv = require('node-tlv')

const readers = {
  'ber-tlv': (hex) => TlvFactory.parse(hex).map(({ tag, value }) => [tag, value.toString('hex')]),
  'node-emv': (hex) => {
    let found
    emv.parse(hex, (read) => {
      found = read.map(({ tag, value }) => [tag, value])
    })
    return found
  },
  'node-tlv': (hex) => tlv.parseList(hex).map(({ tag, value }) => [tag, value]),
}
const [amount, others] = ['9F0206000000012500', '9F1A0206169A03261201']
for (const padding of ['', '00', '0000']) {
  for (const [name, read] of Object.entries(readers)) {
    let said
    try {
      said = read(amount + padding + others).map(([tag, value]) => `${tag}=${value}`).join(' ')
    } catch (error) {
      said = `${error.message ?? error}`
    }
    console.log(`"${padding}" ${name}: ${said}`)
  }
}
JS
seen=$(node look.cjs)
printf 'node-emv 1.0.23, node-tlv 1.5.14, ber-tlv 0.9.2\n%s\n' "$seen"
expected='"" ber-tlv: 9F02=000000012500 9F1A=0616 9A=261201
"" node-emv: 9F02=000000012500 9F1A=0616 9A=261201
"" node-tlv: 9F02=000000012500 9F1A=0616 9A=261201
"00" ber-tlv: 9F02=000000012500 9F1A=0616 9A=261201
"00" node-emv: 9F02=000000012500 0=F1A0206169A0326120 1=
"00" node-tlv: Invalid length
"0000" ber-tlv: 9F02=000000012500 9F1A=0616 9A=261201
"0000" node-emv: 9F02=000000012500 0= 9=1A0206169A03261201
"0000" node-tlv: 9F02=000000012500 00= 9F1A=0616 9A=261201'
[ "$seen" = "$expected" ]
