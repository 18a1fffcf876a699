#!/usr/bin/env bash
# dhcpd-leases 0.1.2 (npm) and a dhcpd.leases in which hosts stand beside leases. dhcpd.leases(5) of ISC DHCP: hosts that are made or changed while
# the server runs (OMAPI) are written into that file, as `host NAME { dynamic; hardware ethernet ...; fixed-address ...; }`, and
# may come between leases; it also has failover states and lines for the file itself.
# Guess before the run: two leases, each with the hardware address of its own lines; the host is a thing of its own, or passed over.
# Seen: what stands in the host goes into the lease before it: the till 10.4.12.31 has the printer's hardware address and a `fixed-address`, no
# word said, and its own address is gone. Who wakes tills, or lists which device is where, by such a list means another machine.
# Whoever reads leases with it takes out all but the blocks that begin with `lease` first; then both are right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund dhcpd-leases@0.1.2 >/dev/null
cat >look.cjs <<'JS'
const read = require('dhcpd-leases')

const lease = (ip, mac, name) => `lease ${ip} {
  starts 1 2026/11/30 06:01:12;
  ends 1 2026/11/30 18:01:12;
  cltt 1 2026/11/30 06:01:12;
  binding state active;
  next binding state free;
  hardware ethernet ${mac};
  client-hostname "${name}";
}
`
const host = `host printer-7 {
  dynamic;
  hardware ethernet 02:00:00:00:00:99;
  fixed-address 10.4.12.99;
}
`
const leases = [lease('10.4.12.31', '02:00:00:00:00:01', 'pos1'), lease('10.4.12.32', '02:00:00:00:00:02', 'pos2')]
for (const [name, text] of [
  ['with a host between', leases.join(host)],
  ['leases alone', leases.join('')],
]) {
  for (const one of read(text)) {
    console.log(`${name}: ${one['client-hostname']} ${one.ip} ${one['hardware ethernet']} ${one['fixed-address'] ?? '-'}`)
  }
}
JS
seen=$(node look.cjs)
printf 'dhcpd-leases 0.1.2\n%s\n' "$seen"
expected='with a host between: pos1 10.4.12.31 02:00:00:00:00:99 10.4.12.99
with a host between: pos2 10.4.12.32 02:00:00:00:00:02 -
leases alone: pos1 10.4.12.31 02:00:00:00:00:01 -
leases alone: pos2 10.4.12.32 02:00:00:00:00:02 -'
[ "$seen" = "$expected" ]
