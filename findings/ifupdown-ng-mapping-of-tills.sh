#!/usr/bin/env bash
# ifupdown 0.8.41 and ifupdown-ng 0.11.4~rc1 (both Debian 12) and one /etc/network/interfaces, whose addresses are static and whose tills of other stores are told apart by a
# mapping. interfaces(5) of ifupdown: "mapping" begins a stanza of its own, with a pattern and a script, and ends the one before. That of ifupdown-ng: "In most cases,
# syntax from legacy implementations is supported as well".
# Guess before the run: both say the same of eth0; or ifupdown-ng says that it does not know mappings.
# Seen: ifupdown-ng takes the lines of the mapping for options of the interface above it. Its `script` is a name for `dhcp-script` there, so that eth0, which is static, is
# to ask for an address by DHCP too (use dhcp). With the mapping in front of the interfaces, eth0 is as it should be. No word, exit
# code 0.
# Whoever changes from the one to the other looks for "use dhcp" in `ifquery` of what is static, and puts mappings first.
# Debian's packages are taken into a temporary folder.
set -euo pipefail
command -v apt-get >/dev/null || { echo "needs Debian 12"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq ifupdown=0.8.41 'ifupdown-ng=0.11.4~rc1-1+b2' 2>/dev/null || { echo "Debian's archive has these versions no more"; exit 2; }
dpkg -x ifupdown_*.deb classic
dpkg -x ifupdown-ng_*.deb ng
interface() { printf '%s\n' 'auto eth0' 'iface eth0 inet static' '    address 10.4.12.10/24' '    gateway 10.4.12.1' ''; }
mapping() { printf '%s\n' 'mapping till*' '    script /usr/local/sbin/which-store' '    map PL-0412' ''; }
{ interface; mapping; } >behind
{ mapping; interface; } >before
mkdir state
seen=$(
  for place in behind before; do
    echo "mapping $place, ifupdown: $(classic/sbin/ifquery --state-dir=state -i $place eth0 | grep -E '^(address|gateway|script|map|dhcp)' | paste -sd, | sed 's/,/, /g')"
    echo "mapping $place, ifupdown-ng: $(ng/sbin/ifquery -i $place eth0 | grep -vE '^ *$|hostname|^auto|^iface' | sed 's/^ *//' | paste -sd, | sed 's/,/, /g')"
  done
)
printf 'ifupdown 0.8.41, ifupdown-ng 0.11.4~rc1\n%s\n' "$seen"
expected='mapping behind, ifupdown: address: 10.4.12.10, gateway: 10.4.12.1
mapping behind, ifupdown-ng: use link, use static, address 10.4.12.10/24, gateway 10.4.12.1, mapping till*, dhcp-script /usr/local/sbin/which-store, use dhcp, map PL-0412
mapping before, ifupdown: address: 10.4.12.10, gateway: 10.4.12.1
mapping before, ifupdown-ng: use link, use static, address 10.4.12.10/24, gateway 10.4.12.1'
[ "$seen" = "$expected" ]
