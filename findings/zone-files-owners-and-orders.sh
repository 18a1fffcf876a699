#!/usr/bin/env bash
# zone-file 1.0.0 and dns-zonefile 0.3.2 ("RFC1035 compliant"), both npm, and a zone of a store's tills and printers. RFC 1035, 5.1: a line that begins with a blank
# is of the owner that was stated last; time to live and class stand in either order and may both be left out; a text in quotes may hold any sign, ; too; parentheses
# lead over the end of a line; 2.3.3: strings are compared without regard to case.
# Guess before the run: by both, the text, the second address and all others are records of the till that they stand under, "IN 300 A" is the same as "300 IN A".
# Seen: zone-file takes the class or the type for the owner, a host "IN" or "AAAA", cuts a text at its ; and loses a time to live behind the class. dns-zonefile has the
# address as one of the whole zone (@), and leaves out "IN 300 A" and "in a" altogether. Both have half of a text in parentheses. No error is told, and what
# they write from that says the same to the name server.
# Whoever reads a zone that people wrote has `named-compilezone` write it out first, which gives each record a line of its own with owner, time to live and class.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund zone-file@1.0.0 dns-zonefile@0.3.2 >/dev/null
cat >look.mjs <<'JS'
import whole from 'dns-zonefile'
import zone from 'zone-file'

const head = '$ORIGIN shop.example.\n$TTL 3600\n@ IN SOA ns1 host.shop.example. ( 2026120201 3600 900 604800 86400 )\n@ IN NS ns1\n'
const records = [
  'till-1 IN A 10.0.1.1\n       IN AAAA fd00::1',
  'till-1 A 10.0.1.1\n       AAAA fd00::1',
  'till-1 300 IN A 10.0.1.1',
  'till-1 IN 300 A 10.0.1.1',
  'till-1 in a 10.0.1.1',
  'till-1 IN TXT "lane 4; self service"',
  'till-1 IN TXT ( "lane 4 "\n  "self service" )',
]
for (const record of records) {
  console.log(record.replace(/\n */, ' / '))
  for (const [name, read] of [['zone-file', zone.parseZoneFile], ['dns-zonefile', whole.parse]]) {
    const { $origin, $ttl, soa, ns, ...rest } = read(`${head}${record}\n`)
    const told = Object.entries(rest).flatMap(([type, list]) =>
      list.map(({ name: owner, ttl = '', ip, txt }) => `${owner} ${ttl}${ttl && ' '}${type.toUpperCase()} ${ip ?? JSON.stringify(txt)}`))
    console.log(`  ${name}: ${told.join(', ') || 'nothing'}`)
  }
}
JS
seen=$(node look.mjs)
printf 'zone-file 1.0.0, dns-zonefile 0.3.2\n%s\n' "$seen"
expected='till-1 IN A 10.0.1.1 / IN AAAA fd00::1
  zone-file: till-1 A 10.0.1.1, IN AAAA fd00::1
  dns-zonefile: till-1 A 10.0.1.1, @ AAAA fd00::1
till-1 A 10.0.1.1 / AAAA fd00::1
  zone-file: till-1 A 10.0.1.1, AAAA AAAA fd00::1
  dns-zonefile: till-1 A 10.0.1.1, @ AAAA fd00::1
till-1 300 IN A 10.0.1.1
  zone-file: till-1 300 A 10.0.1.1
  dns-zonefile: till-1 300 A 10.0.1.1
till-1 IN 300 A 10.0.1.1
  zone-file: till-1 A 10.0.1.1
  dns-zonefile: nothing
till-1 in a 10.0.1.1
  zone-file: till-1 A 10.0.1.1
  dns-zonefile: nothing
till-1 IN TXT "lane 4; self service"
  zone-file: till-1 TXT ["lane","4"]
  dns-zonefile: till-1 TXT "\"lane 4; self service\""
till-1 IN TXT ( "lane 4 " / "self service" )
  zone-file: till-1 TXT "lane 4 "
  dns-zonefile: till-1 TXT "( \"lane 4 \""'
[ "$seen" = "$expected" ]
