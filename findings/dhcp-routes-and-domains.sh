#!/usr/bin/env bash
# dhcp 0.2.20 (npm), a DHCP client and server in JavaScript, and what a server gives a till beside its address. RFC 3442: option 121 has routes, each as the width of its mask,
# as many bytes of the network as that needs, and the router; RFC 3397: option 119 has domains as DNS writes them, each label behind its length; RFC 3396, 7: an
# option that stands twice is one, whose parts are put together; RFC 2132: the time offset (2) is signed.
# Guess before the run: the route 10.9.1.0/24 by 10.4.12.254, till.example and example for domains, "files/till.img" for the file, -3600; what it does not know is given as bytes.
# Seen: a route is read as two addresses of hosts, 24.10.9.1 and 10.4.12.254; of the domains the first is left, with the lengths of its labels in the text, as signs below a blank; of an option in two
# parts the second alone is kept. So a client that sets routes from that sends all of it to hosts that nobody has. The offset is right.
# Whoever takes routes or domains from it adds options of one's own (addOption) with numbers of bytes, and reads those.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund dhcp@0.2.20 >/dev/null
cat >look.cjs <<'JS'
const { parse } = require('dhcp/lib/protocol.js')

function answer(...options) {
  const head = Buffer.alloc(240)
  head.set([2, 1, 6, 0])
  head.writeUInt32BE(0x63825363, 236)
  const bytes = options.flatMap(([number, value]) => [number, value.length, ...value])
  return Buffer.concat([head, Buffer.from([53, 1, 5, ...bytes, 255])])
}
const label = (text) => [text.length, ...Buffer.from(text)]
const { options } = parse(
  answer(
    [2, [0xff, 0xff, 0xf1, 0xf0]],
    [121, [24, 10, 9, 1, 10, 4, 12, 254]],
    [119, [...label('till'), ...label('example'), 0, ...label('example'), 0]],
    [67, [...Buffer.from('files/')]],
    [67, [...Buffer.from('till.img')]],
  ),
)
for (const number of [2, 121, 119, 67]) console.log(`${number}: ${JSON.stringify(options[number])}`)
JS
seen=$(node --no-deprecation look.cjs)
printf 'dhcp 0.2.20\n%s\n' "$seen"
expected='2: -3600
121: ["24.10.9.1","10.4.12.254"]
119: "\u0004till\u0007example"
67: "till.img"'
[ "$seen" = "$expected" ]
