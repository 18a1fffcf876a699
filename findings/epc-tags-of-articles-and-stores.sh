#!/usr/bin/env bash
# epc-tds 1.4.1 and node-epc 0.1.1 (npm) and tags (RFID) of articles, pallets, stores and crates. GS1 EPC Tag Data Standard, 7.1.1: a number of 13 digits, as on an article, is
# made 14 by a zero in front; 6.3: of a pallet (SSCC) or a relation (GSRN) prefix and reference have 17 digits together, of a store (SGLN) or a crate (GRAI) 12, so that behind a
# prefix of 12 the reference is empty: urn:epc:id:sgln:590123412345..0, which is the store 5901234123457. The check digit is not on the tag.
# Guess before the run: a tag made of 5901234123457 is the same as of 05901234123457, or an error; references keep their zeros; a store's number has 13 digits.
# Seen: epc-tds takes the first 13 digits of 14, the check digit with them: the tag has the prefix 9012341 of somebody else, and what is read from it is 59012341234576.
# The store and the crate have a digit 0 too many, 59012341234507; the address by the standard is "not a known EPC tag URI scheme". Zeros of a GSRN are gone.
# node-epc makes a number of the reference of a pallet, so that its first digit 0, which most pallets have, is gone, and the one behind it stands in its place.
# Whoever writes tags by epc-tds gives 14 digits and reads them back; whoever has a prefix of 12 digits takes store and crate from the prefix.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund epc-tds@1.4.1 node-epc@0.1.1 >/dev/null
cat >look.cjs <<'JS'
const tds = require('epc-tds')
const { parse } = require('node-epc')

for (const gtin of ['05901234123457', '5901234123457']) {
  const tag = new tds.Sgtin96().setFilter(1).setPartition(5).setGtin(gtin).setSerial(42).toHexString()
  const read = tds.valueOf(tag)
  console.log(`epc-tds, article ${gtin}: ${tag} is ${read.toIdURI()}, ${read.toBarcode()}`)
}
/** The bits of a tag of 96: header, filter 0, partition, prefix, reference, and what follows. */
const tag = (header, partition, ...fields) => {
  const bits = [[header, 8], [0, 3], [partition, 3], ...fields].map(([value, length]) => value.toString(2).padStart(length, '0')).join('').padEnd(96, '0')
  return bits.match(/.{4}/g).map((four) => parseInt(four, 2).toString(16)).join('').toUpperCase()
}
const tags = {
  'store, prefix of 7': tag(0x32, 5, [5901234, 24], [12345, 17], [0, 41]),
  'store, prefix of 12': tag(0x32, 0, [590123412345, 40], [0, 1], [0, 41]),
  'crate, prefix of 12': tag(0x33, 0, [590123412345, 40], [0, 4], [17, 38]),
  'relation 0000000042': tag(0x2d, 5, [5901234, 24], [42, 34]),
  'pallet 0123456789': tag(0x31, 5, [5901234, 24], [123456789, 34]),
}
;(async () => {
  for (const [what, hex] of Object.entries(tags)) {
    const read = tds.valueOf(hex)
    console.log(`epc-tds, ${what}: ${read.toIdURI()}, ${read.toBarcode()}`)
  }
  const { parts } = await parse(tags['pallet 0123456789'])
  console.log(`node-epc, pallet 0123456789: ${parts.CompanyPrefix} and ${parts.SerialReference}`)
  try {
    tds.fromTagURI('urn:epc:tag:sgln-96:0.590123412345..0')
  } catch (error) {
    console.log(`epc-tds: ${error.message}`)
  }
})()
JS
seen=$(node look.cjs)
printf 'epc-tds 1.4.1, node-epc 0.1.1\n%s\n' "$seen"
expected='epc-tds, article 05901234123457: 3035682EC80C0E400000002A is urn:epc:id:sgtin:5901234.012345.42, 05901234123457
epc-tds, article 5901234123457: 30362611D5FF30400000002A is urn:epc:id:sgtin:9012341.523457.42, 59012341234576
epc-tds, store, prefix of 7: urn:epc:id:sgln:5901234.12345.0, 5901234123457
epc-tds, store, prefix of 12: urn:epc:id:sgln:590123412345.0.0, 59012341234507
epc-tds, crate, prefix of 12: urn:epc:id:grai:590123412345.0.17, 5901234123450717
epc-tds, relation 0000000042: urn:epc:id:gsrn:5901234.42, 590123400000000424
epc-tds, pallet 0123456789: urn:epc:id:sscc:5901234.0123456789, 059012341234567895
node-epc, pallet 0123456789: 5901234 and 123456789
epc-tds: urn:epc:tag:sgln-96:0.590123412345..0 is not a known EPC tag URI scheme'
[ "$seen" = "$expected" ]
