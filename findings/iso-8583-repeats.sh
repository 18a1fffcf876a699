#!/usr/bin/env bash
# iso_8583 2.6.7 and the repeats of a reversal. ISO 8583:1987, message types: an advice of a reversal is 0420; until it is answered it is sent
# again as 0421, as often as it takes; the answer to either is 0430. The package's own table of types says so too.
# Guess before the run: `toRetransmit` makes 0421 of 0420 and leaves 0421 as it is; `toResponse` makes 0430 of both.
# Seen: the second repeat is 0422, whose last digit says that the issuer sent it, and the answer to a repeat is 0431. The package then refuses
# to pack what it made: an object with `error` comes back in place of bytes, and the message that was given has the new type already.
# So a terminal falls silent at its second try, and a host that answers with it answers no repeat: a sale that was taken back stays
# charged to the customer. Both are to be made by hand: the last digit 1 for every repeat, and 0 for every answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund iso_8583@2.6.7 >/dev/null
cat >look.cjs <<'JS'
const Message = require('iso_8583')

const reversal = {
  0: '0420', 2: '4761739001010119', 3: '000000', 4: '000000005000', 7: '0911131411', 11: '000042', 37: '000000000042',
  41: 'TILL0001', 42: 'STORE0412      ', 49: '978',
}
for (const steps of [['toRetransmit'], ['toResponse'], ['toRetransmit', 'toRetransmit'], ['toRetransmit', 'toResponse']]) {
  const message = new Message({ ...reversal })
  for (const step of steps) message[step]()
  const bytes = message.getBufferMessage()
  console.log(`0420 ${steps.join(' ')}: ${message.Msg[0]}, ${Buffer.isBuffer(bytes) ? 'packed' : bytes.error}`)
}
JS
seen=$(node look.cjs)
printf 'iso_8583 2.6.7\n%s\n' "$seen"
expected='0420 toRetransmit: 0421, packed
0420 toResponse: 0430, packed
0420 toRetransmit toRetransmit: 0422, bitmap error, iso message type undefined or invalid
0420 toRetransmit toResponse: 0431, bitmap error, iso message type undefined or invalid'
[ "$seen" = "$expected" ]
