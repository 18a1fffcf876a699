#!/usr/bin/env bash
# ssh-config 5.3.0: `compute` and directives that add up. ssh_config(5) says that SendEnv may be "spread across multiple
# SendEnv directives"; OpenSSH adds them up over all blocks that match, as it does with IdentityFile and LocalForward.
# Guess before the run: for till-1.shop, SendEnv is LANG, TILL_RUN and TILL_STEP, as `ssh -G` says (OpenSSH 9.2).
# Seen: IdentityFile and LocalForward are added up; of SendEnv only the first block's is there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ssh-config@5.3.0 >/dev/null
cat >config <<'CONFIG'
Host *.shop
  IdentityFile /keys/shop
  LocalForward 1001 printer:9100
  SendEnv LANG
Host *
  IdentityFile /keys/all
  LocalForward 1002 printer:9101
  SendEnv TILL_RUN TILL_STEP
CONFIG
cat >look.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { default: SSHConfig } = require('ssh-config')

const computed = SSHConfig.parse(readFileSync('config', 'utf8')).compute('till-1.shop')
for (const name of ['IdentityFile', 'LocalForward', 'SendEnv']) console.log(`${name}: ${[computed[name]].flat().join(', ')}`)
JS
seen=$(node look.cjs)
expected='IdentityFile: /keys/shop, /keys/all
LocalForward: 1001 printer:9100, 1002 printer:9101
SendEnv: LANG'
printf 'ssh-config 5.3.0\n%s\n' "$seen"
if command -v ssh >/dev/null; then
  ssh -V
  ssh -G -F config till-1.shop </dev/null | grep sendenv
fi
[ "$seen" = "$expected" ]
