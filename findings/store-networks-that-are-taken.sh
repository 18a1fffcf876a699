#!/usr/bin/env bash
# subnet-cidr-calculator 1.0.12, ipfunctions 0.1.0 and cidr-lib 1.1.3 (npm) and the networks of stores, in a list from which the next free one is given out. RFC 4632, 3.1: behind
# the / stands how many bits are the network's; the rest counts its addresses, so that 192.168.0.0/16 ends with 192.168.255.255 and holds 192.168.4.0/22.
# Guess before the run: each network begins and ends where the RFC says; one that lies in another overlaps it.
# Seen: for subnet-cidr-calculator the last two numbers of a network of 16 bits or fewer stay as they begin: 192.168.0.0/16 is a single address, and 172.16.0.0/12 ends with
# 172.31.0.0. So the network of a store within a /16 that is taken is told to be free, and two stores get it; from /17 on it is right. ipfunctions makes
# numbers below zero of each start from 128.0.0.0 on, -64.-88.-252.0 of 192.168.4.0; its ends are right. No error by either. cidr-lib is right about overlaps.
# Whoever gives out networks by the first looks up those of 16 bits and fewer by another; whoever scans by the second takes the start from the network's own name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts subnet-cidr-calculator@1.0.12 ipfunctions@0.1.0 cidr-lib@1.1.3 >/dev/null
cat >look.cjs <<'JS'
const { getIpRangeForSubnet, isSubnetOverlap } = require('subnet-cidr-calculator')
const { cidrToRange } = require('ipfunctions')
const { Cidr } = require('cidr-lib')

for (const network of ['10.4.12.0/24', '10.4.0.0/17', '10.4.0.0/16', '192.168.0.0/16', '172.16.0.0/12', '192.168.4.0/22', '192.168.4.0/24']) {
  const { start, end } = getIpRangeForSubnet(network)
  console.log(`${network}: subnet-cidr-calculator ${start} to ${end}; ipfunctions ${cidrToRange(network).join(' to ')}`)
}
const cidr = new Cidr()
for (const [taken, wanted] of [['10.4.0.0/17', '10.4.12.0/24'], ['10.4.0.0/16', '10.4.12.0/24'], ['192.168.0.0/16', '192.168.4.0/22'], ['10.4.12.0/25', '10.4.12.128/25']]) {
  const found = isSubnetOverlap([taken], wanted) ? 'taken' : 'free'
  console.log(`${wanted} within ${taken}: subnet-cidr-calculator ${found}; cidr-lib ${cidr.doSubnetsOverlap(taken, wanted) ? 'taken' : 'free'}`)
}
JS
seen=$(timeout 30 node look.cjs)
printf 'subnet-cidr-calculator 1.0.12, ipfunctions 0.1.0, cidr-lib 1.1.3\n%s\n' "$seen"
expected='10.4.12.0/24: subnet-cidr-calculator 10.4.12.0 to 10.4.12.255; ipfunctions 10.4.12.0 to 10.4.12.255
10.4.0.0/17: subnet-cidr-calculator 10.4.0.0 to 10.4.127.255; ipfunctions 10.4.0.0 to 10.4.127.255
10.4.0.0/16: subnet-cidr-calculator 10.4.0.0 to 10.4.0.0; ipfunctions 10.4.0.0 to 10.4.255.255
192.168.0.0/16: subnet-cidr-calculator 192.168.0.0 to 192.168.0.0; ipfunctions -64.-88.0.0 to 192.168.255.255
172.16.0.0/12: subnet-cidr-calculator 172.16.0.0 to 172.31.0.0; ipfunctions -84.-240.0.0 to 172.31.255.255
192.168.4.0/22: subnet-cidr-calculator 192.168.4.0 to 192.168.7.255; ipfunctions -64.-88.-252.0 to 192.168.7.255
192.168.4.0/24: subnet-cidr-calculator 192.168.4.0 to 192.168.4.255; ipfunctions -64.-88.-252.0 to 192.168.4.255
10.4.12.0/24 within 10.4.0.0/17: subnet-cidr-calculator taken; cidr-lib taken
10.4.12.0/24 within 10.4.0.0/16: subnet-cidr-calculator free; cidr-lib taken
192.168.4.0/22 within 192.168.0.0/16: subnet-cidr-calculator free; cidr-lib taken
10.4.12.128/25 within 10.4.12.0/25: subnet-cidr-calculator free; cidr-lib free'
[ "$seen" = "$expected" ]
