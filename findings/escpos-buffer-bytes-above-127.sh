#!/usr/bin/env bash
# escpos-buffer 4.1.0 (npm), an Epson TM-T20, and what takes bytes above 127. Epson's ESC d n feeds n lines, 0 to 255; what GS ( k, function 180, stores for
# a QR code are bytes, of which readers of codes take UTF-8 (or ISO 8859-1) for text.
# Guess before the run: feeding 127, 128 and 200 lines is 1b 64 and one byte each, 7f, 80 and c8; "Чек 12" goes into the code as its 9 bytes of
# UTF-8, with 3 more as its length (0c 00).
# Seen: from 128 on the number of lines is written as a character of UTF-8, two bytes: 128 lines are 194 and 200 are 195, and the second byte is
# printed as a sign in front of what follows. Of a text in a code each character becomes its lowest byte: the length fits, and whoever
# reads the code finds `'5: 12`, no error told.
# Whoever prints with it feeds by 127 lines at most, and puts addresses into codes in percent encoding, as they are for a browser.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund escpos-buffer@4.1.0 >/dev/null
cat >look.cjs <<'JS'
const { InMemory, Printer } = require('escpos-buffer')

async function sent(work) {
  const connection = new InMemory()
  const printer = await Printer.CONNECT('TM-T20', connection)
  const before = connection.buffer().length
  await work(printer)
  return connection.buffer().subarray(before)
}
;(async () => {
  for (const lines of [127, 128, 200]) {
    console.log(`feed ${lines}: ${(await sent((printer) => printer.feed(lines))).toString('hex')}`)
  }
  for (const text of ['Check 12', 'Чек 12', '%D0%A7%D0%B5%D0%BA%2012']) {
    const bytes = await sent((printer) => printer.qrcode(text))
    // GS ( k pL pH 1 P 0 and the data, behind the commands for the kind, the size and the correction.
    const at = bytes.indexOf('1P0')
    const length = bytes.readUInt16LE(at - 2) - 3
    console.log(`code of "${text}": ${length} bytes, "${bytes.toString('utf8', at + 3, at + 3 + length)}"`)
  }
})()
JS
seen=$(node look.cjs)
printf 'escpos-buffer 4.1.0\n%s\n' "$seen"
expected='feed 127: 1b647f
feed 128: 1b64c280
feed 200: 1b64c388
code of "Check 12": 8 bytes, "Check 12"
code of "Чек 12": 6 bytes, "'"'"'5: 12"
code of "%D0%A7%D0%B5%D0%BA%2012": 23 bytes, "%D0%A7%D0%B5%D0%BA%2012"'
[ "$seen" = "$expected" ]
