#!/usr/bin/env bash
# node-pdu 2.1.1 (npm), for alarms by text message through a GSM modem. 3GPP TS 23.040, 9.2.3.11: the zone of a message's time is counted in quarters of an hour; a negative one
# has its bit set; 9.2.3.16: the user data of a message in the default alphabet are up to 160 septets, and a message in parts loses septets of each to the header.
# RFC 3339: a zone is ±hh:mm.
# Guess before the run: 09:30:15 at +05:30 (India), +05:45 (Nepal) and -03:30 (Newfoundland) is written so by `getIsoString`; 160 letters or 70 signs of UCS-2 are one message;
# square brackets, which take two septets each (TS 23.038, 6.2.1.1), are 80 to a message.
# Seen: "+5.5:00", "+5.75:00" and "-3.5:00", which JavaScript takes for no date; zones of whole hours are right, and so is `time` beside it. From 134 letters on there are two
# messages, and from 64 signs of UCS-2, each of them paid for; but 133 brackets are one, and its length, 266, is three digits ("10A") where an octet stands.
# Whoever stores these times takes `time`, and ends alarms at 133 signs (63 where letters are not of the alphabet), without brackets.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-pdu@2.1.1 >/dev/null
cat >look.js <<'JS'
const { parse, Submit } = require('node-pdu')

// The zone's octet, its halves swapped as all digits of the time are.
for (const [zone, octet] of [['+01:00', '40'], ['-06:00', '4A'], ['+05:30', '22'], ['+05:45', '32'], ['-03:30', '49']]) {
  const { serviceCenterTimeStamp: stamp } = parse(`07919730071111F1000B919746121611F10000622130900351${octet}0DC8329BFD6681EE6F399B1C02`)
  const text = stamp.getIsoString()
  console.log(`${zone}: ${text}, ${Number.isNaN(Date.parse(text)) ? 'no date' : 'a date'}, time ${new Date(stamp.time * 1000).toISOString()}`)
}
for (const [sign, length] of [['a', 133], ['a', 134], ['a', 160], ['Ł', 63], ['Ł', 64], ['[', 133]]) {
  const parts = new Submit('+48000000000', sign.repeat(length)).getPartStrings()
  // The length stands behind 13 octets.
  console.log(`${length} times ${sign}: ${parts.length} message(s)${parts.length === 1 ? `, length and data begin with ${parts[0].slice(26, 36)}` : ''}`)
}
JS
seen=$(node look.js)
printf 'node-pdu 2.1.1\n%s\n' "$seen"
expected='+01:00: 2026-12-03T09:30:15+01:00, a date, time 2026-12-03T08:30:15.000Z
-06:00: 2026-12-03T09:30:15-06:00, a date, time 2026-12-03T15:30:15.000Z
+05:30: 2026-12-03T09:30:15+5.5:00, no date, time 2026-12-03T04:00:15.000Z
+05:45: 2026-12-03T09:30:15+5.75:00, no date, time 2026-12-03T03:45:15.000Z
-03:30: 2026-12-03T09:30:15-3.5:00, no date, time 2026-12-03T13:00:15.000Z
133 times a: 1 message(s), length and data begin with 85E170381C
134 times a: 2 message(s)
160 times a: 2 message(s)
63 times Ł: 1 message(s), length and data begin with 7E01410141
64 times Ł: 2 message(s)
133 times [: 1 message(s), length and data begin with 10A1BDE86B'
[ "$seen" = "$expected" ]
