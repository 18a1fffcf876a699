#!/usr/bin/env bash
# escpos 2.5.2 and node-thermal-printer 4.6.1 (EPSON; TANCA, DARUMA and CUSTOM send the same) and the command that opens a cash drawer. Epson's
# ESC p m t1 t2 (specification of TM-T88III, "Generate pulse") takes three bytes: the pin of the drawer (0 is pin 2, 1 is pin 5), and the
# times of the pulse, on and off, in steps of 2 ms.
# @node-escpos/core 0.6.0 stands beside them.
# Guess before the run: 1b 70 00 and two times for pin 2, the same with 01 for pin 5 where both are opened; what is printed behind it is
# left alone.
# Seen: none of the two sends times, so a printer takes the next two bytes for them. With escpos the total "TOTAL 12.50" is "TAL 12.50" on
# paper; where the drawer is the last thing of a receipt, the printer waits, and opens it with the first two bytes of the next
# one, whose start (here ESC @) is gone. node-thermal-printer opens both pins by two commands in a row: the second one's start
# is the first one's times, so pin 5 is never opened. @node-escpos/core is right.
# Whoever opens drawers with them sends 1b 70 00 19 78 as bytes of one's own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund escpos@2.5.2 node-thermal-printer@4.6.1 @node-escpos/core@0.6.0 >/dev/null
cat >look.cjs <<'JS'
const { Printer: Old } = require('escpos')
const { Printer: New } = require('@node-escpos/core')
const { PrinterTypes, ThermalPrinter } = require('node-thermal-printer')

/** What a printer makes of bytes, as far as ESC p and ESC @ go: the rest is text. */
function made(bytes) {
  const found = []
  let text = ''
  for (let at = 0; at < bytes.length; at++) {
    const begins = (second) => bytes[at] === 0x1b && bytes[at + 1] === second
    if (begins(0x70)) {
      const times = bytes.subarray(at + 3, at + 5)
      found.push(times.length < 2 ? 'waits' : `opens pin ${bytes[at + 2] ? 5 : 2} (${times.toString('hex')})`)
      at += 4
    } else if (begins(0x40)) {
      found.push('starts anew')
      at++
    } else if (bytes[at] >= 0x20) text += String.fromCharCode(bytes[at])
  }
  return `${found.join(', ')}; text "${text}"`
}
async function by(Printer, act) {
  const written = []
  const port = { open() {}, close() {}, on() {}, write(bytes, done) { written.push(Buffer.from(bytes)); done?.() } }
  const printer = new Printer(port, { encoding: 'CP437' })
  act(printer)
  await printer.flush()
  return Buffer.concat(written)
}
async function look() {
  for (const [name, Printer] of [['escpos', Old], ['@node-escpos/core', New]]) {
    console.log(`${name}, before text: ${made(await by(Printer, (printer) => printer.cashdraw(2).text('TOTAL 12.50')))}`)
    const last = await by(Printer, (printer) => printer.cashdraw(2))
    console.log(`${name}, last: ${made(last)}`)
    console.log(`${name}, with the next receipt: ${made(Buffer.concat([last, Buffer.from('\x1b@RECEIPT 2')]))}`)
  }
  const printer = new ThermalPrinter({ type: PrinterTypes.EPSON, interface: 'tcp://127.0.0.1' })
  printer.openCashDrawer()
  printer.println('TOTAL 12.50')
  console.log(`node-thermal-printer: ${made(printer.getBuffer())}`)
}
look()
JS
seen=$(node look.cjs)
printf 'escpos 2.5.2, @node-escpos/core 0.6.0, node-thermal-printer 4.6.1\n%s\n' "$seen"
expected='escpos, before text: opens pin 2 (544f); text "TAL 12.50"
escpos, last: waits; text ""
escpos, with the next receipt: opens pin 2 (1b40); text "RECEIPT 2"
@node-escpos/core, before text: opens pin 2 (1978); text "TOTAL 12.50"
@node-escpos/core, last: opens pin 2 (1978); text ""
@node-escpos/core, with the next receipt: opens pin 2 (1978), starts anew; text "RECEIPT 2"
node-thermal-printer: opens pin 2 (1b70); text "TOTAL 12.50"'
[ "$seen" = "$expected" ]
