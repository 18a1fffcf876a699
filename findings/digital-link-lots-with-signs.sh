#!/usr/bin/env bash
# digital-link.js 1.4.3 (npm) and lots that have signs of their own in them. A lot (Application Identifier 10) may hold / ? and % (GS1 General Specifications,
# character set 82); in an address they are written %2F %3F %25, since / parts a path, ? ends it, and % begins such a sign (RFC 3986, 2.1, 3.3, 3.4).
# Guess before the run: the link of a lot holds it so encoded, and what is read out of that link is the lot, with the day of expiry behind it; a link of
# others with 10/L%2F12 is of the lot L/12.
# Seen: lots go into the link as they stand, and come out of links as they stand there. With a / the package cannot read its own link (an error). With a ? it reads
# the lot "L" and no expiry, and calls the link valid; a server sees the lot "L", too. L%2F12 of others is a lot "L%2F12", so that what is scanned is not
# found among what was delivered.
# Whoever makes or reads such links with it encodes each value before (encodeURIComponent), and decodes it behind: then all come back.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund digital-link.js@1.4.3 >/dev/null
cat >look.cjs <<'JS'
const { DigitalLink } = require('digital-link.js')

const linkOf = (lot) =>
  DigitalLink({
    domain: 'https://id.gs1.org',
    identifier: { '01': '05901234123457' },
    keyQualifiers: { 10: lot },
    attributes: { 17: '270228' },
  }).toWebUriString()
function read(link) {
  try {
    const found = DigitalLink(link)
    return `${found.isValid() ? 'valid' : 'not valid'}, lot ${found.getKeyQualifier('10')}, expiry ${found.getAttribute('17')}`
  } catch (error) {
    return `error: ${error.message}`
  }
}
for (const lot of ['L12', 'L/12', 'L?12', encodeURIComponent('L/12')]) {
  const link = linkOf(lot)
  console.log(`${link.slice('https://id.gs1.org/01/05901234123457'.length)}: ${read(link)}`)
}
JS
seen=$(node look.cjs)
printf 'digital-link.js 1.4.3\n%s\n' "$seen"
expected='/10/L12?17=270228: valid, lot L12, expiry 270228
/10/L/12?17=270228: error: Must contain at least the identifier
/10/L?12?17=270228: valid, lot L, expiry undefined
/10/L%2F12?17=270228: valid, lot L%2F12, expiry 270228'
[ "$seen" = "$expected" ]
