#!/usr/bin/env bash
# sshpk 1.18.0 and a host certificate that ssh-keygen made without -V, as its manual's own examples do: PROTOCOL.certkeys
# gives such a certificate "valid before" 0xffffffffffffffff, which OpenSSH shows as "forever".
# Guess before the run: the certificate has not expired; its end is far away or unset.
# Seen: `validUntil` is an invalid Date and `isExpired()` is true, also with a moment given; with -V the answers are right.
set -eu
command -v ssh-keygen >/dev/null || { echo "needs ssh-keygen"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund sshpk@1.18.0 >/dev/null
ssh-keygen -q -t ed25519 -N '' -C ca -f ca
ssh-keygen -q -t ed25519 -N '' -C till -f forever
cp forever.pub dated.pub
ssh-keygen -q -s ca -h -I till-1 -n till-1.shop forever.pub
ssh-keygen -q -s ca -h -I till-1 -n till-1.shop -V 20200101000000:20500101000000 dated.pub
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const sshpk = require('sshpk')

for (const name of ['forever', 'dated']) {
  const certificate = sshpk.parseCertificate(readFileSync(`${name}-cert.pub`), 'openssh')
  const end = Number.isNaN(certificate.validUntil.getTime()) ? 'invalid' : certificate.validUntil.getUTCFullYear()
  const expired = [certificate.isExpired(), certificate.isExpired(new Date('2030-06-01'))]
  console.log(`${name}: validUntil ${end}, expired ${expired.join(' ')}`)
}
JS
ssh-keygen -L -f forever-cert.pub | grep -o 'Valid: .*'
seen=$(TZ=UTC node look.cjs)
expected='forever: validUntil invalid, expired true true
dated: validUntil 2050, expired false false'
printf 'sshpk 1.18.0\n%s\n' "$seen"
[ "$seen" = "$expected" ]
