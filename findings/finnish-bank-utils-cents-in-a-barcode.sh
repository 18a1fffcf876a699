#!/usr/bin/env bash
# finnish-bank-utils 1.3.3 (npm) and the bar code of a bill, as stores in Finland pay them and print them. Finance Finland's guide to bank bar codes: 54 digits, which are the version (4), 16
# of the account, 6 of euros and 2 of cents, 3 zeros, 20 of the reference and 6 of the day due.
# Guess before the run: each amount with two decimals makes 54 digits, which the package itself reads back as the same amount; 12.50 and 100 do.
# Seen: cents are what is left of the amount by 100, as a binary fraction: 0.29 euros put "28.999999999999996" into the code, 19.99 puts "1998.9999999999977" there. The
# text of 70 signs with a point in it is given back as a bar code, with no error, and the package says `false` to it. Of the amounts from 0.01 to 99.99 it is so with 1146.
# Whoever prints bills by it looks whether a code is of 54 digits, or reads each one back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund finnish-bank-utils@1.3.3 >/dev/null
cat >look.js <<'JS'
const bank = require('finnish-bank-utils')

const code = (sum) => bank.formatFinnishVirtualBarCode({ iban: 'FI2112345600000785', sum, reference: '12345672', date: '31.12.2026' })
for (const sum of [12.5, 100, 0.29, 8.2, 19.99]) console.log(`${sum}: ${code(sum)}, read back ${bank.parseFinnishVirtualBarCode(code(sum)).sum}`)
const wrong = Array.from({ length: 9999 }, (_, index) => (index + 1) / 100).filter((sum) => !/^\d{54}$/.test(code(sum)))
console.log(`no 54 digits: ${wrong.length} of 9999`)
JS
seen=$(node look.js)
printf 'finnish-bank-utils 1.3.3\n%s\n' "$seen"
expected='12.5: 421123456000007850000125000000000000000012345672261231, read back 12.5
100: 421123456000007850001000000000000000000012345672261231, read back 100
0.29: 4211234560000078500000028.99999999999999600000000000000012345672261231, read back undefined
8.2: 4211234560000078500000819.99999999999988600000000000000012345672261231, read back undefined
19.99: 4211234560000078500001998.9999999999997700000000000000012345672261231, read back undefined
no 54 digits: 1146 of 9999'
[ "$seen" = "$expected" ]
