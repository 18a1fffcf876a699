#!/usr/bin/env bash
# hosts-parser 0.3.2 (npm) and glibc (Debian 12's 2.36): of two lines of one name in /etc/hosts the resolver takes the first (hosts(5) with
# host.conf's `multi off`), and so does a till. `resolve` of the package takes the last. A check by it of where the host of the
# payments leads says the new address, under which the line was appended, while the terminal goes on with the old one.
# Names are told apart by case by the package, too; the resolver does not.
# Guess before the run: the first line, for both. Seen: the last for the package. The file is /etc/hosts in a mount namespace of its own.
set -eu
command -v unshare >/dev/null && unshare -rm true 2>/dev/null || { echo "needs a mount namespace"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund hosts-parser@0.3.2 >/dev/null
cat >hosts <<'TEXT'
192.0.2.10 payments.shop.example
192.0.2.20 payments.shop.example Backup.shop.example
TEXT
cat >look.cjs <<'JS'
const { Hosts } = require('hosts-parser')
const hosts = new Hosts(require('node:fs').readFileSync('hosts', 'utf8'))
for (const name of process.argv.slice(2)) console.log(`hosts-parser: ${name} is ${hosts.resolve(name) ?? 'not there'}`)
JS
names='payments.shop.example backup.shop.example'
seen=$(
  unshare -rm sh -c 'mount --bind hosts /etc/hosts; for name; do
    printf "the system: %s is %s\n" "$name" "$(getent ahostsv4 "$name" | { read -r address _; echo "$address"; })"
  done' sh $names
  node look.cjs $names
)
expected='the system: payments.shop.example is 192.0.2.10
the system: backup.shop.example is 192.0.2.20
hosts-parser: payments.shop.example is 192.0.2.20
hosts-parser: backup.shop.example is not there'
printf 'hosts-parser 0.3.2, %s\n%s\n' "$(getent --version | head -n 1)" "$seen"
[ "$seen" = "$expected" ]
