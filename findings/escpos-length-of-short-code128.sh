#!/usr/bin/env bash
# escpos 2.5.2 and @node-escpos/core 0.6.0 and barcodes of CODE128 (and CODE93) on a receipt. Epson's command is GS k m n d1...dn: n is
# how many bytes of data follow, and a printer takes that many ("GS k", function B, m = 72 and 73; manuals of compatible printers say
# the same).
# Guess before the run: behind GS k 73 comes the length, 7 for "{BTill1" and 20 for "{BReceipt-000412-178", and the total behind the barcode
# is printed as text.
# Seen: codes of 1 to 15 characters have no length (it is made by way of a hexadecimal text, of which one digit alone is dropped), so the
# first character of the code stands for it: "{" is 123, and the printer swallows the rest of the code and the 117 bytes behind it, the total
# and the cut with them; of a code that begins with a digit, 48 to 57. From 16 characters to 127 both are right; no error is told.
# Whoever prints numbers of receipts, vouchers or deposit slips with them pads codes to 16 characters, or writes these bytes itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund escpos@2.5.2 @node-escpos/core@0.6.0 >/dev/null
cat >look.cjs <<'JS'
const { Printer: Old } = require('escpos')
const { Printer: New } = require('@node-escpos/core')

/** What a printer does with the bytes, as far as GS k of function B goes. */
function printed(bytes) {
  const at = bytes.indexOf(Buffer.from([0x1d, 0x6b, 73]))
  const length = bytes[at + 3]
  const data = bytes.subarray(at + 4, at + 4 + length).toString('latin1')
  const total = data.includes('TOTAL') ? 'in the barcode' : 'printed'
  return `n is ${length}, ${data.length} bytes are there, the total is ${total}`
}
async function look(name, Printer) {
  for (const code of ['{BTill1', '0412178', '{BReceipt-000412-178']) {
    const written = []
    const port = { open() {}, close() {}, on() {}, write(bytes, done) { written.push(Buffer.from(bytes)); done?.() } }
    const printer = new Printer(port, { encoding: 'CP437' })
    printer.barcode(code, 'CODE128', {})
    printer.text('TOTAL EUR 12.50')
    await printer.flush()
    console.log(`${name}, ${code}: ${printed(Buffer.concat(written))}`)
  }
}
look('escpos', Old).then(() => look('@node-escpos/core', New))
JS
seen=$(node look.cjs)
printf 'escpos 2.5.2, @node-escpos/core 0.6.0\n%s\n' "$seen"
expected='escpos, {BTill1: n is 123, 23 bytes are there, the total is in the barcode
escpos, 0412178: n is 48, 23 bytes are there, the total is in the barcode
escpos, {BReceipt-000412-178: n is 20, 20 bytes are there, the total is printed
@node-escpos/core, {BTill1: n is 123, 23 bytes are there, the total is in the barcode
@node-escpos/core, 0412178: n is 48, 23 bytes are there, the total is in the barcode
@node-escpos/core, {BReceipt-000412-178: n is 20, 20 bytes are there, the total is printed'
[ "$seen" = "$expected" ]
