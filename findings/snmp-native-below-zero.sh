#!/usr/bin/env bash
# snmp-native 1.2.0 (npm) and values below zero that are set on a device; asn1-ber 1.2.2, by which net-snmp (npm) reads, stands at the other end.
# X.690, 8.3: an INTEGER is in two's complement, so that the first bit of its bytes is its sign.
# Guess before the run: -3 (RFC 3805: "some is left"), -180 and -200 (a freezer's limits of -18.0 and -20.0 degrees, in tenths) and -40000 arrive
# as they are.
# Seen: -3 does; whatever lies from -129 to -255, from -32769 to -65535, and so on, is a byte too short and arrives above zero: -180 as 76 and
# -200 as 56, a freezer that may have +5.6 degrees. No error is told, and a device that takes it answers with the same 56. What is
# *read* below zero is right, so that a comparison afterwards shows it.
# Whoever sets values below -128 with it takes another library, or asks for the value again and compares.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund snmp-native@1.2.0 asn1-ber@1.2.2 >/dev/null
cat >look.cjs <<'JS'
const { encodeInteger, parseInteger } = require('snmp-native/lib/asn1ber')
const { Ber, BerReader, BerWriter } = require('asn1-ber')

for (const value of [-3, -128, -129, -180, -200, -256, -40000]) {
  const arrives = new BerReader(encodeInteger(value)).readInt()
  const writer = new BerWriter()
  writer.writeInt(value)
  console.log(`${value}: set ${arrives}, read ${parseInteger(writer.buffer)}`)
}
JS
seen=$(node --no-deprecation look.cjs)
printf 'snmp-native 1.2.0, asn1-ber 1.2.2\n%s\n' "$seen"
expected='-3: set -3, read -3
-128: set -128, read -128
-129: set 127, read -129
-180: set 76, read -180
-200: set 56, read -200
-256: set -256, read -256
-40000: set 25536, read -40000'
[ "$seen" = "$expected" ]
